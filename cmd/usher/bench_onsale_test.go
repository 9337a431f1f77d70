package main

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/usherhq/usher/engine"
	"github.com/usherhq/usher/engine/chart"
)

// The crowd is that of the scenario, and the same for the same seed.
func TestOnsaleCrowd(t *testing.T) {
	fans, same, other := newCrowdOf(0.01, 7), newCrowdOf(0.01, 7), newCrowdOf(0.01, 8)
	if len(fans) != 55_000 {
		t.Fatalf("%d people", len(fans))
	}
	differs := 0
	var first [onsaleNights]int
	early, gold := 0, 0
	for i, f := range fans {
		if f != same[i] {
			t.Fatalf("person %d is %+v, then %+v", i, f, same[i])
		}
		differs += b2i(f != other[i])
		first[f.first]++
		early += b2i(f.arrives < 0)
		gold += b2i(f.tier == 1)
		if int64(f.arrives) < -lobbyOpens || f.party < 1 || f.party > onsaleHolder || int(f.more) >= onsaleNights {
			t.Fatalf("person %d: %+v", i, f)
		}
	}
	if first != [onsaleNights]int{21_000, 18_000, 16_000} {
		t.Errorf("first choices: %v", first)
	}
	near := func(what string, n int, share float64) {
		if got := float64(n) / float64(len(fans)); math.Abs(got-share) > 0.01 {
			t.Errorf("%s: %.3f of all, want %.3f", what, got, share)
		}
	}
	near("in the lobby", early, inLobby)
	near("gold", gold, 0.05)
	if differs < len(fans)/2 {
		t.Errorf("another seed changes %d people only", differs)
	}
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

func TestFanWants(t *testing.T) {
	f := fan{first: 2, more: 1}
	for i, want := range []int{2, 0} {
		if night, ok := f.wants(i); !ok || night != want {
			t.Errorf("night %d: %d, %v", i, night, ok)
		}
	}
	if _, ok := f.wants(2); ok {
		t.Error("a third night")
	}
}

// Who is told of a long wait is likelier to leave, and never certain to.
func TestLeaves(t *testing.T) {
	last := 0.0
	for _, told := range []time.Duration{0, time.Minute, 30 * time.Minute, time.Hour} {
		p := leaves(told, minute)
		if p <= last || p >= 0.05 {
			t.Errorf("told %v: %v", told, p)
		}
		last = p
	}
	if a, b := leaves(time.Minute, minute), leaves(time.Minute, 2*minute); math.Abs((1-a)*(1-a)-(1-b)) > 1e-12 {
		t.Errorf("two minutes are not twice one: %v, %v", a, b)
	}
}

func TestDiary(t *testing.T) {
	var d diary
	rng := rand.New(rand.NewPCG(1, 1))
	for i := range 2000 {
		d.add(rng.Int64N(1000), uint32(i), toLook)
	}
	last, n := int64(-1), 0
	for now := int64(0); now <= 1000; now += 100 {
		for {
			e, ok := d.due(now)
			if !ok {
				break
			}
			if e.at < last || e.at > now || e.at <= now-100 {
				t.Fatalf("at %d: %+v after one of %d", now, e, last)
			}
			last = e.at
			n++
		}
	}
	if n != 2000 || len(d) != 0 {
		t.Errorf("%d of 2000 came, %d are left", n, len(d))
	}
}

func TestMostWithin(t *testing.T) {
	for _, c := range []struct {
		times []int64
		span  int64
		want  int
	}{
		{nil, 60, 0}, {[]int64{5}, 60, 1}, {[]int64{0, 59}, 60, 2}, {[]int64{0, 60}, 60, 1}, {[]int64{0, 30, 60, 61, 89}, 60, 4},
	} {
		if got := mostWithin(c.times, c.span); got != c.want {
			t.Errorf("%v within %d: %d, want %d", c.times, c.span, got, c.want)
		}
	}
}

// The ledger of the sale convicts a seat that is granted while it is somebody's, and no other.
func TestOnsaleLedger(t *testing.T) {
	s := &onsale{index: chart.NewIndex(benchChart(10))}
	for night := range s.until {
		s.until[night] = make([]int64, 10)
	}
	grant := func(night int, seat string, from, until int64) *errand {
		x := &errand{night: night}
		x.hold = engine.Hold{SeatIDs: []string{seat}, HeldAt: time.UnixMilli(from), ExpiresAt: time.UnixMilli(until)}
		s.note(x)
		return x
	}
	want := func(n int64, what string) {
		t.Helper()
		if s.doubles != n {
			t.Errorf("%s: %d double allocations, want %d", what, s.doubles, n)
		}
	}
	grant(0, "3", 100, 200)
	grant(1, "3", 100, 200)
	grant(0, "4", 100, 200)
	want(0, "three seats")
	grant(0, "3", 199, 300)
	want(1, "before it has expired")
	x := grant(0, "3", 300, 400)
	want(1, "at the moment it expires")
	s.mark(x, 0)
	x = grant(0, "3", 310, 400)
	want(1, "given back")
	s.mark(x, booked)
	grant(0, "3", 1<<40, 1<<41)
	want(2, "booked")
}

// A report with anything wrong in it is an error.
func TestOnsaleVerdict(t *testing.T) {
	for name, c := range map[string]onsaleColumn{
		"double": {Doubles: 1}, "lost": {Lost: 1}, "active": {OverActive: 1}, "minute": {OverMinute: 1},
	} {
		if (&onsaleReport{With: &c}).verdict() == nil || (&onsaleReport{Without: &c}).verdict() == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if err := (&onsaleReport{With: &onsaleColumn{}}).verdict(); err != nil {
		t.Error(err)
	}
}

// The clock of a bench advances alike on all its faces, at its rate, and never goes back.
func TestBenchClock(t *testing.T) {
	start := time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
	c := newBenchClock(start)
	c.reach(time.Hour)
	if at := c.Monotonic(); at < time.Hour {
		t.Errorf("stepped to %v", at)
	}
	c.reach(time.Minute)
	before := c.Monotonic()
	if _, boot := c.Boot(); boot < before || before < time.Hour {
		t.Errorf("%v after %v", boot, before)
	}
	if wall := c.Wall(); wall.Before(start.Add(before)) {
		t.Errorf("the wall clock shows %v", wall)
	}
	c.run(0.5)
	if c.rate != 1 {
		t.Errorf("it runs at %v: what an engine concludes from time would be wrong", c.rate)
	}
}
