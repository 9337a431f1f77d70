package placement

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

func nodes(zones ...string) []Node {
	var out []Node
	for i, z := range zones {
		out = append(out, Node{ID: fmt.Sprintf("n%d", i+1), Zone: z, Eligible: true, Answers: true})
	}
	return out
}

func asGroups(v [][]string) []Group {
	out := make([]Group, len(v))
	for i := range v {
		out[i].Voters = v[i]
	}
	return out
}

// settle carries moves out until there is none, and returns how many there were.
func settle(t interface{ Fatalf(string, ...any) }, ns []Node, gs []Group, voters int) int {
	for moves := 0; ; moves++ {
		g, next, ok := Next(ns, gs, voters)
		if !ok {
			return moves
		}
		if moves > 1000 {
			t.Fatalf("it never ends: group %d to %v", g, next)
		}
		gs[g].Voters = next
	}
}

func TestInitialSpreads(t *testing.T) {
	ns := nodes("a", "a", "b", "b", "c", "c")
	got := Initial(ns, 9, 3)
	slices.Reverse(ns)
	if again := Initial(ns, 9, 3); fmt.Sprint(again) != fmt.Sprint(got) {
		t.Errorf("the order of the nodes counts: %v and %v", got, again)
	}
	leads, votes := map[string]int{}, map[string]int{}
	for _, v := range got {
		leads[v[0]]++
		zones := map[byte]bool{}
		for _, id := range v {
			votes[id]++
			zones["aabbcc"[id[1]-'1']] = true
		}
		if len(v) != 3 || len(zones) != 3 {
			t.Errorf("voters %v stand in %d zones", v, len(zones))
		}
	}
	for _, n := range ns {
		if votes[n.ID] < 4 || votes[n.ID] > 5 || leads[n.ID] < 1 || leads[n.ID] > 2 {
			t.Errorf("%s votes in %d groups and leads %d", n.ID, votes[n.ID], leads[n.ID])
		}
	}
	if _, _, ok := Next(ns, asGroups(got), 3); ok {
		t.Error("a fresh placement wants a move")
	}
}

func TestReadReplicasNeverVote(t *testing.T) {
	ns := nodes("", "", "", "")
	ns[3].Eligible = false
	for _, v := range Initial(ns, 4, 3) {
		if slices.Contains(v, "n4") {
			t.Errorf("a read replica votes: %v", v)
		}
	}
}

// TestSellingIsLeftAlone: a new node gets nothing of groups that sell, until an operator
// says so; a dead node's place is given away all the same.
func TestSellingIsLeftAlone(t *testing.T) {
	ns := nodes("", "", "")
	gs := asGroups(Initial(ns, 4, 3))
	for i := range gs {
		gs[i].Selling = true
	}
	ns = append(ns, Node{ID: "n4", Eligible: true, Answers: true})
	if g, v, ok := Next(ns, gs, 3); ok {
		t.Fatalf("group %d is moved to %v during its sale", g, v)
	}
	ns[3].Urgent = true
	if moves := settle(t, ns, gs, 3); moves == 0 {
		t.Error("an operator's word moved nothing")
	}
	ns[3].Urgent = false
	ns[0].Dead, ns[0].Answers = true, false
	settle(t, ns, gs, 3)
	for _, g := range gs {
		if slices.Contains(g.Voters, "n1") || len(g.Voters) != 3 {
			t.Errorf("voters %v after n1 died", g.Voters)
		}
	}
}

// TestTooFewVotersAreFilledAtOnce: also where seats are sold.
func TestTooFewVotersAreFilledAtOnce(t *testing.T) {
	ns := nodes("", "", "")
	gs := []Group{{Voters: []string{"n2"}, Selling: true}}
	settle(t, ns, gs, 3)
	if v := gs[0].Voters; len(v) != 3 || v[0] != "n2" {
		t.Errorf("voters %v", v)
	}
}

func TestDrainWaitsForSales(t *testing.T) {
	ns := nodes("", "", "", "")
	gs := asGroups(Initial(ns, 3, 3))
	gs[0].Selling = true
	ns[0].Eligible = false
	settle(t, ns, gs, 3)
	for i, g := range gs {
		if has := slices.Contains(g.Voters, "n1"); has != (i == 0) {
			t.Errorf("group %d votes %v", i, g.Voters)
		}
	}
}

