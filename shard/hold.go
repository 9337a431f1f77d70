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

// HoldFlags say what is special about a hold. Numbers are in snapshots: they never change.
type HoldFlags uint8

// The flags of a hold.
const (
	HoldLease HoldFlags = 1 << iota // who books or releases it has to show its token

	holdFlags = HoldLease
)

// Hold claims exactly these seats, all or none.
type Hold struct {
	Event    uint32
	Seats    []uint32 // strictly ascending; seats, then places in areas (see AreaCode): 1…MaxSeatsPerHold in all
	TTL      int64    // milliseconds, MinTTL…MaxTTL
	Holder   []byte   // 1…MaxHolderLen
	Lease    bool     // book and release want the token
	Admitted bool     // the holder has been admitted, which events with a gate ask for
	Key      Key
}

// terms are what claims of all kinds have besides their seats.
type terms struct {
	ttl      int64
	holder   []byte
	admitted bool
	flags    HoldFlags
	orphans  Orphans
	channel  uint8 // of the event at hand; 0: none
	placed   bool  // the seats were chosen here, with the policy about orphans in mind
}

func (c *Hold) terms() terms {
	t := terms{ttl: c.TTL, holder: c.Holder, admitted: c.Admitted}
	if c.Lease {
		t.flags = HoldLease
	}
	return t
}

// HoldInfo is a hold as it stands; its slices are the caller's.
type HoldInfo struct {
	Number  uint32
	State   HoldState
	HeldAt  int64
	Expires int64  // while held: when it ends, math.MaxInt64 if its bundle's home says when; released or expired: when it ended
	Booking uint32 // when booked
	Lease   bool
	Bundle  uint32 // number of the bundle it is part of; 0: of none
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
	if e.lookAround(c.Seats) {
		e = s.endDue(now, e)
	}
	t := c.terms()
	if e.refuse(now, c, &t, &s.scratch, out); out.Err != nil {
		s.markUndecided(nil, out)
		return
	}
	e = s.own(c.Event)
	s.lapse(e, now, c.Seats)
	e.grant(now, c.Seats, &t, 0, out)
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
	if e.due <= now && e.lookAround(c.Seats) {
		return false // what has lapsed is to be ended first
	}
	t := c.terms()
	e.refuse(now, c, &t, nil, out)
	if out.Err != nil {
		s.markUndecided(nil, out)
	}
	return out.Err != nil
}

// refuse sets out.Err when the claim cannot be granted at now. Without a scratch it is a
// read, which does not see all that may be refused.
func (e *Event) refuse(now int64, c *Hold, t *terms, s *scratch, out *Result) {
	out.Event, out.Version = e.no, e.version
	if out.Err = e.checkSeats(c.Seats, MaxSeatsPerHold); out.Err != nil {
		return
	}
	if out.Err = e.checkTerms(now, t); out.Err != nil {
		return
	}
	if out.Err = e.conflicts(now, c.Seats, 0, out); out.Err != nil {
		return
	}
	if e.rules.wide() {
		if out.Err = e.refuseRules(t, c.Seats, s, out); out.Err != nil {
			return
		}
		if s == nil && e.rules.Orphans != OrphansAllow {
			return // nobody has looked at orphans, which come before the key
		}
	}
	if e.keys.full(e.maxKeys, &c.Key) {
		out.Err = ErrIdempotencyFull
	}
}

// checkTerms judges what does not depend on the seats.
func (e *Event) checkTerms(now int64, t *terms) error {
	switch {
	case t.ttl < MinTTL || t.ttl > MaxTTL || len(t.holder) == 0 || len(t.holder) > MaxHolderLen:
		return ErrBadRequest
	case now < e.onsale:
		return ErrNotOnSale
	case e.rules.Gated && !t.admitted:
		return ErrAdmissionRequired
	case e.lastHold == ^uint32(0) || e.era.Base+uint64(e.lastHold) >= MaxToken:
		return ErrTooManyHolds
	}
	return nil
}

// conflicts notes what of these seats and places a claim with this channel cannot have.
func (e *Event) conflicts(now int64, seats []uint32, channel uint8, out *Result) (err error) {
	for _, seat := range seats {
		if no, n, ok := SplitCode(seat); ok {
			if left := e.areas[no].left(); left < n {
				out.Conflicts = append(out.Conflicts, Conflict{Seat: AreaCode(no, left), Status: Held})
				err = ErrSeatsUnavailable
			}
			continue
		}
		st := e.statusAt(now, seat)
		if st == Blocked && channel != 0 && e.seatChannel(seat) == channel {
			st = Available
		}
		if st != Available {
			out.Conflicts = append(out.Conflicts, Conflict{Seat: seat, Status: st})
			err = ErrSeatsUnavailable
		}
	}
	return err
}

// checkSeats wants 1…limit seats and places of the event, strictly ascending.
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
	if seats[len(seats)-1] < e.seats {
		return nil
	}
	own := seatsOnly(seats)
	if n := len(own); n > 0 && own[n-1] >= e.seats {
		return ErrUnknownSeat
	}
	if err := e.checkAreas(seats[len(own):]); err != nil {
		return err
	}
	if weight(seats) > uint32(limit) {
		return ErrBadRequest
	}
	return nil
}

// statusAt is the seat's state at now: a hold that has lapsed no longer counts, swept
// or not.
func (e *Event) statusAt(now int64, seat uint32) Status {
	st := e.Status(seat)
	if st == Held {
		if p, i := e.hold(e.owner(seat)); p != nil && p.expires[i] <= now {
			return e.vacant(seat)
		}
	}
	return st
}

// lapse ends the lapsed holds that still sit on these seats, which are to be granted.
func (s *State) lapse(e *Event, now int64, seats []uint32) {
	for _, seat := range seats {
		if seat < areaBit && e.Status(seat) == Held {
			e.expire(now, e.owner(seat))
		}
	}
	if len(e.cascade) > 0 {
		s.settle(now, e)
	}
}

// grant writes the hold; everything has been checked. It lapses with its bundle, if that
// is not decided here and now.
func (e *Event) grant(now int64, seats []uint32, t *terms, bundle uint32, out *Result) {
	e.lastHold++
	n := e.lastHold
	p, i := e.newHold(n)
	p.state[i] = HoldHeld
	p.flags[i] = t.flags
	p.heldAt[i] = now
	p.expires[i] = now + t.ttl
	p.putSeats(i, seats)
	p.putHolder(i, t.holder)
	p.putBundle(i, bundle)
	p.active++
	for _, seat := range seats {
		if seat >= areaBit {
			e.shift(seat, Available, Held)
		} else {
			e.set(seat, Held, n)
		}
	}
	e.gain(t.holder, seats)
	e.sum += p.sum(i, n)
	e.dueAt(n, now+t.ttl)
	out.Event, out.Number, out.Token, out.Version, out.Expires = e.no, n, e.Token(n), e.version, now+t.ttl
}

// HoldState tells where a hold stands and which bundle it is of, 0 for none; false as with
// HoldInfo, which costs more.
func (e *Event) HoldState(n uint32) (st HoldState, bundle uint32, ok bool) {
	p, i := e.hold(n)
	if p == nil {
		return 0, 0, false
	}
	return p.state[i], p.bundle(i), true
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
		Lease: p.flags[i]&HoldLease != 0, Bundle: p.bundle(i),
	}
	if h.State == HoldBooked {
		h.Booking = uint32(h.Expires)
		h.Expires = 0
	}
	return h, true
}
