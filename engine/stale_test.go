package engine_test

import (
	"testing"
	"time"

	"github.com/usherhq/usher/engine"
)

// TestWithoutQuorum: what is left of a cluster goes on showing what it has, marked, refuses writes
// with the truth about them, and is well again with a second node.
func TestWithoutQuorum(t *testing.T) {
	t.Parallel()
	m := newMembers(t, "a", "b", "c")
	all := m.open(m.config("a", 3, "a", "b", "c"), m.config("b", 3, "a", "b", "c"), m.config("c", 3, "a", "b", "c"))
	ctx := t.Context()
	putHall(t, all[0])
	ev, err := all[0].CreateEvent(ctx, engine.EventSpec{VenueID: "hall", EventDate: "2027-01-01", ChartID: "hall"})
	if err != nil {
		t.Fatal(err)
	}
	last := all[0]
	hold(t, last, ev.EventID, "A-1")
	stale := func() bool {
		d, err := last.Stale(ctx, ev.EventID)
		if err != nil {
			t.Fatal(err)
		}
		return d > 0
	}
	if got, err := last.Event(ctx, ev.EventID); err != nil || got.Stale || stale() {
		t.Errorf("with a quorum: %+v, %v", got, err)
	}
	for _, e := range all[1:] {
		if err := e.Close(); err != nil {
			t.Fatal(err)
		}
	}
	eventually(t, "it is stale", stale)
	if got, err := last.Event(ctx, ev.EventID); err != nil || !got.Stale || got.Seats.Held != 1 {
		t.Errorf("the event without a quorum: %+v, %v", got, err)
	}
	if got, err := last.SeatMap(ctx, ev.EventID, 0); err != nil || got.Stale < time.Second || got.Status(0) != engine.SeatHeld {
		t.Errorf("the map without a quorum: %+v, %v", got, err)
	}
	_, err = last.Hold(ctx, engine.HoldRequest{EventID: ev.EventID, SeatIDs: []string{"A-2"}, HolderID: "ada"})
	wantErr(t, "a hold without a quorum", err, engine.ErrNoQuorum, engine.OutcomeNotApplied)

	m.open(m.config("b", 3, "a", "b", "c"))
	eventually(t, "it is fresh again", func() bool { return !stale() })
	until(t, "seats are sold again", func() bool {
		_, err := last.Hold(ctx, engine.HoldRequest{EventID: ev.EventID, SeatIDs: []string{"A-2"}, HolderID: "ada", IdempotencyKey: "again"})
		return err == nil
	})
}