// TestNoPlaceToGo: with as many nodes as voters a dead one stays a voter.
func TestNoPlaceToGo(t *testing.T) {
	ns := nodes("", "", "")
	gs := asGroups(Initial(ns, 3, 3))
	ns[1].Dead, ns[1].Answers = true, false
	for g, v, ok := Next(ns, gs, 3); ok; g, v, ok = Next(ns, gs, 3) {
		if len(v) != 3 || !slices.Contains(v, "n2") {
			t.Fatalf("group %d is to have %v", g, v)
		}
		gs[g].Voters = v // who leads may change
	}
}

// TestDrainWithoutASpare: with as many nodes as voters a drained one keeps its votes, and leads
// nothing.
func TestDrainWithoutASpare(t *testing.T) {
	ns := nodes("", "", "")
	gs := asGroups(Initial(ns, 6, 3))
	ns[0].Eligible = false
	settle(t, ns, gs, 3)
	leads := map[string]int{}
	for _, g := range gs {
		leads[g.Voters[0]]++
		if len(g.Voters) != 3 {
			t.Errorf("voters %v", g.Voters)
		}
	}
	if leads["n1"] != 0 || leads["n2"] != 3 || leads["n3"] != 3 {
		t.Errorf("leaders %v", leads)
	}
}

// TestSilentVotersAreWaitedFor: nothing is evened out in a group with a voter that does not
// answer, until that one's place is given away.
func TestSilentVotersAreWaitedFor(t *testing.T) {
	ns := nodes("", "", "", "", "")
	gs := asGroups(Initial(ns[:3], 6, 3))
	ns[2].Answers = false
	if g, v, ok := Next(ns, gs, 3); ok && fmt.Sprint(slices.Sorted(slices.Values(v))) != "[n1 n2 n3]" {
		t.Fatalf("group %d is to have %v while n3 is silent", g, v)
	}
	ns[2].Dead = true
	settle(t, ns, gs, 3)
	for _, g := range gs {
		if slices.Contains(g.Voters, "n3") {
			t.Errorf("a dead node votes: %v", g.Voters)
		}
	}
}

// TestSettles: whatever happens to the nodes, single moves lead to an end where all that
// can hold holds, and no move takes more than one voter.
func TestSettles(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ns := nodes(rapid.SliceOfN(rapid.SampledFrom([]string{"", "a", "b", "c"}), 3, 9).Draw(t, "zones")...)
		gs := asGroups(Initial(ns, rapid.IntRange(1, 17).Draw(t, "groups"), 3))
		for i := range ns {
			ns[i].Eligible = rapid.IntRange(0, 4).Draw(t, "eligible") > 0
			ns[i].Dead = rapid.IntRange(0, 6).Draw(t, "dead") == 0
			ns[i].Answers = !ns[i].Dead
		}
		for moves := 0; ; moves++ {
			g, next, ok := Next(ns, gs, 3)
			if !ok {
				break
			}
			if moves > 500 {
				t.Fatalf("it never ends: %v", gs)
			}
			lost := 0
			for _, id := range gs[g].Voters {
				if !slices.Contains(next, id) {
					lost++
				}
			}
			if lost > 1 || len(next) < len(gs[g].Voters) || len(next) > len(gs[g].Voters)+1 {
				t.Fatalf("group %d goes from %v to %v in one move", g, gs[g].Voters, next)
			}
			gs[g].Voters = next
		}
		good := 0
		for _, n := range ns {
			if n.Eligible && !n.Dead {
				good++
			}
		}
		for g := range gs {
			voters := 0
			for _, id := range gs[g].Voters {
				if i := slices.IndexFunc(ns, func(n Node) bool { return n.ID == id }); ns[i].Eligible && !ns[i].Dead {
					voters++
				}
			}
			if voters < min(3, good) {
				t.Fatalf("group %d has %d good voters of %d possible: %v", g, voters, good, gs[g].Voters)
			}
		}
	})
}
