package main

import "sync/atomic"

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
