package engine

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/usherhq/usher/engine/chart"
	"github.com/usherhq/usher/raftfsm"
	"github.com/usherhq/usher/shard"
	"github.com/usherhq/usher/waitroom"
)

// aheadClock is the machine's, and what a test adds.
type aheadClock struct {
	raftfsm.Clock
	ahead *atomic.Int64 // nanoseconds
}

func newAheadClock() aheadClock { return aheadClock{raftfsm.SystemClock(), new(atomic.Int64)} }

func (c aheadClock) plus() time.Duration  { return time.Duration(c.ahead.Load()) }
func (c aheadClock) pass(d time.Duration) { c.ahead.Add(int64(d)) }

func (c aheadClock) Monotonic() time.Duration { return c.Clock.Monotonic() + c.plus() }
func (c aheadClock) Wall() time.Time          { return c.Clock.Wall().Add(c.plus()) }

func (c aheadClock) Boot() (string, time.Duration) {
	id, d := c.Clock.Boot()
	return id, d + c.plus()
}

// txnStep is one thing a coordinator does; it may die after any.
type txnStep struct {
	name string
	do   func(ctx context.Context, x *txn) error
}

func txnSteps(x *txn) []txnStep {
	steps := []txnStep{{"begin", func(ctx context.Context, x *txn) error { _, err := x.begin(ctx); return err }}}
	for _, g := range x.groups(true) {
		steps = append(steps, txnStep{fmt.Sprintf("prepare %d", g), func(ctx context.Context, x *txn) error { return x.prepareGroup(ctx, g) }})
	}
	steps = append(steps, txnStep{"commit", func(ctx context.Context, x *txn) error {
		_, err := x.e.decide(ctx, x.home, &shard.Decide{Bundle: x.bundle, Commit: true, TTL: x.ttl.Milliseconds(), Parts: x.parts})
		return err
	}})
	return steps
}

// TestCoordinatorDiesBetweenSteps stops a reservation over three groups after each of its
// steps and kills the process: afterwards all three nights are held, or none, and nothing
// is stuck. Told nobody, the keeper has to find out all by itself.
func TestCoordinatorDiesBetweenSteps(t *testing.T) {
	for stop := range 6 {
		t.Run(fmt.Sprint("after step ", stop), func(t *testing.T) {
			clock := newAheadClock()
			cfg := Config{Dir: t.TempDir(), Groups: 3, Clock: clock}
			e, refs := openNights(t, cfg)
			c := &claim{e: e, req: &HoldRequest{HolderID: "ada"}, mode: ModeDirect, refs: refs, ttl: 10 * time.Minute}
			for _, ref := range refs {
				c.items = append(c.items, shard.Item{Event: ref.no, Seats: []uint32{1, 2}})
			}
			x := &txn{claim: c, home: refs[0].group, parts: make([]shard.Part, 3), given: make([]shard.Granted, 3)}
			steps := txnSteps(x)
			for i := 0; i < stop && i < len(steps); i++ {
				if err := steps[i].do(t.Context(), x); err != nil {
					t.Fatalf("%s: %v", steps[i].name, err)
				}
			}
			if err := e.Close(); err != nil {
				t.Fatal(err)
			}
			clock.pass(askAfter + time.Second)
			e = reopened(t, cfg)
			want := 0
			if stop >= len(steps) {
				want = 2
			}
			for _, ref := range refs {
				awaitHeld(t, e, ref, want)
			}
			awaitQuiet(t, e)
		})
	}
}

