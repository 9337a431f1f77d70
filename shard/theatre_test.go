package shard

import (
	"crypto/sha256"
	"fmt"
	"slices"
	"testing"
)

// standing is the areas that a theatre has: ten places, and three.
var standing = []PlanArea{{Capacity: 10}, {Capacity: 3, Category: 1}}

// theatre is a world of so many nights of one drawn house, with two standing areas. What
// is drawn as not free is blocked on all nights.
func theatre(tb testing.TB, rules Rules, nights int, rows ...string) *world {
	tb.Helper()
	h := draw(tb, rows...)
	spec := h.plan.spec()
	spec.Areas = standing
	w := &world{TB: tb, s: New(), now: start}
	w.s.Advance(w.now)
	putChart(tb, w.s, h.plan.Seats())
	doc := spec.Encode()
	plan := ChartChunk{Sum: [32]byte{2}, Blob: sha256.Sum256(doc), Seats: h.plan.Seats(), Size: uint32(len(doc)), Data: doc}
	if err := w.s.PutChart(&plan); err != nil {
		tb.Fatal(err)
	}
	var gone []uint32
	for seat := range h.plan.Seats() {
		if !h.free.has(seat) {
			gone = append(gone, seat)
		}
	}
	var out Result
	for i := range nights {
		c := CreateEvent{ID: fmt.Sprintf("opera:2026-01-0%d", i+1), Chart: [32]byte{1}, Plan: plan.Sum, Rules: rules}
		if w.s.CreateEvent(w.now, &c, &out); out.Err != nil {
			tb.Fatal(out.Err)
		}
		if w.s.Block(w.now, &Block{Event: out.Event, Seats: gone}, &out); len(gone) > 0 && out.Err != nil {
			tb.Fatal(out.Err)
		}
	}
	tb.Cleanup(w.check)
	return w
}

// claim makes a claim for ann for ten seconds, unless it says otherwise. Whether it is
// settled beforehand is asked first: then the answer must be the same.
func (w *world) claim(c Claim) (out Result) {
	w.Helper()
	c.TTL = max(c.TTL, 10_000)
	if c.Holder == nil {
		c.Holder = []byte("ann")
	}
	var asked Result
	settled := w.s.RefuseClaim(w.now, &c, &asked)
	w.s.Claim(w.now, &c, &out)
	if settled && !sameResult(asked, out) {
		w.Errorf("beforehand %+v, then %+v", asked, out)
	}
	return out
}

// items is a claim of these items.
func items(list ...Item) Claim { return Claim{Items: list} }

// night is an item of seats of an event.
func night(event uint32, seats ...uint32) Item { return Item{Event: event, Seats: seats} }

func bestOf(event uint32, n uint16) Item { return Item{Event: event, Best: &Best{Quantity: n}} }

// shows wants the statuses of an event's seats from 0 on, one digit each.
func (w *world) shows(event uint32, want string) {
	w.Helper()
	var got []byte
	for seat := range uint32(len(want)) {
		got = append(got, '0'+byte(w.s.Event(event).Status(seat)))
	}
	if string(got) != want {
		w.Fatalf("seats of event %d are %s, want %s", event, got, want)
	}
}

// gave wants the seats of a claim's items.
func (w *world) gave(out Result, want ...[]uint32) {
	w.Helper()
	w.ok(out)
	for i, g := range out.Granted {
		if i >= len(want) || !slices.Equal(g.Seats, want[i]) {
			w.Fatalf("granted %+v, want %v", out.Granted, want)
		}
	}
	if len(out.Granted) != len(want) {
		w.Fatalf("granted %+v, want %v", out.Granted, want)
	}
}

// inTheWay wants the seats of the conflicts.
func (w *world) inTheWay(out Result, want ...uint32) {
	w.Helper()
	var got []uint32
	for _, c := range out.Conflicts {
		got = append(got, c.Seat)
	}
	if !slices.Equal(got, want) {
		w.Fatalf("conflicts are %+v, want %v", out.Conflicts, want)
	}
}

// reload goes on with what a snapshot says.
func (w *world) reload() {
	w.Helper()
	before := w.s.Digest()
	if w.s = restored(w, snapshotOf(w, w.s)); w.s.Digest() != before {
		w.Fatal("what was restored is another state")
	}
}
