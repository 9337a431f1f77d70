package main

import (
	"slices"
	"sync"
	"time"
)

// leaseRecord is one lease as its holder knows it. Log times are unix milliseconds, the
// client's own clock counts microseconds since the run began.
type leaseRecord struct {
	token uint64
	held  int64  // log time of the grant
	end   int64  // log time from which on the seat may be somebody else's; see leaseEnd
	seat  uint32 // in chart order
	told  uint32 // own clock: the holder knew of its grant
	asked uint32 // own clock: it began to give the lease back; 0: it ended by itself
}

// leaseLedger is the clients' own record of all leases. They report them when they are
// done with them, so what arrives is in no order; verify puts it in the log's, which is
// that of the fencing tokens.
//
// A seat is allocated twice when it was granted while an earlier lease of it had not
// ended. That is decided by two clocks, either of which convicts:
//
//   - The log's. Every grant tells when it was made and how long it lasts, a renewal how
//     long it lasts now, so both ends are exact, and held < end of any earlier lease of
//     the seat is a double. Of a release the engine tells the end only when asked for the
//     hold afterwards; it is believed only as far as it is not before what the holder had
//     seen of the log's time when it asked for the release (leaseEnd): a release cannot
//     have happened before anybody wished it.
//   - The clients'. Whoever knew of its grant before the holder of an earlier lease began
//     to give it back had the seat at the same time, whatever the log's clock says.
//
// What neither sees is a grant in the very millisecond of a release whose call was under
// way: log time has no finer parts.
type leaseLedger struct{ shards []leaseShard }

// leaseShard is what some of the clients reported, in chunks: a slice that grows would
// copy hundreds of megabytes while claims are measured.
type leaseShard struct {
	mu     sync.Mutex
	chunks [][]leaseRecord
}

const leaseChunk = 8192

func newLeaseLedger(shards int) *leaseLedger { return &leaseLedger{make([]leaseShard, shards)} }

// add takes the record of a lease that its holder is done with.
func (l *leaseLedger) add(client int, r leaseRecord) {
	s := &l.shards[client%len(l.shards)]
	s.mu.Lock()
	defer s.mu.Unlock()
	last := len(s.chunks) - 1
	if last < 0 || len(s.chunks[last]) == leaseChunk {
		s.chunks = append(s.chunks, make([]leaseRecord, 0, leaseChunk))
		last++
	}
	s.chunks[last] = append(s.chunks[last], r)
}

// leaseEnd is the log time at which a lease that was given back ended: the engine's word
// for it, but not before seen, the log's time that its holder knew of when it asked, and
// not after the lease would have ended by itself.
func leaseEnd(expires, seen, word int64) int64 { return min(expires, max(seen, word)) }

// leaseVerdict is what the ledger found.
type leaseVerdict struct {
	leases  int64
	doubles int64 // grants of a seat that an earlier lease still held, or of a token given before
	lost    int64 // tokens between the first and the last that no client was told of
}

// verify looks at every lease once. It is called when all clients are done.
func (l *leaseLedger) verify() leaseVerdict {
	all := l.sorted()
	v := leaseVerdict{leases: int64(len(all))}
	for i := 0; i < len(all); {
		n := i + 1
		for n < len(all) && all[n].seat == all[i].seat {
			n++
		}
		v.doubles += seatDoubles(all[i:n])
		i = n
	}
	repeated, lost := tokenFaults(all)
	v.doubles += repeated
	v.lost = lost
	return v
}

// sorted gives all records by seat and token, and empties the ledger.
func (l *leaseLedger) sorted() []leaseRecord {
	n := 0
	for i := range l.shards {
		for _, c := range l.shards[i].chunks {
			n += len(c)
		}
	}
	all := make([]leaseRecord, 0, n)
	for i := range l.shards {
		for _, c := range l.shards[i].chunks {
			all = append(all, c...)
		}
		l.shards[i].chunks = nil
	}
	slices.SortFunc(all, func(a, b leaseRecord) int {
		if a.seat != b.seat {
			return int(a.seat) - int(b.seat)
		}
		switch {
		case a.token < b.token:
			return -1
		case a.token > b.token:
			return 1
		}
		return 0
	})
	return all
}

// seatDoubles counts the grants of one seat, in order of their tokens, that came before
// all earlier leases had ended. A lease is held against all later ones, not only the
// next: that one may be over before it.
func seatDoubles(leases []leaseRecord) (doubles int64) {
	end, asked := leases[0].end, leases[0].asked
	for i := 1; i < len(leases); i++ {
		r := &leases[i]
		if r.held < end || r.told < asked {
			doubles++
		}
		end, asked = max(end, r.end), max(asked, r.asked)
	}
	return doubles
}

// tokenFaults finds tokens that were given to two, and those that were given to nobody:
// an event's tokens are the numbers of its grants, without gaps.
func tokenFaults(all []leaseRecord) (repeated, lost int64) {
	if len(all) == 0 {
		return 0, 0
	}
	low, high := all[0].token, all[0].token
	for i := range all {
		low, high = min(low, all[i].token), max(high, all[i].token)
	}
	span := int64(high-low) + 1
	if span > int64(len(all))*64+1024 { // no numbering at all: do not make room for it
		return 0, span - int64(len(all))
	}
	seen := make([]uint64, (span+63)/64)
	distinct := int64(0)
	for i := range all {
		n := all[i].token - low
		if bit := uint64(1) << (n % 64); seen[n/64]&bit == 0 {
			seen[n/64] |= bit
			distinct++
		}
	}
	return int64(len(all)) - distinct, span - distinct
}

// micros is a moment of the run as records have it; never 0.
func micros(since time.Duration) uint32 { return uint32(since.Microseconds()) + 1 }
