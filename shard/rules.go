package shard

// Rules are what every claim of an event is held to, whoever makes it and however.
type Rules struct {
	PerHolder uint32  // seats and places that one holder may have, held plus booked; 0: no limit
	Orphans   Orphans // what a claim may leave over; a claim can ask for more, never for less
	Gated     bool    // only admitted claims are granted
}

func (r Rules) sound() bool { return r.Orphans <= OrphansForbid }

// wide tells whether claims are judged by more than their own seats.
func (r Rules) wide() bool { return r.PerHolder > 0 || r.Orphans != OrphansAllow }

// lookAround tells whether a claim of these seats is judged by more than them: then what
// has lapsed anywhere in the event has to be ended first. Places in an area are counted,
// so nobody can tell which hold has one.
func (e *Event) lookAround(seats []uint32) bool {
	return e.rules.wide() || len(seats) > 0 && seats[len(seats)-1] >= areaBit
}

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

// refuseRules judges a claim of exactly these seats, all of them to be had, by the event's
// rules and the claim's own. Nothing of the event may have lapsed unseen. Without a
// scratch (a read) orphans are not looked at.
func (e *Event) refuseRules(t *terms, seats []uint32, s *scratch, out *Result) error {
	if n := e.rules.PerHolder; n > 0 {
		if has := e.has[string(t.holder)]; has+weight(seats) > n {
			out.Count = has
			return ErrLimitExceeded
		}
	}
	policy := max(e.rules.Orphans, t.orphans)
	seats = seatsOnly(seats)
	if policy == OrphansAllow || t.placed || len(seats) == 0 || s == nil {
		return nil
	}
	if e.plan == nil {
		return ErrNoPlan
	}
	s.free = e.vacancies(s.free, t.channel)
	s.border = e.plan.stranded(s.free, seats, policy, s.border)
	for _, seat := range s.border {
		out.Conflicts = append(out.Conflicts, Conflict{Seat: seat, Status: Available})
	}
	if len(s.border) > 0 {
		return ErrOrphanSeats
	}
	return nil
}

// vacancies are the seats that a claim with this channel (0: none) may have.
func (e *Event) vacancies(buf freeMap, channel uint8) freeMap {
	buf = e.freeMap(buf)
	if channel == 0 {
		return buf
	}
	for pi, p := range e.seatPages {
		for i := uint32(0); p.channel != nil && i < seatsInPage; i++ {
			if p.channel[i] == channel && p.status(i) == Blocked {
				buf.add(uint32(pi)<<seatShift + i)
			}
		}
	}
	return buf
}

// Vacancies are the seats that who shows the channel's key (zero: none) may have, as the
// event stands: bit s%64 of word s/64 of seat s. A read; the memory is the caller's.
func (e *Event) Vacancies(channel [16]byte) []uint64 {
	return e.vacancies(nil, e.channelOf(channel))
}
