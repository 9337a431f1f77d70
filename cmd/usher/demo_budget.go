package main

import (
	"time"

	"golang.org/x/sys/unix"
)

// The demo leaves the machine usable: when the process, replicas and all, needs more
// than maxCores, fewer buyers come.
const (
	maxCores = 0.85
	minPace  = 0.02
)

// budget follows what the process uses.
type budget struct {
	begun   time.Time
	used    time.Duration // when it began
	last    time.Time
	lastCPU time.Duration
	cores   float64 // lately
	pace    float64 // 0…1, of the buyers that were asked for
}

func (b *budget) start() {
	b.begun, b.used, b.pace = time.Now(), processCPU(), 1
	b.last, b.lastCPU = b.begun, b.used
}

// measure is called every second or so, and gives the pace for the next.
func (b *budget) measure() float64 {
	now, cpu := time.Now(), processCPU()
	cores := (cpu - b.lastCPU).Seconds() / now.Sub(b.last).Seconds()
	b.last, b.lastCPU = now, cpu
	b.cores += 0.3 * (cores - b.cores)
	if b.cores > maxCores {
		b.pace = max(minPace, b.pace*0.7)
	} else {
		b.pace = min(1, b.pace*1.05)
	}
	return b.pace
}

// total is how long it has run, and how many cores it took.
func (b *budget) total() (seconds, cores float64) {
	if b.begun.IsZero() {
		return 0, 0
	}
	seconds = time.Since(b.begun).Seconds()
	return seconds, (processCPU() - b.used).Seconds() / seconds
}

// processCPU is the process's user and system time.
func processCPU() time.Duration {
	var u unix.Rusage
	if unix.Getrusage(unix.RUSAGE_SELF, &u) != nil {
		return 0 // it cannot fail for oneself
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
