package raftfsm

import (
	"os"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

// Clock is the machine's time, which an embedder can hand in. Its methods may be called from any
// goroutine and at the same time.
type Clock interface {
	// Wall is what people read off a clock; it may jump.
	Wall() time.Time
	// Monotonic counts from some moment of this process and never goes back.
	Monotonic() time.Duration
	// Boot names this boot of the machine and the time since it, sleep included. An empty
	// name says that it is unknown.
	Boot() (bootID string, since time.Duration)
}

// SystemClock is the machine's own clock.
func SystemClock() Clock {
	id, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		id = nil // no such file: restarts then go by the wall clock
	}
	return &systemClock{start: time.Now(), bootID: strings.TrimSpace(string(id))}
}

type systemClock struct {
	start  time.Time
	bootID string
}

func (c *systemClock) Wall() time.Time { return time.Now().Round(0) }

func (c *systemClock) Monotonic() time.Duration { return time.Since(c.start) }

func (c *systemClock) Boot() (string, time.Duration) {
	var ts unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_BOOTTIME, &ts); err != nil {
		return "", 0
	}
	return c.bootID, time.Duration(ts.Nano())
}

const (
	// slewDivisor bounds how much faster or slower than the monotonic clock a leader lets
	// logical time run while it nears its wall clock: 1 ms a second, so that a hold of 8
	// minutes is out by less than half a second.
	slewDivisor = 1000
	// slewWithin is when stamps keep to the wall clock as they are.
	slewWithin = time.Millisecond
	// adoptBeyond is how far a restarted replica's guess may lie before the log's time and stay:
	// about what an entry takes from its stamp to here.
	adoptBeyond = time.Second
)

// logicalClock is a group's time: unix milliseconds that advance with the log and, between two
// entries, with this machine's monotonic clock. No wall clock that jumps moves it, and a new
// leader goes on where the last entry was.
//
// applied is called by the FSM's goroutine; all else by any.
type logicalClock struct {
	clock  Clock
	anchor atomic.Pointer[anchor]
	last   atomic.Int64 // the highest time given out, so that none is ever lower than one before
	adopt  atomic.Bool  // the next entry is the first since the start that is not a replay
}

// anchor ties a logical time to a reading of the monotonic clock. It is replaced, never changed.
type anchor struct {
	logical int64 // unix milliseconds
	mono    time.Duration
}

// newLogicalClock starts a clock at start, the unix milliseconds of loadTime, or at the wall clock
// if start is 0.
func newLogicalClock(c Clock, start int64) *logicalClock {
	if start == 0 {
		start = c.Wall().UnixMilli()
	}
	l := &logicalClock{clock: c}
	l.anchor.Store(&anchor{start, c.Monotonic()})
	return l
}

// live says that the entries that were in the log at the start have been applied. The next entry
// is the cluster's time, and a guess of loadTime that lies more than a second ahead of it (a
// wall clock set wrong while this machine was down) gives way: else this replica, once it leads,
// would expire the holds of everybody. Only there can now go back.
func (l *logicalClock) live() { l.adopt.Store(true) }

// applied takes over the time of an entry, in unix milliseconds, that was just applied. One that
// lies before this clock's own time changes nothing, the first after live excepted: an entry is
// older than now by the time it took to get here, and taking that for now would lose it with every
// entry, on a busy leader as fast as time goes by.
func (l *logicalClock) applied(stamp int64) {
	adopt := l.adopt.Load() && l.adopt.CompareAndSwap(true, false)
	mono := l.clock.Monotonic()
	for {
		a := l.anchor.Load()
		ahead := a.at(mono) - stamp
		back := adopt && ahead > adoptBeyond.Milliseconds()
		if ahead >= 0 && !back {
			return
		}
		if l.anchor.CompareAndSwap(a, &anchor{stamp, mono}) {
			if back {
				l.last.Store(stamp)
			}
			return
		}
	}
}

// now is the time in unix milliseconds; it never goes back.
func (l *logicalClock) now() int64 {
	return l.rise(l.anchor.Load().at(l.clock.Monotonic()))
}

// stamp is the time a leader puts into an entry: now, nearing the wall clock by at most a
// thousandth of what has passed since the last stamp.
func (l *logicalClock) stamp() int64 {
	for {
		a := l.anchor.Load()
		mono := l.clock.Monotonic()
		n := a.at(mono)
		s := n + slew(n-a.logical, l.clock.Wall().UnixMilli()-n)
		if s == n {
			return l.rise(n)
		}
		// The millisecond that has begun stays with the anchor: dropping it at each
		// correction would eat the correction up.
		whole := time.Duration(n-a.logical) * time.Millisecond
		if l.anchor.CompareAndSwap(a, &anchor{s, a.mono + whole}) {
			return l.rise(s)
		}
	}
}

// at is the time when the monotonic clock reads mono.
func (a *anchor) at(mono time.Duration) int64 {
	return a.logical + max(0, (mono-a.mono).Milliseconds())
}

func (l *logicalClock) rise(t int64) int64 {
	for {
		last := l.last.Load()
		if t <= last {
			return last
		}
		if l.last.CompareAndSwap(last, t) {
			return t
		}
	}
}

// slew says by how many milliseconds to correct when passed milliseconds have gone by and the wall
// clock is off by ahead.
func slew(passed, ahead int64) int64 {
	if within := slewWithin.Milliseconds(); -within <= ahead && ahead <= within {
		return 0
	}
	limit := passed / slewDivisor
	return max(-limit, min(limit, ahead))
}
