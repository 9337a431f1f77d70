package raftfsm

import (
	"testing"
	"time"
)

// askedClock counts how often the boot clock is read.
type askedClock struct {
	*fakeClock
	asked int
}

func (c *askedClock) Boot() (string, time.Duration) {
	c.asked++
	return c.fakeClock.Boot()
}

// TestBootClock: it says what the boot clock says, whatever the others do, and asks for it
// only when they give reason to.
func TestBootClock(t *testing.T) {
	c := &askedClock{fakeClock: newFakeClock()}
	b := &bootClock{clock: c}
	for _, step := range []struct {
		name string
		do   func()
		asks int
	}{
		{"first", func() {}, 1},
		{"at once", func() {}, 0},
		{"a moment", func() { c.pass(400 * time.Microsecond) }, 0},
		{"another", func() { c.pass(400 * time.Microsecond) }, 0},
		{"trust has run out", func() { c.pass(400 * time.Microsecond) }, 1},
		{"sleep", func() { c.wall, c.since = c.wall.Add(time.Minute), c.since+time.Minute }, 1},
		{"after it", func() { c.pass(10 * time.Microsecond) }, 0},
		{"wall clock set", func() { c.jump(-time.Hour) }, 1},
		{"wall clock put right", func() { c.jump(time.Hour) }, 1},
		{"an hour", func() { c.pass(time.Hour) }, 1},
		{"sleep, and the wall clock set back later", func() {
			c.wall, c.since = c.wall.Add(time.Minute), c.since+time.Minute
			b.now()
			c.jump(-time.Minute)
		}, 2},
	} {
		step.do()
		before := c.asked
		if step.name == "sleep, and the wall clock set back later" {
			before--
		}
		if got := b.now(); got != c.since {
			t.Errorf("%s: %v, the boot clock says %v", step.name, got, c.since)
		}
		if got := c.asked - before; got != step.asks {
			t.Errorf("%s: the boot clock was read %d times, want %d", step.name, got, step.asks)
		}
	}
}
