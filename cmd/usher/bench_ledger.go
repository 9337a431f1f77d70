package main

import (
	"context"
	"math/bits"
	"sync/atomic"
	"time"

	"github.com/usherhq/usher/engine"
)

// ledger is the clients' own record of one event: a bit for each seat that somebody has
// been granted. It knows nothing of how the engine keeps seats.
type ledger struct{ words []atomic.Uint64 }

func newLedger(seats int) ledger { return ledger{make([]atomic.Uint64, (seats+63)/64)} }

// grant notes a grant; false: somebody had the seat.
func (l ledger) grant(seat int) bool {
	bit := uint64(1) << (seat % 64)
	return l.words[seat/64].Or(bit)&bit == 0
}

// free must be called before the seat is given back: afterwards it may be granted anew
// at any moment.
func (l ledger) free(seat int) { l.words[seat/64].And(^(uint64(1) << (seat % 64))) }

// differs counts the seats that are in one of ledger and map only; granted tells which
// seats of the map ought to be in the ledger.
func (l ledger) differs(m *engine.SeatMap, granted func(engine.SeatStatus) bool) (n int64) {
	for w := range l.words {
		var mapped uint64
		for b := 0; b < 64 && w*64+b < m.Seats; b++ {
			if granted(m.Status(w*64 + b)) {
				mapped |= 1 << b
			}
		}
		n += int64(bits.OnesCount64(l.words[w].Load() ^ mapped))
	}
	return n
}

// settled asks until count is 0, but not for longer than until, and gives what it got
// last: a map is read from any replica, which may lag.
func settled(ctx context.Context, until time.Time, count func(context.Context) (int64, error)) (int64, error) {
	for ; ; time.Sleep(20 * time.Millisecond) {
		n, err := count(ctx)
		if err != nil || n == 0 || time.Now().After(until) {
			return n, err
		}
	}
}
