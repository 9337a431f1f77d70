package heat

import (
	"math"
	"slices"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"
)

const minute = time.Minute

// stadium has sections of 500 seats.
func stadium(t testing.TB, seats int) *Shape {
	t.Helper()
	var starts []uint32
	for s := 0; s < seats; s += 500 {
		starts = append(starts, uint32(s))
	}
	shape, err := NewShape(seats, starts)
	if err != nil {
		t.Fatal(err)
	}
	return shape
}

func near(t *testing.T, what string, got, want, within float64) {
	t.Helper()
	if math.Abs(got-want) > within {
		t.Errorf("%s is %v, want %v ± %v", what, got, want, within)
	}
}

func attempt(m *Map, times int, won bool, seats ...uint32) {
	for range times {
		m.Attempt(seats, won)
	}
}

func TestCountsHalveInAHalfLife(t *testing.T) {
	m := NewMap(stadium(t, 1000), HalfLife)
	attempt(m, 8, true, 7, 600)
	attempt(m, 24, false, 7)
	m.Tick(0)
	for halvings, want := range []float64{32, 16, 8, 4, 2, 1} {
		r := m.Report(10, nil)
		near(t, "attempts on seat 7", r.Seats[0].Attempts, want, 0.01)
		near(t, "attempts of the event", r.Attempts, want*40/32, 0.01)
		near(t, "won in section 1", r.Sections[1].Won, want/4, 0.01)
		near(t, "lost in section 0", r.Sections[0].Lost, want*3/4, 0.01)
		if halvings%2 == 0 { // one step or thirty, it is the same
			m.Tick(HalfLife)
			continue
		}
		for range 30 {
			m.Tick(HalfLife / 30)
		}
	}
}

func TestSteadyAttemptsSettle(t *testing.T) {
	for _, interval := range []time.Duration{100 * time.Millisecond, time.Second, 4 * time.Second} {
		m := NewMap(stadium(t, 10), HalfLife)
		for at := time.Duration(0); at < 10*minute; at += interval {
			attempt(m, int(10*interval.Seconds()*0.75), false, 3)
			attempt(m, int(10*interval.Seconds())-int(10*interval.Seconds()*0.75), true, 3)
			m.Tick(interval)
		}
		p := m.Pulse()
		near(t, "rate", p.Rate, 10, 0.01)
		near(t, "attempts", p.Attempts, 10*30/math.Ln2, 1)
		near(t, "attempts on the seat", m.Report(1, nil).Seats[0].Attempts, 10*30/math.Ln2, 1)
	}
}

func TestRateIsRightFromTheStart(t *testing.T) {
	m := NewMap(stadium(t, 10), HalfLife)
	for range 3 {
		attempt(m, 700, false, 1)
		attempt(m, 300, true, 2)
		m.Tick(time.Second)
		p := m.Pulse()
		near(t, "rate", p.Rate, 1000, 15)
		near(t, "contention", p.Contention, 0.7, 0.01)
	}
}

func TestOneLossIsNoContention(t *testing.T) {
	m := NewMap(stadium(t, 10), HalfLife)
	attempt(m, 1, false, 1)
	m.Tick(0)
	near(t, "contention", m.Pulse().Contention, 1.0/9, 1e-9)
}

func TestClaimsAreNotSeats(t *testing.T) {
	m := NewMap(stadium(t, 10), HalfLife)
	attempt(m, 1, true, 1, 2, 3, 4)
	attempt(m, 1, false)
	m.Tick(0)
	if p, r := m.Pulse(), m.Report(0, nil); p.Attempts != 2 || p.Lost != 1 || r.Attempts != 4 {
		t.Errorf("%+v, %+v", p, r)
	}
}

func TestUnknownSeatsAreIgnored(t *testing.T) {
	m := NewMap(stadium(t, 300), HalfLife)
	attempt(m, 1, true, 299, 300, math.MaxUint32)
	m.Tick(0)
	if r := m.Report(10, nil); r.Attempts != 1 || len(r.Seats) != 1 || len(m.Seats([]uint32{300, 299}, nil)) != 1 {
		t.Errorf("%+v", r)
	}
}

// Ticks go on while attempts come from all sides: nothing is lost, nothing counts twice.
func TestNoAttemptIsOverlooked(t *testing.T) {
	const workers, each = 4, 20_000
	m := NewMap(stadium(t, 2000), HalfLife)
	m.thinMost = 0                // all of them
	for s := range uint32(2000) { // or a page could be dropped as idle under an attempt that is about to be added
		m.Attempt([]uint32{s}, true)
	}
	m.Tick(0)
	var wg sync.WaitGroup
	for w := range uint32(workers) {
		wg.Go(func() {
			for i := range uint32(each) {
				m.Attempt([]uint32{i % 2000, w}, i%2 == 0)
			}
		})
	}
	done := make(chan struct{})
	go func() { wg.Wait(); close(done) }()
	for ticking := true; ticking; {
		select {
		case <-done:
			ticking = false
		default:
			m.Tick(0)
			m.Hottest(5)
		}
	}
	m.Tick(0)
	if r := m.Report(0, nil); r.Won != workers*each+2000 || r.Lost != workers*each {
		t.Errorf("won %v and lost %v of %d each", r.Won-2000, r.Lost, workers*each)
	}
	if p := m.Pulse(); p.Attempts != workers*each+2000 || p.Lost != workers*each/2 {
		t.Errorf("%+v", p)
	}
}

func TestHottestAreRanked(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		shape, err := NewShape(700, []uint32{0, 0, 300, 600, 700})
		if err != nil {
			t.Fatal(err)
		}
		m := NewMap(shape, HalfLife)
		scores := map[uint32]float32{}
		for _, s := range rapid.SliceOf(rapid.Uint32Range(0, 699)).Draw(t, "seats") {
			m.Attempt([]uint32{s}, s%3 == 0)
			scores[s]++
		}
		m.Tick(0)
		n := rapid.IntRange(0, 20).Draw(t, "n")
		var want []Ranked
		for s, score := range scores {
			want = append(want, Ranked{s, score})
		}
		slices.SortFunc(want, byScore)
		if got := m.Hottest(n); !slices.Equal(got, want[:min(n, len(want))]) {
			t.Fatalf("got %v, want %v", got, want)
		}
	})
}

func TestSectionsOfShape(t *testing.T) {
	s, err := NewShape(700, []uint32{0, 0, 300, 600, 700})
	if err != nil {
		t.Fatal(err)
	}
	for seat, want := range map[uint32]int{0: 1, 299: 1, 300: 2, 599: 2, 600: 3, 699: 3} {
		if got := s.section(seat); got != want {
			t.Errorf("seat %d is in section %d, want %d", seat, got, want)
		}
	}
	for _, bad := range [][]uint32{nil, {1}, {0, 5, 4}, {0, 701}} {
		if _, err := NewShape(700, bad); err == nil {
			t.Errorf("sections at %v pass", bad)
		}
	}
}
