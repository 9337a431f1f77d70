package engine_test

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/usherhq/usher/engine"
)

// openCluster is three nodes: each asks and reads its own replica, and hands on what another
// one leads.
func openCluster(t *testing.T, groups int) []*engine.Engine {
	t.Helper()
	m := newMembers(t, "a", "b", "c")
	var cfgs []engine.Config
	for _, id := range []string{"a", "b", "c"} {
		cfg := m.config(id, 3, "a", "b", "c")
		cfg.Groups = groups
		cfgs = append(cfgs, cfg)
	}
	nodes := m.open(cfgs...)
	if _, _, err := nodes[0].PutChart(testContext(t), "small", smallChart(3)); err != nil {
		t.Fatal(err)
	}
	return nodes
}

func newEvent(t *testing.T, e *engine.Engine, date string) string {
	t.Helper()
	ev, err := e.CreateEvent(testContext(t), engine.EventSpec{VenueID: "hall", EventDate: date, ChartID: "small"})
	if err != nil {
		t.Fatal(err)
	}
	return ev.EventID
}

// TestAnyNodeAnswers walks holds through their lives, each step at the next node: what one of them
// has answered no other denies.
func TestAnyNodeAnswers(t *testing.T) {
	t.Parallel()
	nodes := openCluster(t, 4)
	ctx := testContext(t)
	step := 0
	next := func() *engine.Engine { step++; return nodes[step%3] }
	for i := range 12 {
		step = i // so that each node takes each part
		id := newEvent(t, next(), fmt.Sprintf("2027-05-%02d", i+1))
		h, err := next().Hold(ctx, engine.HoldRequest{EventID: id, SeatIDs: []string{"A-1", "B-2"}, HolderID: "ada", IdempotencyKey: "k"})
		if err != nil {
			t.Fatalf("hold %d: %v", i, err)
		}
		if got, err := next().HoldByID(ctx, h.HoldID); err != nil || got.Status != engine.HoldHeld {
			t.Fatalf("hold %d at another node: %+v, %v", i, got, err)
		}
		again, err := next().Hold(ctx, engine.HoldRequest{EventID: id, SeatIDs: []string{"A-1", "B-2"}, HolderID: "ada", IdempotencyKey: "k"})
		if err != nil || again.HoldID != h.HoldID || again.FencingToken != h.FencingToken {
			t.Fatalf("hold %d asked for again: %+v, %v", i, again, err)
		}
		longer, err := next().Extend(ctx, engine.ExtendRequest{HoldID: h.HoldID, FencingToken: h.FencingToken, TTL: time.Hour})
		if err != nil || !longer.ExpiresAt.After(h.ExpiresAt) {
			t.Fatalf("extend %d: %+v, %v", i, longer, err)
		}
		if _, err := next().Fence(ctx, h.HoldID, h.FencingToken); err != nil {
			t.Fatalf("fence %d: %v", i, err)
		}
		b, err := next().Book(ctx, bookRequest(h, ""))
		if err != nil || b.Status != engine.BookingBooked || len(b.SeatIDs) != 2 {
			t.Fatalf("book %d: %+v, %v", i, b, err)
		}
		if got, err := next().BookingByID(ctx, b.BookingID); err != nil || got.BookingID != b.BookingID {
			t.Fatalf("booking %d at another node: %+v, %v", i, got, err)
		}
		c, err := next().CancelBooking(ctx, engine.CancelRequest{BookingID: b.BookingID})
		if err != nil || c.Status != engine.BookingCancelled {
			t.Fatalf("cancel %d: %+v, %v", i, c, err)
		}
		if err := next().Release(ctx, engine.ReleaseRequest{HoldID: h.HoldID, FencingToken: h.FencingToken}); err != nil && !errors.Is(err, engine.ErrAlreadyBooked) {
			t.Fatalf("release %d: %v", i, err)
		}
	}
	for _, e := range nodes {
		page, err := e.Events(engine.WithConsistency(ctx, engine.Leader), engine.EventFilter{})
		if err != nil || len(page.Items) != 12 {
			t.Errorf("%d events, %v", len(page.Items), err)
		}
		if _, err := e.Event(ctx, "hall:1999-01-01"); !errors.Is(err, engine.ErrUnknownEvent) {
			t.Errorf("an event that does not exist: %v", err)
		}
	}
}

