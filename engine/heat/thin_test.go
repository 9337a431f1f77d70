package heat

import (
	"testing"
	"time"
)

// TestThin: a crowd is counted in part, and right on average; what is quiet in full.
func TestThin(t *testing.T) {
	m := NewMap(stadium(t, 1000), HalfLife)
	for second := range 5 {
		for i := range 100_000 {
			m.Attempt([]uint32{7}, i%4 == 0)
		}
		m.Tick(time.Second)
		if want := min(second+1, 1) * maxThin; int(m.thin.Load()) != want {
			t.Fatalf("thinned out by %d bits, want %d", m.thin.Load(), want)
		}
	}
	p := m.Pulse()
	near(t, "claims a second", p.Rate, 100_000, 3000)
	near(t, "lost", p.Contention, 0.75, 0.02)
	near(t, "of the seat", float64(m.Hottest(1)[0].Score), p.Attempts, 1)
	for range 2 {
		m.Tick(time.Second)
	}
	before := m.Pulse().Attempts
	m.Attempt([]uint32{7}, true)
	m.Tick(0)
	near(t, "one more", m.Pulse().Attempts-before, 1, 1e-6)
}

func TestThinBySteps(t *testing.T) {
	m := NewMap(stadium(t, 10), HalfLife)
	for claims, want := range map[float64]uint32{0: 0, 4095: 0, 4096: 1, 8191: 1, 8192: 2, 16384: 3, 1e6: 3} {
		if m.thinOut(claims, time.Second); m.thin.Load() != want {
			t.Errorf("%v claims a second: %d bits, want %d", claims, m.thin.Load(), want)
		}
	}
}
