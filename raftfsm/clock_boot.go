package raftfsm

import (
	"sync/atomic"
	"time"
)

// bootTrust is for how long a reading of the boot clock is carried on by other clocks.
const bootTrust = time.Millisecond

// bootClock is the time since boot at the price of clocks that a process reads without a
// system call: where those are slow one costs more than a claim.
//
// Only sleep makes boot clock and monotonic clock differ, and sleep moves the wall clock
// too, by the same amount and in the same step of the kernel, before any process runs
// again. So while wall and monotonic clock advance alike the machine has not slept; unless
// it did and somebody set the wall clock back by just as long, both within bootTrust of a
// reading. Whenever they do not advance alike the boot clock is asked. What comes out is
// never behind it, but for what passes while the clocks are being read.
type bootClock struct {
	clock Clock
	last  atomic.Pointer[bootReading]
}

// bootReading is read in this order: time that passes in between makes boot late, which
// makes evidence old. That is the safe side.
type bootReading struct {
	mono time.Duration
	wall time.Time
	boot time.Duration
}

func (c *bootClock) now() time.Duration {
	mono, wall := c.clock.Monotonic(), c.clock.Wall()
	if r := c.last.Load(); r != nil {
		passed := mono - r.mono
		apart := wall.Sub(r.wall) - passed
		if 0 <= passed && passed < bootTrust && -bootTrust < apart && apart < bootTrust {
			return r.boot + passed
		}
	}
	_, boot := c.clock.Boot()
	c.last.Store(&bootReading{mono, wall, boot})
	return boot
}
