package main

import (
	"sync"
	"time"

	"github.com/usherhq/usher/engine"
)

// benchClock is a machine's clock that a bench sets the pace of: wall, monotonic and boot
// clock advance alike, rate times as fast as time does, and can be stepped forward. Raft's
// own timers do not know of it. What an engine concludes from time that has passed stays
// true as long as the rate is at least 1: it then believes in less than it might.
type benchClock struct {
	mu     sync.Mutex
	start  time.Time // what the wall clock showed at 0
	passed time.Duration
	since  time.Time // passed was counted then
	rate   float64
}

var _ engine.Clock = (*benchClock)(nil)

func newBenchClock(start time.Time) *benchClock {
	return &benchClock{start: start.Round(0), since: time.Now(), rate: 1}
}

// Monotonic is the time since the clock was made.
func (c *benchClock) Monotonic() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.count()
}

func (c *benchClock) count() time.Duration {
	now := time.Now()
	c.passed += time.Duration(float64(now.Sub(c.since)) * c.rate)
	c.since = now
	return c.passed
}

// Wall is start and what has passed.
func (c *benchClock) Wall() time.Time { return c.start.Add(c.Monotonic()) }

// Boot is of a machine that was started with the clock and never sleeps.
func (c *benchClock) Boot() (string, time.Duration) { return "bench", c.Monotonic() }

// run makes the clock go on at another rate, of 1 or more.
func (c *benchClock) run(rate float64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.count()
	c.rate = max(rate, 1)
}

// reach steps the clock forward to a time of its own; it never goes back.
func (c *benchClock) reach(at time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.passed = max(c.count(), at)
}
