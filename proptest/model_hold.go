package proptest

import "github.com/usherhq/usher/shard"

// ModelHold is a hold; holds are never removed here, only forgotten.
type ModelHold struct {
	Number    uint32
	Seats     []uint32
	Holder    string
	State     shard.HoldState
	HeldAt    int64
	Ends      int64 // as long as it is held
	EndedAt   int64 // released, expired or booked
	Booking   uint32
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
	if out.Err = e.refuses(now, c, out); out.Err != nil {
		return
	}
	for _, seat := range c.Seats {
		if e.Seats[seat].Status == shard.Held {
			e.end(now, e.Seats[seat].Granted, shard.HoldExpired)
		}
	}
	h := &ModelHold{
		Number: uint32(len(e.Holds) + 1), Seats: append([]uint32(nil), c.Seats...), Holder: string(c.Holder),
		State: shard.HoldHeld, HeldAt: now, Ends: now + c.TTL,
	}
	e.Holds = append(e.Holds, h)
	for _, seat := range c.Seats {
		e.set(seat, shard.Held)
		e.Seats[seat].Granted = h
	}
	e.answer(h, h.Ends, out)
	e.remember(now, &c.Key, out)
}

func (e *ModelEvent) refuses(now int64, c *shard.Hold, out *shard.Result) error {
	if err := e.seatsWrong(c.Seats, shard.MaxSeatsPerHold); err != nil {
		return err
	}
	if c.TTL < shard.MinTTL || c.TTL > shard.MaxTTL || len(c.Holder) < 1 || len(c.Holder) > shard.MaxHolderLen {
		return shard.ErrBadRequest
	}
	if now < e.Create.OnsaleAt {
		return shard.ErrNotOnSale
	}
	for _, seat := range c.Seats {
		if st := e.statusAt(now, seat); st != shard.Available {
			out.Conflicts = append(out.Conflicts, shard.Conflict{Seat: seat, Status: st})
		}
	}
	if len(out.Conflicts) > 0 {
		return shard.ErrSeatsUnavailable
	}
	if e.full(&c.Key) {
		return shard.ErrIdempotencyFull
	}
	return nil
}

// seatsWrong wants 1…limit seats of the event, ascending, each once. What is wrong with
// the list itself is said before what is wrong with a seat in it.
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
	for _, seat := range seats {
		if int(seat) >= len(e.Seats) {
			return shard.ErrUnknownSeat
		}
	}
	return nil
}

// statusAt is a seat's status for somebody who asks at now.
func (e *ModelEvent) statusAt(now int64, seat uint32) shard.Status {
	s := e.Seats[seat]
	if s.Status == shard.Held && s.Granted.lapsed(now) {
		return shard.Available
	}
	return s.Status
}

// end gives a held hold's seats back.
func (e *ModelEvent) end(now int64, h *ModelHold, as shard.HoldState) {
	for _, seat := range h.Seats {
		e.set(seat, shard.Available)
	}
	h.State, h.EndedAt = as, now
}

func (e *ModelEvent) answer(h *ModelHold, expires int64, out *shard.Result) {
	out.Number, out.Token, out.Version, out.Expires = h.Number, e.token(h.Number), e.Version(), expires
}

func (e *ModelEvent) token(hold uint32) uint64 { return e.Create.TokenBase + uint64(hold) }

// find is the hold with that number, unless nobody is told of it.
func (e *ModelEvent) find(n uint32) *ModelHold {
	if n < 1 || int(n) > len(e.Holds) || e.Holds[n-1].Forgotten {
		return nil
	}
	return e.Holds[n-1]
}
