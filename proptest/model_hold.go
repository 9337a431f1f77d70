package proptest

import (
	"slices"

	"github.com/usherhq/usher/shard"
)

// ModelHold is a hold; holds are never removed here, only forgotten.
type ModelHold struct {
	Number    uint32
	Seats     []uint32 // and places in areas
	Holder    string
	State     shard.HoldState
	HeldAt    int64
	Ends      int64 // as long as it is held
	EndedAt   int64 // released, expired or booked
	Booking   uint32
	Lease     bool
	Bundle    *ModelBundle
	Forgotten bool // nobody is told of it any more
}

// lapsed tells whether a hold is at its end, whether or not anybody has noticed: the
// moment of the end belongs to the next one.
func (h *ModelHold) lapsed(now int64) bool { return h.State == shard.HoldHeld && h.Ends <= now }

func (m *Model) hold(now int64, c *shard.Hold, out *shard.Result) {
	e := m.event(c.Event, out)
	if e == nil || e.recall(now, &c.Key, out) {
		return
	}
	if e.judgedAround(c.Seats) {
		m.endDue(now, e)
		m.event(e.No, out)
	}
	if out.Err = e.refuses(now, c, out); out.Err != nil {
		for i := range out.Conflicts {
			e.markUndecided(&out.Conflicts[i])
		}
		return
	}
	h := m.grant(now, e, ModelHold{Seats: slices.Clone(c.Seats), Holder: string(c.Holder), Ends: now + c.TTL, Lease: c.Lease})
	e.answer(h, h.Ends, out)
	e.remember(now, &c.Key, out)
}

// judgedAround tells whether a claim of these seats is judged by more than them: then
// what has lapsed anywhere in the event is ended first.
func (e *ModelEvent) judgedAround(seats []uint32) bool {
	r := e.Create.Rules
	return r.PerHolder > 0 || r.Orphans != shard.OrphansAllow || len(seats) > 0 && isArea(seats[len(seats)-1])
}

// grant ends the lapsed holds that are in the way, and makes a new one.
func (m *Model) grant(now int64, e *ModelEvent, h ModelHold) *ModelHold {
	for _, seat := range seatsIn(h.Seats) {
		if e.Seats[seat].Status == shard.Held {
			m.end(now, e, e.Seats[seat].Granted, shard.HoldExpired)
		}
	}
	m.settle(now)
	h.Number, h.State, h.HeldAt = uint32(len(e.Holds)+1), shard.HoldHeld, now
	e.Holds = append(e.Holds, &h)
	e.move(h.Seats, shard.Held)
	for _, seat := range seatsIn(h.Seats) {
		e.Seats[seat].Granted = &h
	}
	return &h
}

func (e *ModelEvent) refuses(now int64, c *shard.Hold, out *shard.Result) error {
	if err := e.seatsWrong(c.Seats, shard.MaxSeatsPerHold); err != nil {
		return err
	}
	a := asked{ttl: c.TTL, holder: string(c.Holder), admitted: c.Admitted}
	if err := e.termsRefused(now, &a); err != nil {
		return err
	}
	if err := e.refused(now, c.Seats, &a, out); err != nil {
		return err
	}
	if e.full(&c.Key) {
		return shard.ErrIdempotencyFull
	}
	return nil
}

// termsRefused judges what does not depend on the seats.
func (e *ModelEvent) termsRefused(now int64, a *asked) error {
	switch {
	case a.ttl < shard.MinTTL || a.ttl > shard.MaxTTL || len(a.holder) < 1 || len(a.holder) > shard.MaxHolderLen:
		return shard.ErrBadRequest
	case now < e.Create.OnsaleAt:
		return shard.ErrNotOnSale
	case e.Create.Rules.Gated && !a.admitted:
		return shard.ErrAdmissionRequired
	}
	return nil
}

// refused says why exactly these cannot be had: somebody has them; the holder would have
// too many; seats would be left alone.
func (e *ModelEvent) refused(now int64, seats []uint32, a *asked, out *shard.Result) error {
	if list := e.conflicts(now, seats, a.channel); len(list) > 0 {
		out.Conflicts = append(out.Conflicts, list...)
		return shard.ErrSeatsUnavailable
	}
	if limit := e.Create.Rules.PerHolder; limit > 0 && e.has(a.holder)+people(seats) > limit {
		out.Count = e.has(a.holder)
		return shard.ErrLimitExceeded
	}
	policy := max(e.Create.Rules.Orphans, a.orphans)
	if policy == shard.OrphansAllow || a.placed || len(seatsIn(seats)) == 0 {
		return nil
	}
	if e.Plan == nil {
		return shard.ErrNoPlan
	}
	alone := e.house(a.channel).stranded(seatsIn(seats), policy)
	for _, seat := range alone {
		out.Conflicts = append(out.Conflicts, shard.Conflict{Seat: seat, Status: shard.Available})
	}
	if len(alone) > 0 {
		return shard.ErrOrphanSeats
	}
	return nil
}

