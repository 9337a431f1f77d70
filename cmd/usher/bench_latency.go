package main

import (
	"runtime"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// newLatency takes latencies in microseconds, to a minute.
func newLatency() *hdrhistogram.Histogram { return hdrhistogram.New(1, 60_000_000, 3) }

// record takes a latency; one beyond the histogram's ends counts as its end.
func record(h *hdrhistogram.Histogram, took time.Duration) {
	_ = h.RecordValue(max(1, min(took.Microseconds(), h.HighestTrackableValue())))
}

// quantile is in milliseconds; q of 0 to 100.
func quantile(h *hdrhistogram.Histogram, q float64) float64 {
	return float64(h.ValueAtQuantile(q)) / 1000
}

// newFigures are what clients measure into, each into one of them: one for all would be
// what they wait for, one for each would be a gigabyte of histograms.
func newFigures[T any](one func() *T) []*T {
	all := make([]*T, 8*runtime.GOMAXPROCS(0))
	for i := range all {
		all[i] = one()
	}
	return all
}
