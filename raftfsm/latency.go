package raftfsm

import (
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// latencyWindow is how far back ClaimLatency looks.
	latencyWindow = 5 * time.Second
	// latencyEvery is how long after a claim that is timed the next one may be.
	latencyEvery = 2 * time.Millisecond
	// timedEvery: of more callers than that at once, one in so many looks at the clock for it.
	timedEvery = 64
)

// latencies are how long claims took of late. Of a crowd's some hundred a second are timed.
type latencies struct {
	last atomic.Int64 // when a claim was last chosen, boot clock

	mu   sync.Mutex
	ring [latencyWindow / latencyEvery]latency
	next int
}

type latency struct{ at, took time.Duration }

// timed tells whether a claim that makes it n requests under way may be timed. It is left to chance,
// as n is no count: where so many callers ask again as soon as they are answered it has the same few
// values for ever.
func timed(n int64) bool { return n < timedEvery || rand.Uint32N(timedEvery) == 0 }

// begin is when a claim came, if it is to be timed; else 0.
func (l *latencies) begin(now time.Duration) time.Duration {
	last := l.last.Load()
	if int64(now)-last < int64(latencyEvery) || !l.last.CompareAndSwap(last, int64(now)) {
		return 0
	}
	return now
}

// end is called before the claim's caller is told.
func (l *latencies) end(came, now time.Duration) {
	if came == 0 {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ring[l.next] = latency{now, max(now-came, 0)}
	l.next = (l.next + 1) % len(l.ring)
}

// p99 of those that ended within the window; 0 when there was none.
func (l *latencies) p99(now time.Duration) time.Duration {
	l.mu.Lock()
	ring := l.ring
	l.mu.Unlock()
	var took []time.Duration
	for _, x := range ring {
		if x.at != 0 && now-x.at < latencyWindow {
			took = append(took, x.took)
		}
	}
	if len(took) == 0 {
		return 0
	}
	slices.Sort(took)
	return took[(len(took)*99+99)/100-1]
}

// ClaimLatency is the 99th percentile of the time from a claim's arrival at this replica,
// which leads, to its answer, over the claims answered in the last 5 s; 0 when there was
// none. Claims refused at the door are not among them: those wait for nobody.
func (g *Group) ClaimLatency() time.Duration { return g.proposer.latency.p99(g.node.boot()) }
