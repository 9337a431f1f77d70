package waitroom

import (
	"fmt"
	"testing"
)

// full is a room with so many in each lane, and nobody admitted.
func full(t testing.TB, n int, tiers ...Tier) (*Rooms, *Room) {
	t.Helper()
	c := wide()
	c.OpensAt, c.Tiers = 1e6, tiers
	rs, r := newRoomOf(t, newStock(), c)
	for lane := range 1 + len(tiers) {
		joinMany(t, rs, 1, lane*n, n, uint8(lane))
	}
	r.begin(1e6)
	return rs, r
}

// order admits so many one by one, and says of which lanes they were.
func order(r *Room, n int) (lanes []uint8) {
	p := r.pick(r.left())
	for range n {
		lane, slot, ok := p.next()
		if !ok {
			return lanes
		}
		r.letIn(1e6, lane, slot)
		lanes = append(lanes, lane)
	}
	return lanes
}

// TestLanesTakeTurns pins who comes after whom.
func TestLanesTakeTurns(t *testing.T) {
	for _, c := range []struct {
		tiers []Tier
		want  string
	}{
		{nil, "[0 0 0 0 0 0 0 0]"},
		{[]Tier{{"a", 1, 1}}, "[0 1 0 1 0 1 0 1]"},
		{[]Tier{{"a", 3, 1}}, "[0 0 0 1 0 0 0 1]"},
		{[]Tier{{"a", 2, 3}}, "[0 1 0 1 1 0 1 0]"},
		{[]Tier{{"a", 1, 3}}, "[0 1 1 1 0 1 1 1]"},
		{[]Tier{{"a", 1, 1}, {"b", 2, 1}}, "[0 1 0 1 2 0 1 0]"},
	} {
		_, r := full(t, 20, c.tiers...)
		if got := fmt.Sprint(order(r, 8)); got != c.want {
			t.Errorf("%v: %s, want %s", c.tiers, got, c.want)
		}
	}
}

// TestLanesKeepTheirRatios: of 10,000 admissions with all lanes full, whenever the general
// lane is served each tier has had exactly what its ratio gives for those before.
func TestLanesKeepTheirRatios(t *testing.T) {
	tiers := []Tier{{"a", 1, 1}, {"b", 3, 1}, {"c", 2, 3}, {"d", 7, 5}, {"e", 1000, 1}, {"f", 13, 4}}
	_, r := full(t, 6000, tiers...)
	var served [7]uint64
	for i, lane := range order(r, 10_000) {
		served[lane]++
		if lane != 0 {
			continue
		}
		for k, tier := range tiers {
			if want := (served[0] - 1) * uint64(tier.Lane) / uint64(tier.General); served[k+1] != want {
				t.Fatalf("after %d admissions, %d general: %d of tier %s, want %d", i+1, served[0], served[k+1], tier.Name, want)
			}
		}
	}
	if served[0] < 1900 || served[5] == 0 {
		t.Fatalf("served %v", served)
	}
}

// A tier that stood empty while others were served is due from when it fills, not before.
func TestAnEmptyLaneHasNoClaim(t *testing.T) {
	rs, r := full(t, 100, Tier{"a", 1, 1}, Tier{"b", 1, 1})
	r.state = Paused                      // so that only order admits anybody
	for n := uint32(101); n <= 200; n++ { // lane 1 goes
		if err := rs.Leave(1, &Leave{0, n}); err != nil {
			t.Fatal(err)
		}
	}
	order(r, 60)
	joinMany(t, rs, 1e6, 1000, 10, 1)
	ones := 0
	for _, lane := range order(r, 12) {
		if lane == 1 {
			ones++
		}
	}
	if ones > 4 {
		t.Fatalf("of 12 admissions %d are of the lane that was empty", ones)
	}
}
