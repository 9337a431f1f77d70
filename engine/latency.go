package engine

import (
	"slices"
	"sync"
	"time"
)

const latencyKept = 256

// latencies are the last times that routed claims took on this node. Others are not
// timed: reading the clock for each would cost a crowd more than anybody gains.
type latencies struct {
	mu   sync.Mutex
	kept [latencyKept]time.Duration
	n    int
}

// timed begins to time a claim; what it returns ends that.
func (l *latencies) timed() func() {
	start := time.Now()
	return func() { l.note(time.Since(start)) }
}

func (l *latencies) note(d time.Duration) {
	l.mu.Lock()
	l.kept[l.n%latencyKept] = d
	l.n++
	l.mu.Unlock()
}

// p99 of the times kept; 0 when there are none.
func (l *latencies) p99() time.Duration {
	l.mu.Lock()
	list := slices.Clone(l.kept[:min(l.n, latencyKept)])
	l.mu.Unlock()
	if len(list) == 0 {
		return 0
	}
	slices.Sort(list)
	return list[(len(list)*99+99)/100-1]
}