// TestPrepareComesLate: a message that was under way when the bundle was given up leaves
// nothing behind.
func TestPrepareComesLate(t *testing.T) {
	clock := newAheadClock()
	cfg := Config{Dir: t.TempDir(), Groups: 3, Clock: clock}
	e, refs := openNights(t, cfg)
	t.Cleanup(func() { closeEngine(t, e) })
	home, other := refs[0], refs[1]
	r := raftfsm.NewRequest()
	r.Cmd.Op, r.Cmd.Begin = raftfsm.OpBegin, &shard.Begin{Event: home.no, Groups: []uint16{uint16(other.group)}, Wait: 1000}
	res, err := e.propose(t.Context(), home.group, r, true)
	if err != nil || res.Err != nil {
		t.Fatal(err, res.Err)
	}
	if _, err := e.decide(t.Context(), home.group, &shard.Decide{Bundle: res.Number}); err != nil {
		t.Fatal(err)
	}
	e.tell(t.Context(), home.group, res.Number)
	late, err := e.claimIn(t.Context(), other.group, &shard.Claim{
		Items: []shard.Item{{Event: other.no, Seats: []uint32{1}}}, TTL: 60_000, Holder: []byte("ada"),
		Txn: shard.Txn{Home: uint16(home.group), Bundle: res.Number},
	}, waitroom.Pass{}, true)
	if err != nil || late.Err != nil {
		t.Fatal(err, late.Err)
	}
	awaitHeld(t, e, other, 1)
	clock.pass(askAfter + time.Second)
	awaitHeld(t, e, other, 0)
	awaitQuiet(t, e)
}

// openNights opens an engine with three nights of four seats, each in a group of its own.
func openNights(t *testing.T, cfg Config) (*Engine, []*eventRef) {
	t.Helper()
	return openNightsOf(t, cfg, 4)
}

func openNightsOf(t *testing.T, cfg Config, seats int) (*Engine, []*eventRef) {
	t.Helper()
	e, err := Open(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	return nightsIn(t, e, seats)
}

func nightsIn(t *testing.T, e *Engine, seats int) (*Engine, []*eventRef) {
	t.Helper()
	c := &chart.Chart{Name: "Hall", Categories: []chart.Category{{Name: "a"}}, Sections: []chart.Section{{Name: "s", Rows: []chart.Row{{Name: "1"}}}}}
	for i := range seats {
		id := fmt.Sprint(i + 1)
		row := &c.Sections[0].Rows[0]
		row.Seats = append(row.Seats, chart.Seat{SeatID: id, Number: id, Category: "a"})
	}
	if _, _, err := e.PutChart(t.Context(), "hall", c); err != nil {
		t.Fatal(err)
	}
	var refs []*eventRef
	for _, day := range []string{"2027-01-01", "2027-01-02", "2027-01-03"} {
		ev, err := e.CreateEvent(t.Context(), EventSpec{VenueID: "hall", EventDate: day, ChartID: "hall"})
		if err != nil {
			t.Fatal(err)
		}
		ref, err := e.event(t.Context(), ev.EventID)
		if err != nil {
			t.Fatal(err)
		}
		refs = append(refs, ref)
	}
	if refs[0].group == refs[1].group || refs[1].group == refs[2].group {
		t.Fatal("the nights are not in groups of their own")
	}
	return e, refs
}

func reopened(t *testing.T, cfg Config) *Engine {
	t.Helper()
	e, err := Open(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { closeEngine(t, e) })
	return e
}

func closeEngine(t *testing.T, e *Engine) {
	if err := e.Close(); err != nil {
		t.Error(err)
	}
}

func awaitHeld(t *testing.T, e *Engine, ref *eventRef, want int) {
	t.Helper()
	held := -1
	for deadline := time.Now().Add(10 * time.Second); held != want; time.Sleep(5 * time.Millisecond) {
		if err := e.reader(ref.group).View(func(s *shard.State) { held = int(s.Event(ref.no).Counts().Held) }); err != nil {
			t.Fatal(err)
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d seats of %s are held, want %d", held, ref.id, want)
		}
	}
}

// awaitQuiet waits until no group has anything left to decide or to tell.
func awaitQuiet(t *testing.T, e *Engine) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		busy := 0
		for group := 1; group < e.nodes[0].Groups(); group++ {
			if err := e.reader(group).View(func(s *shard.State) {
				busy += len(s.Busy(nil))
				if err := s.Check(); err != nil {
					t.Error(err)
				}
			}); err != nil {
				t.Fatal(err)
			}
		}
		if busy == 0 {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d bundles wait for something", busy)
		}
	}
}
