package engine_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/usherhq/usher/engine"
)

// TestWatchersEndWithTheMap lets callers hold, release, book, cancel and block while
// watchers, some of them slow, apply nothing but deltas: each ends with exactly the map.
func TestWatchersEndWithTheMap(t *testing.T) {
	t.Parallel()
	for _, replicas := range []int{1, 3} {
		e, id := open(t, engine.Config{Groups: 1, Replicas: replicas})
		ctx := testContext(t)
		stop, cancel := context.WithCancel(ctx)
		var watchers, callers sync.WaitGroup
		maps := make([][30]engine.SeatStatus, 4)
		at := make([]uint64, len(maps))
		for i := range maps {
			w, err := e.Watch(ctx, id, engine.Cursor{})
			if err != nil {
				t.Fatal(err)
			}
			defer w.Close()
			watchers.Go(func() {
				for {
					d, err := w.Next(stop)
					if err != nil {
						if d, err = drain(w); err != nil {
							return
						}
					}
					if d.From != at[i] || d.To <= d.From {
						t.Errorf("delta from %d to %d, the watcher is at %d", d.From, d.To, at[i])
						return
					}
					last := -1
					for _, c := range d.Seats {
						if int(c.Seat) <= last {
							t.Errorf("seats of a delta out of order: %v", d.Seats)
						}
						last = int(c.Seat)
						maps[i][c.Seat] = c.Status
					}
					at[i] = d.To
					time.Sleep(time.Duration(i) * time.Millisecond)
				}
			})
		}
		for c := range 8 {
			callers.Go(func() { trade(t, e, id, rand.New(rand.NewPCG(1, uint64(c))), 60) })
		}
		callers.Wait()
		cancel()
		watchers.Wait()
		m, err := e.SeatMap(ctx, id, 0)
		if err != nil {
			t.Fatal(err)
		}
		all, err := e.Changes(ctx, id, 0, m.Version)
		if err != nil || len(all.Deltas[1].Seats) != 0 || all.Version != m.Version {
			t.Errorf("%+v, %v", all, err)
		}
		var fromChanges [30]engine.SeatStatus
		for _, c := range all.Deltas[0].Seats {
			fromChanges[c.Seat] = c.Status
		}
		for seat := range 30 {
			if fromChanges[seat] != m.Status(seat) {
				t.Errorf("seat %d is %v, Changes say %v", seat, m.Status(seat), fromChanges[seat])
			}
			for i := range maps {
				if maps[i][seat] != m.Status(seat) || at[i] != m.Version {
					t.Errorf("watcher %d at %d has seat %d %v, the map at %d has %v", i, at[i], seat, maps[i][seat], m.Version, m.Status(seat))
				}
			}
		}
		if m.Version < 100 {
			t.Errorf("only %d changes", m.Version)
		}
	}
}

// drain takes what is left without waiting for more.
func drain(w *engine.Watcher) (engine.Delta, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	return w.Next(ctx)
}

// trade does what buyers and operators do, at random.
func trade(t *testing.T, e *engine.Engine, id string, r *rand.Rand, steps int) {
	ctx := testContext(t)
	all := seatIDs(3, 10)
	var err error
	for range steps {
		seats := []string{all[r.IntN(30)]}
		if s := all[r.IntN(30)]; s != seats[0] {
			seats = append(seats, s)
		}
		if r.IntN(8) == 0 {
			_, err = e.Block(ctx, engine.BlockRequest{EventID: id, SeatIDs: seats, Unblock: r.IntN(2) == 0})
		} else if h, herr := e.Hold(ctx, engine.HoldRequest{EventID: id, SeatIDs: seats, HolderID: "ada"}); herr != nil {
			err = herr
		} else if r.IntN(3) > 0 {
			err = e.Release(ctx, engine.ReleaseRequest{HoldID: h.HoldID, FencingToken: h.FencingToken})
		} else if b, berr := e.Book(ctx, bookRequest(h, "")); berr != nil {
			err = berr
		} else if r.IntN(4) > 0 {
			_, err = e.CancelBooking(ctx, engine.CancelRequest{BookingID: b.BookingID})
		}
		if err != nil && !errors.Is(err, engine.ErrSeatsUnavailable) {
			t.Error(err)
			return
		}
		err = nil
	}
}

func TestCursors(t *testing.T) {
	t.Parallel()
	e, id := open(t, engine.Config{Groups: 1})
	ctx := testContext(t)
	h := hold(t, e, id, "A-1")
	c, err := e.SeatVersion(ctx, id)
	if err != nil || c.Version != h.Version || len(c.Epoch) != 32 {
		t.Fatalf("%+v, %v", c, err)
	}
	_, err = e.Watch(ctx, id, engine.Cursor{Epoch: strings.Repeat("0", 32)})
	wantErr(t, "another epoch", err, engine.ErrEpochChanged, engine.OutcomeNotApplied)
	_, err = e.Changes(ctx, id, c.Version+1)
	wantErr(t, "a version to come", err, engine.ErrEpochChanged, engine.OutcomeNotApplied)
	for _, read := range []func() error{
		func() error { _, err := e.Watch(ctx, "x", c); return err },
		func() error { _, err := e.Changes(ctx, "x"); return err },
		func() error { _, err := e.SeatVersion(ctx, "x"); return err },
		func() error { _, err := e.SeatMap(ctx, "x", 0); return err },
		func() error { _, err := e.Event(ctx, "x"); return err },
		func() error { _, err := e.Block(ctx, engine.BlockRequest{EventID: "x"}); return err },
	} {
		wantErr(t, "unknown event", read(), engine.ErrUnknownEvent, engine.OutcomeNotApplied)
	}
	// Waiting for a version ends when it comes.
	got := make(chan uint64, 1)
	go func() {
		m, err := e.SeatMap(ctx, id, h.Version+1)
		if err != nil {
			t.Error(err)
			got <- 0
			return
		}
		got <- m.Version
	}()
	hold(t, e, id, "A-2")
	if v := <-got; v != h.Version+1 {
		t.Errorf("waited for version %d, got %d", h.Version+1, v)
	}
	w, err := e.Watch(ctx, id, c)
	if err != nil {
		t.Fatal(err)
	}
	if d, err := w.Next(ctx); err != nil || fmt.Sprint(d) != "{1 2 [{1 held}] []}" {
		t.Errorf("%v, %v", d, err)
	}
	w.Close()
	w.Close()
	_, err = w.Next(ctx)
	wantErr(t, "closed watcher", err, engine.ErrClosed, engine.OutcomeNotApplied)
}

