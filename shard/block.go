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
	if out.Err = e.checkSeats(c.Seats, MaxBlockSeats); out.Err != nil {
		return
	}
	for _, seat := range c.Seats {
		if st := e.statusAt(now, seat); st == Held || st == Booked {
			out.Conflicts = append(out.Conflicts, Conflict{seat, st})
			out.Err = ErrSeatsUnavailable
		}
	}
	if out.Err != nil {
		return
	}
	e = s.own(c.Event)
	e.lapse(now, c.Seats)
	from, to := Available, Blocked
	if c.Unblock {
		from, to = Blocked, Available
	}
	for _, seat := range c.Seats {
		if e.Status(seat) == from {
			e.set(seat, to, e.owner(seat))
			out.Count++
		}
		e.setReason(seat, c)
	}
	out.Version = e.version
	e.remember(now, &c.Key, out)
}

func (e *Event) setReason(seat uint32, c *Block) {
	if old, ok := e.reasons[seat]; ok {
		e.sum -= reasonSum(seat, old)
		delete(e.reasons, seat)
	}
	if c.Unblock || len(c.Reason) == 0 {
		return
	}
	if e.reasons == nil {
		e.reasons = make(map[uint32]string)
	}
	e.reasons[seat] = string(c.Reason)
	e.sum += reasonSum(seat, e.reasons[seat])
}

// Reason is why a seat is blocked, as the operator said; empty otherwise.
func (e *Event) Reason(seat uint32) string { return e.reasons[seat] }
