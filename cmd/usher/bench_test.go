package main

import (
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// The ledger is what convicts: it must notice a second grant, and only that.
func TestLedger(t *testing.T) {
	l := newLedger(1000)
	var doubles atomic.Int64
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for seat := range 1000 {
				if !l.grant(seat) {
					doubles.Add(1)
				}
			}
		})
	}
	wg.Wait()
	if doubles.Load() != 3000 {
		t.Errorf("%d of 3000 double grants were noticed", doubles.Load())
	}
	l.free(70)
	if !l.grant(70) {
		t.Error("a seat that was given back counts as taken")
	}
	if l.grant(71) {
		t.Error("giving one back freed its neighbour")
	}
}

// Every seat of every event is picked once, then no more.
func TestPickFreeSeats(t *testing.T) {
	for _, seats := range []int{1, 2, 7, 100, 90_000} {
		l := &claimLoad{benchStage: &benchStage{ids: make([]string, seats), events: make([]string, 2), stride: coprime(seats)}}
		seen := make(map[[2]int]bool)
		for {
			event, seat, ok := l.pick(nil)
			if !ok {
				break
			}
			if seen[[2]int{event, seat}] {
				t.Fatalf("%d seats: seat %d of event %d twice", seats, seat, event)
			}
			seen[[2]int{event, seat}] = true
		}
		if len(seen) != 2*seats {
			t.Errorf("%d seats: %d picks in two events", seats, len(seen))
		}
	}
	hot := &claimLoad{hot: 3}
	for range 100 {
		if _, seat, ok := hot.pick(rand.New(rand.NewPCG(1, 1))); !ok || seat > 2 {
			t.Fatalf("hot seat %d, %v", seat, ok)
		}
	}
}

func TestBenchEvents(t *testing.T) {
	for _, c := range []struct {
		cmd  benchClaimsCmd
		want int
	}{
		{benchClaimsCmd{Clients: 4096, Seats: 90_000, Duration: 10 * time.Second}, 135},
		{benchClaimsCmd{Clients: 1, Seats: 90_000, Duration: 10 * time.Second}, 4},
		{benchClaimsCmd{Clients: 4096, Seats: 10, Duration: 10 * time.Second}, maxBenchEvents},
		{benchClaimsCmd{Clients: 4096, Seats: 1_000_000, Duration: 10 * time.Minute}, 400},
		{benchClaimsCmd{Clients: 4096, Seats: 10, Hot: 5, Duration: 10 * time.Second}, 1},
	} {
		if got := c.cmd.events(); got != c.want {
			t.Errorf("%+v: %d events, want %d", c.cmd, got, c.want)
		}
	}
}

// A report with anything wrong in it is an error, so that scripts need not read it.
func TestBenchVerdict(t *testing.T) {
	for name, r := range map[string]claimsReport{
		"double": {DoubleAllocations: 1}, "lost": {LostGrants: 2}, "failed": {Errors: 1, FirstError: "broken"},
	} {
		var out lockedText
		err := (&benchClaimsCmd{}).report(&term{out: &stickyWriter{w: &out}}, &r)
		if err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	var out lockedText
	if err := (&benchClaimsCmd{}).report(&term{out: &stickyWriter{w: &out}}, &claimsReport{}); err != nil {
		t.Error(err)
	}
}
