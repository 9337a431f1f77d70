package proptest_test

import (
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/usherhq/usher/engine"
	"github.com/usherhq/usher/proptest"
)

// verify holds every node against what people were told.
func (l *lobby) verify() {
	l.t.Helper()
	drawn := l.redraw(l.nodes[0])
	for _, n := range l.nodes[1:] {
		if other := l.redraw(n); fmt.Sprint(other) != fmt.Sprint(drawn) {
			l.t.Errorf("node %s shows another draw", n.id)
		}
	}
	tickets := map[string]string{}
	lobbied := 0
	for _, p := range l.people {
		if other := tickets[p.first.Ticket]; other != "" {
			l.t.Errorf("%s and %s have one ticket", other, p.holder)
		}
		tickets[p.first.Ticket] = p.holder
		if place := drawn[p.first.Entrant]; place != 0 {
			p.seen = place
			lobbied++
		} else if p.first.State == engine.QueueLobby {
			l.t.Errorf("%s was told of a place in the lobby, and is not in the draw", p.holder)
		}
	}
	if lobbied != len(drawn) || lobbied < lobbyPeople/4 || lobbied == lobbyPeople {
		l.t.Errorf("%d of %d were in the draw of %d", lobbied, lobbyPeople, len(drawn))
	}
	for i, n := range l.nodes {
		l.verifyPlaces(n)
		for k := i; k < lobbyPeople; k += 97 {
			l.comesAgain(k)
		}
	}
	l.t.Logf("%d in the draw, %d let in", lobbied, len(l.admitted))
}

// comesAgain wants who waits to be told of the same place again.
func (l *lobby) comesAgain(i int) {
	l.t.Helper()
	p := l.people[i]
	now, err := l.place(l.nodes[0], p.first.Ticket)
	if err != nil || now.State != engine.QueueWaiting {
		return
	}
	if again := l.join(i); again.first.Ticket != p.first.Ticket || again.first.Drawn != p.seen {
		l.t.Errorf("%s comes again and is told %+v, had %s at %d", p.holder, again.first, p.first.Ticket, p.seen)
	}
}

// redraw does the published draw again, and gives the places by entrant.
func (l *lobby) redraw(n *clusterNode) map[string]int {
	l.t.Helper()
	var d engine.Draw
	if err := l.get(n.api+l.path("/room/draw"), &d); err != nil {
		l.t.Fatal(err)
	}
	seed, err := hex.DecodeString(d.Seed)
	if sum := sha256.Sum256(seed); err != nil || !d.Done || hex.EncodeToString(sum[:]) != l.commit || d.Commitment != l.commit {
		l.t.Fatalf("%s was committed to, and it is %+v", l.commit, d)
	}
	a, err := (&killAPI{base: n.api, client: l.client}).do(killWrite{method: http.MethodGet, path: l.path("/room/entrants")})
	if err != nil || a.status != http.StatusOK {
		l.t.Fatal(a, err)
	}
	rows, err := csv.NewReader(strings.NewReader(a.body)).ReadAll()
	if err != nil || len(rows) < 2 || strings.Join(rows[0], ",") != "entrant,tier,place" {
		l.t.Fatalf("%v, %d rows", err, len(rows))
	}
	rows = rows[1:]
	var ids [][16]byte
	for _, row := range rows {
		id, err := hex.DecodeString(row[0])
		if err != nil || len(id) != 16 {
			l.t.Fatalf("entrant %q", row[0])
		}
		ids = append(ids, [16]byte(id))
	}
	order, digest := proptest.DrawOrder([32]byte(seed), ids)
	if hex.EncodeToString(digest[:]) != d.Digest || d.Entrants != len(rows) {
		l.t.Fatalf("%d rows of digest %x, published is %+v", len(rows), digest, d)
	}
	places, next := map[string]int{}, map[string]int{}
	for _, i := range order {
		tier := rows[i][1]
		next[tier]++
		if rows[i][2] != strconv.Itoa(next[tier]) {
			l.t.Fatalf("entrant %v has place %d", rows[i], next[tier])
		}
		places[rows[i][0]] = next[tier]
	}
	return places
}

// verifyPlaces wants everybody to have the place that was told of, and all who were let in to be
// the first of their lanes.
func (l *lobby) verifyPlaces(n *clusterNode) {
	l.t.Helper()
	last, first := map[string]int{}, map[string]int{}
	at, taken := map[int]string{}, map[string]string{}
	for _, p := range l.people {
		now, err := l.place(n, p.first.Ticket)
		if err != nil || now.Entrant != p.first.Entrant || now.Tier != p.tier || now.Drawn == 0 {
			l.t.Errorf("%s was told %+v, and now %+v: %v", p.holder, p.first, now, err)
			continue
		}
		if p.seen == 0 {
			p.seen = now.Drawn // who came later: what the first node says
		}
		if p.first.Drawn != 0 && p.first.Drawn != p.seen || now.Drawn != p.seen {
			l.t.Errorf("%s had place %d at first, then %d, and has %d", p.holder, p.first.Drawn, p.seen, now.Drawn)
		}
		key := fmt.Sprint(p.tier, now.Drawn)
		if other := taken[key]; other != "" {
			l.t.Errorf("%s and %s have place %s", other, p.holder, key)
		}
		taken[key] = p.holder
		l.mu.Lock()
		_, was := l.admitted[p.first.Ticket]
		l.mu.Unlock()
		switch now.State {
		case engine.QueueWaiting:
			if was || now.Position == nil || at[*now.Position] != "" {
				l.t.Errorf("%s waits again, or at no position, or where somebody does: %+v", p.holder, now)
				continue
			}
			at[*now.Position] = p.holder
			if first[p.tier] == 0 || now.Drawn < first[p.tier] {
				first[p.tier] = now.Drawn
			}
		case engine.QueueAdmitted, engine.QueueLeft:
			last[p.tier] = max(last[p.tier], now.Drawn)
		default:
			l.t.Errorf("%s is in state %s (%s)", p.holder, now.State, now.Reason)
		}
	}
	for tier, place := range last {
		if first[tier] != 0 && first[tier] < place {
			l.t.Errorf("node %s: place %d of tier %q was let in, and %d waits", n.id, place, tier, first[tier])
		}
	}
	for i := range len(at) {
		if at[i+1] == "" {
			l.t.Errorf("nobody is at %d of %d", i+1, len(at))
		}
	}
	if last["gold"] == 0 || last[""] == 0 {
		l.t.Errorf("let in up to places %v", last)
	}
}
