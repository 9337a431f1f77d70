package shard

// Rules are what every claim of an event is held to, whoever makes it and however.
type Rules struct {
	PerHolder uint32  // seats and places that one holder may have, held plus booked; 0: no limit
	Orphans   Orphans // what a claim may leave over; a claim can ask for more, never for less
	Gated     bool    // only admitted claims are granted
}

func (r Rules) sound() bool { return r.Orphans <= OrphansForbid }

// lookAround tells whether a claim of this event is judged by more than its own seats:
// then what has lapsed anywhere in the event has to be ended first.
func (r Rules) lookAround() bool { return r.PerHolder > 0 || r.Orphans != OrphansAllow }

// Rules are the event's.
func (e *Event) Rules() Rules { return e.rules }

// Plan is the event's seating plan, or nil.
func (e *Event) Plan() *Plan { return e.plan }

// planFor finds the plan with that sum, decoded once for all events; the zero sum has
// none and is no error.
func (s *State) planFor(sum [32]byte, seats uint32) (*Plan, error) {
	if sum == [32]byte{} {
		return nil, nil
	}
	p := s.plans[sum]
	if p == nil {
		doc := s.Charts.Get(sum)
		if doc == nil || !doc.Complete() {
			return nil, ErrUnknownChart
		}
		var err error
		if p, err = DecodePlan(doc.Data); err != nil {
			return nil, ErrBadPlan
		}
		if s.plans == nil {
			s.plans = make(map[[32]byte]*Plan)
		}
		s.plans[sum] = p
	}
	if p.Seats() != seats {
		return nil, ErrBadPlan
	}
	return p, nil
}

// refuseRules judges a claim of exactly these seats, all of them free, by the event's
// rules and the claim's own. Nothing of the event may have lapsed unseen.
func (e *Event) refuseRules(c *terms, seats []uint32, s *Scratch, out *Result) error {
	if n := e.rules.PerHolder; n > 0 {
		if has := e.has[string(c.holder)]; has+weight(seats) > n {
			out.Count = has
			return ErrLimitExceeded
		}
	}
	policy := max(e.rules.Orphans, c.orphans)
	if policy == OrphansAllow || c.placed {
		return nil
	}
	if e.plan == nil {
		return ErrNoPlan
	}
	own := seatsOnly(seats)
	if len(own) == 0 {
		return nil
	}
	s.free = e.free(s.free, c.channel)
	for _, seat := range e.plan.stranded(s.free, own, policy, nil) {
		out.Conflicts = append(out.Conflicts, Conflict{Seat: seat, Status: Available})
	}
	if len(out.Conflicts) > 0 {
		return ErrOrphanSeats
	}
	return nil
}

// free is the map of the seats that a claim with this channel (0: none) may have.
func (e *Event) free(buf freeMap, channel uint8) freeMap {
	buf = e.freeMap(buf)
	if channel == 0 {
		return buf
	}
	for pi, p := range e.seatPages {
		for i := range uint32(seatsInPage) {
			if p.channel == nil {
				break
			}
			if p.channel[i] == channel && p.status(i) == Blocked {
				seat := uint32(pi)<<seatShift + i
				buf[seat>>6] |= 1 << (seat & 63)
			}
		}
	}
	return buf
}
