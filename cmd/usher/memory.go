package main

import (
	"os"
	"runtime/debug"

	"golang.org/x/sys/unix"
)

const (
	// gcPercent lets the heap grow to five times what is in use before it is collected.
	// What is in use is small beside what claims allocate and drop; at Go's own 100 the
	// collector takes an eighth of the throughput of `usher bench claims`.
	gcPercent = 400
	// memoryShare of the machine is where the collector stops being so patient.
	memoryShare = 0.6
)

// tuneMemory trades memory for speed, within the machine's. GOGC and GOMEMLIMIT, if set,
// are left alone.
func tuneMemory() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
	var info unix.Sysinfo_t
	if os.Getenv("GOMEMLIMIT") == "" && unix.Sysinfo(&info) == nil {
		debug.SetMemoryLimit(int64(float64(info.Totalram) * float64(info.Unit) * memoryShare))
	}
}
