package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"time"

	"github.com/usherhq/usher/engine"
)

const (
	leaseFor = time.Second
	maxTurns = 8 // that a thinking buyer leaves to others
	// A buyer of a sale that takes its time thinks for thinkMin and up to thinkMore.
	thinkMin, thinkMore = 50 * time.Millisecond, 100 * time.Millisecond
)

// patternBuyer is one buyer of one sale. What they want depends on their number alone.
type patternBuyer struct {
	*patternSale
	ctx    context.Context
	no     int
	holder string
	party  int
	rng    *rand.Rand
	token  string // of admission
	viewer *engine.HeatViewer
	life   buyerLife
}

// buyerLife is what became of a buyer.
type buyerLife struct {
	attempts, refused, leasesLost int
	seats                         int // that they left with
	substituted                   bool
	foundNothing                  bool
	doubles                       int
	err                           error
}

func (s *patternSale) buyer(ctx context.Context, no int) *patternBuyer {
	b := &patternBuyer{patternSale: s, ctx: ctx, no: no, holder: fmt.Sprintf("buyer-%d", no), rng: rand.New(rand.NewPCG(uint64(no), 77))}
	b.party = partyOf(b.rng)
	return b
}

// shop is a buyer's visit, from the door on.
func (b *patternBuyer) shop() {
	if b.kind.mode == engine.ModeQueue {
		b.places <- struct{}{}
		b.token = b.gate.enter(b.event, b.holder)
		defer func() {
			b.gate.leave(b.event, b.holder)
			<-b.places
		}()
	}
	if b.kind.over > 0 {
		if b.viewer, b.life.err = b.engine.HeatViewer(b.ctx, b.event); b.life.err != nil {
			return
		}
		defer b.viewer.Close()
	}
	var known uint64 // the event's version that the last refusal told of
	for range b.cmd.Tries {
		seats, version, err := b.pick(known)
		if err != nil {
			b.life.err = err
			return
		}
		if seats == nil {
			b.life.foundNothing = true
			return
		}
		b.think()
		if done := b.attempt(seats, version, &known); done {
			return
		}
	}
}

// pick chooses seats, from a map of this version.
func (b *patternBuyer) pick(known uint64) (seats []int, version uint64, err error) {
	v, err := b.board.look(b.ctx, known)
	if err != nil {
		return nil, 0, err
	}
	if b.kind.heat {
		seats, err = b.warmly(v)
	} else if seats = b.choose(b.rng, v, b.party, anyRow); seats != nil && b.viewer != nil {
		err = b.lookAt(seats)
	}
	return seats, v.seats.Version, err
}

func (b *patternBuyer) lookAt(seats []int) error {
	return b.viewer.Look(engine.Sight{SeatIDs: b.names(seats)})
}

func (b *patternBuyer) names(seats []int) []string {
	names := make([]string, len(seats))
	for i, s := range seats {
		names[i] = b.ids[s]
	}
	return names
}

func (b *patternBuyer) think() {
	if b.kind.over > 0 {
		time.Sleep(thinkMin + time.Duration(b.rng.Int64N(int64(thinkMore))))
		return
	}
	for range 1 + b.rng.IntN(maxTurns) {
		runtime.Gosched()
	}
}

// attempt claims and pays; done: the buyer leaves, with seats or because of an error.
func (b *patternBuyer) attempt(seats []int, version uint64, known *uint64) (done bool) {
	r := engine.HoldRequest{EventID: b.event, SeatIDs: b.names(seats), HolderID: b.holder, TTL: benchTTL, Mode: b.kind.mode, AdmissionToken: b.token}
	switch b.kind.mode {
	case engine.ModeLease:
		r.TTL = leaseFor
	case engine.ModeOptimistic:
		r.IfVersion = &version
	case engine.ModeSkipLocked:
		r.Accept = engine.AcceptSubstitute
	}
	start := time.Now()
	h, err := b.engine.Hold(context.Background(), r) // without a deadline, as in claimLoad.client
	b.shard.took(time.Since(start), err == nil)
	b.life.attempts++
	if err != nil {
		return !b.tellsWhy(err, known)
	}
	return b.pay(&h)
}

// tellsWhy tells a refusal, after which one tries again, from an error.
func (b *patternBuyer) tellsWhy(err error, known *uint64) (refused bool) {
	var taken *engine.SeatsUnavailableError
	var changed *engine.VersionConflictError
	switch {
	case errors.As(err, &taken):
		*known = taken.Version
	case errors.As(err, &changed):
		*known = changed.Version
	default:
		b.life.err = err
		return false
	}
	b.life.refused++
	return true
}

// pay books what was granted. A lease is renewed before, and may be over by then.
func (b *patternBuyer) pay(h *engine.Hold) (done bool) {
	if b.kind.mode == engine.ModeLease {
		b.think()
		_, err := b.engine.Extend(context.Background(), engine.ExtendRequest{HoldID: h.HoldID, FencingToken: h.FencingToken, TTL: leaseFor})
		if err != nil {
			return b.lost(err)
		}
		b.think()
	}
	_, err := b.engine.Book(context.Background(), engine.BookRequest{HoldID: h.HoldID, FencingToken: h.FencingToken, PaymentMethod: "sandbox"})
	if err != nil {
		return b.lost(err)
	}
	for _, id := range h.SeatIDs {
		seat, ok := b.index.Find(id)
		if !ok || !b.sold.grant(int(seat)) {
			b.life.doubles++
		}
	}
	b.life.seats, b.life.substituted = len(h.SeatIDs), len(h.Substituted) > 0
	return true
}

// lost is a lease that ended before its holder was done; anything else is an error.
func (b *patternBuyer) lost(err error) (done bool) {
	if b.kind.mode == engine.ModeLease && isLate(err) {
		b.life.leasesLost++
		return false
	}
	b.life.err = err
	return true
}
