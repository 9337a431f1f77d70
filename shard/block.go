package shard

// Block takes seats off sale, or with Unblock puts them back; all or none.
type Block struct {
	Event   uint32
	Seats   []uint32 // strictly ascending, 1…MaxBlockSeats
	Unblock bool
	Reason  []byte // ≤ MaxReasonLen, kept while the seats are blocked
	Key     Key
}

// Block changes the seats that are not yet as asked; held or booked ones are conflicts,
// and then nothing changes.
func (s *State) Block(now int64, c *Block, out *Result) {
	e, ok := s.begin(now, c.Event, &c.Key, out)
	if !ok {
		return
	}
	if len(c.Reason) > MaxReasonLen {
		out.Err = ErrBadRequest
		return
	}
	if out.Err = e.blockable(now, c.Seats, out); out.Err != nil {
		return
	}
	e = s.own(c.Event)
	s.lapse(e, now, c.Seats)
	from, to := Available, Blocked
	if c.Unblock {
		from, to = Blocked, Available
	}
	for _, seat := range c.Seats {
		if e.Status(seat) == from {
			e.set(seat, to, e.owner(seat))
			out.Count++
		}
		e.setChannel(seat, 0)
		if c.Unblock {
			e.setReason(seat, nil)
		} else {
			e.setReason(seat, c.Reason)
		}
	}
	out.Version = e.version
	e.remember(now, &c.Key, out)
}

// blockable wants seats that nobody has; those somebody has are conflicts.
func (e *Event) blockable(now int64, seats []uint32, out *Result) error {
	if err := e.checkSeats(seats, MaxBlockSeats); err != nil {
		return err
	}
	if len(seatsOnly(seats)) < len(seats) {
		return ErrUnknownSeat // places in an area have no names to block
	}
	for _, seat := range seats {
		if st := e.statusAt(now, seat); st == Held || st == Booked {
			out.Conflicts = append(out.Conflicts, Conflict{Seat: seat, Status: st})
		}
	}
	if len(out.Conflicts) > 0 {
		return ErrSeatsUnavailable
	}
	return nil
}

// setReason notes why a seat is off sale; an empty reason forgets it.
func (e *Event) setReason(seat uint32, reason []byte) {
	if old, ok := e.reasons[seat]; ok {
		e.sum -= reasonSum(seat, old)
		delete(e.reasons, seat)
	}
	if len(reason) == 0 {
		return
	}
	if e.reasons == nil {
		e.reasons = make(map[uint32]string)
	}
	e.reasons[seat] = string(reason)
	e.sum += reasonSum(seat, e.reasons[seat])
}

// Reason is why a seat is blocked, as the operator said; empty otherwise.
func (e *Event) Reason(seat uint32) string { return e.reasons[seat] }