// conflicts is what of these a claim with this channel cannot have.
func (e *ModelEvent) conflicts(now int64, seats []uint32, channel int) (list []shard.Conflict) {
	for _, what := range seats {
		if no, n, area := shard.SplitCode(what); area {
			a := e.areaNow(int(no))
			if left := a.Capacity - a.Held - a.Booked; left < n {
				list = append(list, shard.Conflict{Seat: shard.AreaCode(no, left), Status: shard.Held})
			}
			continue
		}
		st := e.statusAt(now, what)
		if own := channel != 0 && e.Seats[what].Channel == channel && st == shard.Blocked; !own && st != shard.Available {
			list = append(list, shard.Conflict{Seat: what, Status: st})
		}
	}
	return list
}

// markUndecided tells of a held seat whose bundle is open that it may be free in a moment.
func (e *ModelEvent) markUndecided(f *shard.Conflict) {
	if isArea(f.Seat) || f.Status != shard.Held {
		return
	}
	b := e.Seats[f.Seat].Granted.Bundle
	f.Undecided = b != nil && b.State == shard.BundleOpen
}

// seatsWrong wants 1…limit seats of the event and places of its areas, ascending, each
// once. What is wrong with the list itself is said before what is wrong with a seat in
// it, and that before what is wrong with an area.
func (e *ModelEvent) seatsWrong(seats []uint32, limit int) error {
	if len(seats) < 1 || len(seats) > limit {
		return shard.ErrBadRequest
	}
	for i := 1; i < len(seats); i++ {
		if seats[i] == seats[i-1] {
			return shard.ErrDuplicateSeat
		}
		if seats[i] < seats[i-1] {
			return shard.ErrBadRequest
		}
	}
	for _, seat := range seatsIn(seats) {
		if int(seat) >= len(e.Seats) {
			return shard.ErrUnknownSeat
		}
	}
	seen := map[uint32]bool{}
	for _, code := range seats[len(seatsIn(seats)):] {
		no, n, _ := shard.SplitCode(code)
		switch {
		case int(no) >= e.areas():
			return shard.ErrUnknownArea
		case seen[no]:
			return shard.ErrDuplicateSeat
		case n == 0:
			return shard.ErrBadRequest
		}
		seen[no] = true
	}
	if people(seats) > uint32(limit) {
		return shard.ErrBadRequest
	}
	return nil
}

// statusAt is a seat's status for somebody who asks at now.
func (e *ModelEvent) statusAt(now int64, seat uint32) shard.Status {
	s := e.Seats[seat]
	if s.Status == shard.Held && s.Granted.lapsed(now) {
		return e.vacant(seat)
	}
	return s.Status
}

// end gives a held hold's seats back, and with it those of its bundle, see settle.
func (m *Model) end(now int64, e *ModelEvent, h *ModelHold, as shard.HoldState) {
	if h.State != shard.HoldHeld {
		return
	}
	e.move(h.Seats, shard.Available)
	h.State, h.EndedAt = as, now
	if h.Bundle != nil {
		m.ended = append(m.ended, h)
	}
}

func (e *ModelEvent) answer(h *ModelHold, expires int64, out *shard.Result) {
	out.Number, out.Token, out.Version, out.Expires = h.Number, e.token(h.Number), e.Version(), expires
}

// token is the base of the era that the hold is of, plus its number.
func (e *ModelEvent) token(hold uint32) uint64 {
	base := e.Create.TokenBase
	for _, era := range e.Eras {
		if int(hold) > era.Holds {
			base = era.Base
		}
	}
	return base + uint64(hold)
}

// base is that of the present era.
func (e *ModelEvent) base() uint64 {
	if n := len(e.Eras); n > 0 {
		return e.Eras[n-1].Base
	}
	return e.Create.TokenBase
}

// find is the hold with that number, unless nobody is told of it.
func (e *ModelEvent) find(n uint32) *ModelHold {
	if n < 1 || int(n) > len(e.Holds) || e.Holds[n-1].Forgotten {
		return nil
	}
	return e.Holds[n-1]
}
