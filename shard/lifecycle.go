package shard

// Extend moves a hold's end to now + TTL; its token stays.
type Extend struct {
	Event uint32
	Hold  uint32
	Token uint64
	TTL   int64 // milliseconds, MinTTL…MaxTTL
	Key   Key
}

// Release gives a hold's seats back.
type Release struct {
	Event uint32
	Hold  uint32
	Token uint64 // 0: not checked
	// Declined says that the hold ends because its payment was declined: out.Count is 1
	// then, and stays so when the key is used again, be it in a Book.
	Declined bool
	Key      Key
}

// Extend moves the hold's end. A late holder is told ErrStaleFencingToken when one of
// the seats has been granted again since, else that the hold has ended.
func (s *State) Extend(now int64, c *Extend, out *Result) {
	e, ok := s.begin(now, c.Event, &c.Key, out)
	if !ok {
		return
	}
	if c.TTL < MinTTL || c.TTL > MaxTTL {
		out.Err = ErrBadRequest
		return
	}
	if out.Err = s.usable(now, e, c.Hold, c.Token, out); out.Err != nil {
		return
	}
	e = s.own(c.Event)
	s.prolong(e, c.Hold, now+c.TTL)
	e.answerHold(c.Hold, now+c.TTL, out)
	e.remember(now, &c.Key, out)
}

// Release frees the seats. Releasing what is released or expired changes nothing and
// is no error; what is booked is ErrAlreadyBooked.
func (s *State) Release(now int64, c *Release, out *Result) {
	e, ok := s.begin(now, c.Event, &c.Key, out)
	if !ok {
		return
	}
	p, i := e.hold(c.Hold)
	switch {
	case p == nil || !s.leads(e, c.Hold):
		out.Err = ErrUnknownHold
		return
	case c.Token == 0 && p.flags[i]&HoldLease != 0 && !c.Declined:
		out.Err = ErrTokenRequired
		return
	case c.Token != 0 && c.Token != e.Token(c.Hold):
		out.Err = ErrStaleFencingToken
		return
	case p.state[i] == HoldBooked:
		out.Err = ErrAlreadyBooked
		return
	}
	e = s.own(c.Event)
	if p.state[i] == HoldHeld {
		end := HoldReleased
		if p.expires[i] <= now {
			end = HoldExpired
		}
		e.free(now, c.Hold, end)
		s.settle(now, e)
	}
	e.answerHold(c.Hold, 0, out)
	if c.Declined {
		out.Count = 1
	}
	e.remember(now, &c.Key, out)
}

// begin finds the event and answers what is answered from the idempotency table; false
// means out is complete.
func (s *State) begin(now int64, no uint32, key *Key, out *Result) (*Event, bool) {
	out.reset(now)
	e := s.Event(no)
	if e == nil {
		out.Err = ErrUnknownEvent
		return nil, false
	}
	out.Event, out.Version = no, e.version
	if e.recall(now, key, out) {
		return nil, false
	}
	if e.keys.full(e.maxKeys, key) {
		out.Err = ErrIdempotencyFull
		return nil, false
	}
	return e, true
}

// Usable is nil when the hold is held at now by who shows the token (0: not checked);
// else it says why not. It is a read, and what it says of a hold that has ended stays
// true.
//
// Of a bundle's holds only the home's is ever usable, and only when the bundle stands.
func (s *State) Usable(now int64, no, n uint32, token uint64) error {
	e := s.Event(no)
	if e == nil {
		return ErrUnknownEvent
	}
	if !s.leads(e, n) {
		return ErrUnknownHold
	}
	return e.usable(now, n, token)
}

func (e *Event) usable(now int64, n uint32, token uint64) error {
	p, i := e.hold(n)
	switch {
	case p == nil:
		return ErrUnknownHold
	case token != 0 && token != e.Token(n):
		return ErrStaleFencingToken
	case p.state[i] == HoldBooked:
		return ErrAlreadyBooked
	case p.state[i] == HoldHeld && p.expires[i] > now:
		return nil
	}
	for _, seat := range seatsOnly(p.seatsOf(i)) {
		if e.owner(seat) > n {
			return ErrStaleFencingToken
		}
	}
	if p.state[i] == HoldReleased {
		return ErrHoldReleased
	}
	return ErrHoldExpired
}

// usable is Usable, and ends a hold that has lapsed, so that what the holder is told is
// also what everybody sees.
func (s *State) usable(now int64, e *Event, n uint32, token uint64, out *Result) error {
	err := s.Usable(now, e.no, n, token)
	if p, i := e.hold(n); err == ErrHoldExpired && p.state[i] == HoldHeld {
		e = s.own(e.no)
		e.expire(now, n)
		s.settle(now, e)
		out.Version = e.version
	}
	return err
}

func (e *Event) expire(now int64, n uint32) { e.free(now, n, HoldExpired) }

// free ends a hold that is held: its seats are available again.
func (e *Event) free(now int64, n uint32, end HoldState) {
	p, i := e.hold(n)
	seats := p.seatsOf(i)
	for _, seat := range seats {
		if seat >= areaBit {
			e.shift(seat, Held, Available)
		} else {
			e.set(seat, e.vacant(seat), n)
		}
	}
	e.lose(p.holder(i), seats)
	if b := p.bundle(i); b != 0 {
		e.cascade = append(e.cascade, b)
	}
	e.end(now, n, end, now)
}

// end writes a hold's last state; what it leaves in the expiry field is the time it
// ended, or the booking's number.
func (e *Event) end(now int64, n uint32, end HoldState, note int64) {
	p, i := e.ownHold(n)
	e.sum -= p.sum(i, n)
	p.state[i] = end
	p.expires[i] = note
	p.active--
	p.lastEnded = max(p.lastEnded, now)
	e.sum += p.sum(i, n)
	if p.active == 0 {
		e.dueAt(n, now+Retention)
	}
}

func (e *Event) answerHold(n uint32, expires int64, out *Result) {
	out.Number, out.Token, out.Version, out.Expires = n, e.Token(n), e.version, expires
}
