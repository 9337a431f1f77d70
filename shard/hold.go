package shard

// HoldState is where a hold stands.
type HoldState uint8

// The states of a hold. Numbers are in snapshots: they never change.
const (
	HoldHeld     HoldState = 1
	HoldBooked   HoldState = 2
	HoldReleased HoldState = 3
	HoldExpired  HoldState = 4
)

// Hold claims exactly these seats, all or none.
type Hold struct {
	Event  uint32
	Seats  []uint32 // strictly ascending, 1…MaxSeatsPerHold
	TTL    int64    // milliseconds, MinTTL…MaxTTL
	Holder []byte   // 1…MaxHolderLen
	Key    Key
}

// HoldInfo is a hold as it stands; its slices are the caller's.
type HoldInfo struct {
	Number  uint32
	State   HoldState
	HeldAt  int64
	Expires int64  // while held: when it ends; released or expired: when it ended
	Booking uint32 // when booked
	Holder  string
	Seats   []uint32
}

// Hold grants the seats or says which were in the way; in that case nothing changes.
func (s *State) Hold(now int64, c *Hold, out *Result) {
	out.reset(now)
	e := s.Event(c.Event)
	if e == nil {
		out.Err = ErrUnknownEvent
		return
	}
	if e.recall(now, &c.Key, out) {
		return
	}
	if e.refuse(now, c, out); out.Err != nil {
		return
	}
	e = s.own(c.Event)
	e.lapse(now, c.Seats)
	e.grant(now, c, out)
	e.remember(now, &c.Key, out)
}

// RefuseHold is a read: it tells whether the claim would be refused, or answered from
// the idempotency table, if it were applied to this state at now; out is then what it
// would be told. It lets a proposer that may speak for the log keep lost claims out of
// it. A claim it does not settle must go through Hold.
func (s *State) RefuseHold(now int64, c *Hold, out *Result) bool {
	out.reset(now)
	e := s.Event(c.Event)
	if e == nil {
		out.Err = ErrUnknownEvent
		return true
	}
	if e.recall(now, &c.Key, out) {
		return true
	}
	e.refuse(now, c, out)
	return out.Err != nil
}

// refuse sets out.Err when the claim cannot be granted at now.
func (e *Event) refuse(now int64, c *Hold, out *Result) {
	out.Event, out.Version = e.no, e.version
	if out.Err = e.checkSeats(c.Seats, MaxSeatsPerHold); out.Err != nil {
		return
	}
	switch {
	case c.TTL < MinTTL || c.TTL > MaxTTL || len(c.Holder) == 0 || len(c.Holder) > MaxHolderLen:
		out.Err = ErrBadRequest
		return
	case now < e.onsale:
		out.Err = ErrNotOnSale
		return
	case e.lastHold == ^uint32(0) || e.base+uint64(e.lastHold) >= MaxToken:
		out.Err = ErrTooManyHolds
		return
	}
	for _, seat := range c.Seats {
		if st := e.statusAt(now, seat); st != Available {
			out.Conflicts = append(out.Conflicts, Conflict{seat, st})
			out.Err = ErrSeatsUnavailable
		}
	}
	if out.Err == nil && e.keys.full(e.maxKeys, &c.Key) {
		out.Err = ErrIdempotencyFull
	}
}

// checkSeats wants 1…limit seats of the event, strictly ascending.
func (e *Event) checkSeats(seats []uint32, limit int) error {
	if len(seats) == 0 || len(seats) > limit {
		return ErrBadRequest
	}
	for i, seat := range seats {
		if i > 0 && seat <= seats[i-1] {
			if seat == seats[i-1] {
				return ErrDuplicateSeat
			}
			return ErrBadRequest
		}
	}
	if seats[len(seats)-1] >= e.seats {
		return ErrUnknownSeat
	}
	return nil
}

// statusAt is the seat's state at now: a hold that has lapsed no longer counts, swept
// or not.
func (e *Event) statusAt(now int64, seat uint32) Status {
	st := e.Status(seat)
	if st == Held {
		if p, i := e.hold(e.owner(seat)); p != nil && p.expires[i] <= now {
			return Available
		}
	}
	return st
}

// lapse ends the lapsed holds that still sit on these seats.
func (e *Event) lapse(now int64, seats []uint32) {
	for _, seat := range seats {
		if e.Status(seat) == Held {
			e.expire(now, e.owner(seat))
		}
	}
}

// grant writes the hold; everything has been checked.
func (e *Event) grant(now int64, c *Hold, out *Result) {
	e.lastHold++
	n := e.lastHold
	p, i := e.newHold(n)
	p.state[i] = HoldHeld
	p.heldAt[i] = now
	p.expires[i] = now + c.TTL
	p.putSeats(i, c.Seats)
	p.putHolder(i, c.Holder)
	p.active++
	for _, seat := range c.Seats {
		e.set(seat, Held, n)
	}
	e.sum += p.sum(i, n)
	e.dueAt(n, now+c.TTL)
	out.Number, out.Token, out.Version, out.Expires = n, e.Token(n), e.version, now+c.TTL
}

// HoldInfo reads a hold; false when there is none with that number, or it ended more
// than Retention ago.
func (e *Event) HoldInfo(n uint32) (HoldInfo, bool) {
	p, i := e.hold(n)
	if p == nil {
		return HoldInfo{}, false
	}
	h := HoldInfo{
		Number: n, State: p.state[i], HeldAt: p.heldAt[i], Expires: p.expires[i],
		Holder: string(p.holder(i)), Seats: append([]uint32(nil), p.seatsOf(i)...),
	}
	if h.State == HoldBooked {
		h.Booking = uint32(h.Expires)
		h.Expires = 0
	}
	return h, true
}
