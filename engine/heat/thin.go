package heat

import (
	"math/bits"
	"math/rand/v2"
	"time"
)

const (
	// thinFrom is the claims a second of an event beyond which only some are counted.
	thinFrom = 4096
	// maxThin is the most that counting is thinned out: 1 of 2^maxThin.
	maxThin = 3
)

// weight is what the attempt at hand counts for: 1 while an event has few, else all for
// some and nothing for the others, so that the sums stay right on average. A crowd pays
// for its cores' fights over the same counters, and is known well enough from a part.
func (m *Map) weight() uint32 {
	thin := m.thin.Load()
	if thin == 0 {
		return 1
	}
	if rand.Uint32()&(1<<thin-1) != 0 {
		return 0
	}
	return 1 << thin
}

// thinOut settles how the next second's attempts are counted.
func (m *Map) thinOut(claims float64, elapsed time.Duration) {
	rate := claims / max(elapsed, minInterval).Seconds()
	m.thin.Store(uint32(min(bits.Len64(uint64(rate/thinFrom)), m.thinMost)))
}