// TestCrowdAtAllNodes: a seat is granted once, whichever node is asked, and who was granted it
// sees at once, at the node that was asked, that it is held.
func TestCrowdAtAllNodes(t *testing.T) {
	t.Parallel()
	nodes := openCluster(t, 1)
	ctx := testContext(t)
	id := newEvent(t, nodes[0], "2027-05-01")
	seats := seatIDs(3, 3)
	var owners [9]atomic.Int32
	var wg sync.WaitGroup
	for caller := range 60 {
		wg.Go(func() {
			e := nodes[caller%3]
			for i := range seats {
				at := (i + caller) % len(seats)
				_, err := e.Hold(ctx, engine.HoldRequest{EventID: id, SeatIDs: seats[at : at+1], HolderID: fmt.Sprint("h", caller)})
				if errors.Is(err, engine.ErrSeatsUnavailable) {
					continue
				}
				if err != nil {
					t.Error(err)
					return
				}
				owners[at].Add(1)
				m, err := e.SeatMap(ctx, id, 0)
				if err != nil {
					t.Error(err)
					return
				}
				if seat, ok := m.Chart.Find(seats[at]); !ok || m.Packed[seat/4]>>(seat%4*2)&3 != byte(engine.SeatHeld) {
					t.Errorf("caller %d was granted %s, and does not see it", caller, seats[at])
				}
			}
		})
	}
	wg.Wait()
	for i := range owners {
		if n := owners[i].Load(); n != 1 {
			t.Errorf("%s was granted %d times", seats[i], n)
		}
	}
}

// TestNewestReads: above Stale no read misses what another node has answered.
func TestNewestReads(t *testing.T) {
	t.Parallel()
	nodes := openCluster(t, 2)
	ctx := testContext(t)
	id := newEvent(t, nodes[0], "2027-05-01")
	for i, seat := range seatIDs(3, 3) {
		hold(t, nodes[i%3], id, seat)
		for _, level := range []engine.Consistency{engine.Leader, engine.Linearizable} {
			for n, e := range nodes {
				ctx := engine.WithConsistency(ctx, level)
				ev, err := e.Event(ctx, id)
				if err != nil || ev.Seats.Held != i+1 {
					t.Fatalf("level %d at node %d: %d are held after %d holds, %v", level, n, ev.Seats.Held, i+1, err)
				}
				if m, err := e.SeatMap(ctx, id, 0); err != nil || m.Version < ev.Version {
					t.Fatalf("level %d at node %d: the map is at version %d, %v", level, n, m.Version, err)
				}
			}
		}
	}
}

// TestNightsAtAllNodes: a reservation over groups that different nodes lead.
func TestNightsAtAllNodes(t *testing.T) {
	t.Parallel()
	nodes := openCluster(t, 3)
	ctx := testContext(t)
	var ids []string
	for i := range 3 {
		ids = append(ids, newEvent(t, nodes[i], fmt.Sprintf("2027-05-%02d", i+1)))
	}
	for i, seat := range seatIDs(3, 3) {
		h, err := nodes[i%3].Hold(ctx, engine.HoldRequest{Items: items(ids, seat), HolderID: "ada"})
		if err != nil || len(h.Items) != 3 {
			t.Fatalf("%s: %+v, %v", seat, h, err)
		}
		got, err := nodes[(i+1)%3].HoldByID(ctx, h.HoldID)
		if err != nil || len(got.Items) != 3 || len(got.Items[2].SeatIDs) != 1 {
			t.Fatalf("%s at another node: %+v, %v", seat, got, err)
		}
		b, err := nodes[(i+2)%3].Book(ctx, bookRequest(h, ""))
		if err != nil || len(b.Items) != 3 {
			t.Fatalf("%s booked: %+v, %v", seat, b, err)
		}
	}
	for n, e := range nodes {
		for _, id := range ids {
			eventually(t, "all seats to be booked everywhere", func() bool {
				ev, err := e.Event(ctx, id)
				if err != nil {
					t.Fatalf("node %d: %v", n, err)
				}
				return ev.Seats.Booked == 9
			})
		}
	}
}

func TestParseConsistency(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]engine.Consistency{"stale": engine.Stale, "leader": engine.Leader, "linearizable": engine.Linearizable} {
		if got, err := engine.ParseConsistency(name); err != nil || got != want {
			t.Errorf("%s is %v, %v", name, got, err)
		}
	}
	for _, name := range []string{"", "Leader", "strong"} {
		_, err := engine.ParseConsistency(name)
		wantInvalid(t, name, err, "consistency")
	}
}