func TestEventsList(t *testing.T) {
	t.Parallel()
	e, first := open(t, engine.Config{Groups: 3})
	ctx := testContext(t)
	want := []string{}
	for _, s := range []engine.EventSpec{
		{VenueID: "b", EventDate: "2026-01-02", Name: "Übergang"},
		{VenueID: "a", EventDate: "2026-01-02", Series: "s"},
		{VenueID: "a", EventDate: "2026-01-02", ShowTime: "09:00", Series: "s"},
		{VenueID: "a", EventDate: "2026-01-01", ShowTime: "23:00", Series: "s"},
	} {
		s.ChartID = "small"
		if _, err := e.CreateEvent(ctx, s); err != nil {
			t.Fatal(err)
		}
	}
	want = append(want, "a:2026-01-01:23:00", "a:2026-01-02", "b:2026-01-02", "a:2026-01-02:09:00", first)
	list := func(f engine.EventFilter) (ids []string, next string) {
		t.Helper()
		p, err := e.Events(ctx, f)
		if err != nil {
			t.Fatal(err)
		}
		for _, ev := range p.Items {
			ids = append(ids, ev.EventID)
		}
		return ids, p.Next
	}
	for limit := 1; limit <= 6; limit++ {
		var all []string
		for after, page := "", 0; page < 9; page++ {
			ids, next := list(engine.EventFilter{Limit: limit, After: after})
			all = append(all, ids...)
			if after = next; after == "" {
				break
			}
		}
		if fmt.Sprint(all) != fmt.Sprint(want) {
			t.Errorf("pages of %d: %v, want %v", limit, all, want)
		}
	}
	for _, c := range []struct {
		f    engine.EventFilter
		want []string
	}{
		{engine.EventFilter{Series: "s"}, []string{want[0], want[1], want[3]}},
		{engine.EventFilter{VenueID: "b"}, want[2:3]},
		{engine.EventFilter{From: "2026-01-02", To: "2026-01-02"}, want[1:4]},
		{engine.EventFilter{From: "2026-01-03"}, want[4:]},
		{engine.EventFilter{Query: "über"}, want[2:3]},
		{engine.EventFilter{Query: "HALL"}, want[4:]},
		{engine.EventFilter{Query: "nothing"}, nil},
	} {
		if got, _ := list(c.f); fmt.Sprint(got) != fmt.Sprint(c.want) {
			t.Errorf("%+v: %v, want %v", c.f, got, c.want)
		}
	}
	for field, f := range map[string]engine.EventFilter{
		"limit": {Limit: 1001}, "from": {From: "2026-02-30"}, "to": {To: "x"}, "series": {Series: "a b"},
		"venue_id": {VenueID: "ä"}, "q": {Query: "\x00"}, "after": {After: "!!"},
	} {
		_, err := e.Events(ctx, f)
		wantInvalid(t, field, err, field)
	}
}

func TestCharts(t *testing.T) {
	t.Parallel()
	cfg := engine.Config{Dir: t.TempDir(), Groups: 1}
	e, id := open(t, cfg)
	ctx := testContext(t)
	one, created, err := e.PutChart(ctx, "small", smallChart(3))
	if err != nil || created || one.Seats != 30 || one.Categories != 2 || one.Sections != 1 {
		t.Errorf("the same chart again: %+v, %v, %v", one, created, err)
	}
	two, created, err := e.PutChart(ctx, "small", smallChart(2))
	if err != nil || !created || two.SHA256 == one.SHA256 {
		t.Errorf("another chart: %+v, %v, %v", two, created, err)
	}
	e = reopen(t, e, cfg)
	for sum, seats := range map[string]int{"": 20, one.SHA256: 30, two.SHA256: 20} {
		raw, info, err := e.Chart(ctx, "small", sum)
		if err != nil || info.Seats != seats || len(raw) == 0 {
			t.Errorf("%q: %+v, %v", sum, info, err)
		}
	}
	for _, c := range [][2]string{{"other", ""}, {"other", one.SHA256}, {"small", "ff"}} {
		_, _, err := e.Chart(ctx, c[0], c[1])
		wantErr(t, fmt.Sprint(c), err, engine.ErrUnknownChart, engine.OutcomeNotApplied)
	}
	if ev, err := e.Event(ctx, id); err != nil || ev.ChartSHA256 != one.SHA256 || ev.Seats.Total != 30 {
		t.Errorf("the event follows the chart's id: %+v, %v", ev, err)
	}
	_, _, err = e.PutChart(ctx, "a b", smallChart(1))
	wantInvalid(t, "chart id", err, "chart_id")
}
