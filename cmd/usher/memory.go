package main

import (
	"context"
	"os"
	"runtime/debug"
	"runtime/metrics"
	"time"

	"golang.org/x/sys/unix"
)

const (
	// gcPercent lets the heap grow to five times what is in use before it is collected.
	// What is in use is small beside what claims allocate and drop; at Go's own 100 the
	// collector takes an eighth of the throughput of `usher bench claims`.
	gcPercent = 400
	// gcSlack is as much as the heap may grow by where more is in use: a waiting room of
	// millions would else have gigabytes of memory that nobody has touched yet touched for
	// once, which costs more than to collect. It may always grow by gcLeast percent.
	gcSlack = 1 << 30
	gcLeast = 50
	// memoryShare of the machine is where the collector stops being so patient.
	memoryShare = 0.6

	gcLook = 500 * time.Millisecond
)

// tuneMemory trades memory for speed, within the machine's, until ctx ends. GOGC and
// GOMEMLIMIT, if set, are left alone.
func tuneMemory(ctx context.Context) {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
		go followHeap(ctx)
	}
	var info unix.Sysinfo_t
	if os.Getenv("GOMEMLIMIT") == "" && unix.Sysinfo(&info) == nil {
		debug.SetMemoryLimit(int64(float64(info.Totalram) * float64(info.Unit) * memoryShare))
	}
}

// followHeap sets by what is in use how much the heap may grow.
func followHeap(ctx context.Context) {
	tick := time.NewTicker(gcLook)
	defer tick.Stop()
	live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	for percent := gcPercent; ; {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		metrics.Read(live)
		// To set it stops the world for a moment.
		if want := growth(live[0].Value.Uint64()); want < percent*4/5 || want > percent*5/4 {
			percent = want
			debug.SetGCPercent(percent)
		}
	}
}

// growth is how many percent the heap may grow by with so many bytes in use.
func growth(live uint64) int {
	return int(min(max(gcSlack*100/max(live, 1), gcLeast), gcPercent))
}
