package shard

import "slices"

// choose finds what the claim's items are to be given, into s.picks, or sets out.Err.
func (s *State) choose(now int64, c *Claim, out *Result) {
	var together []uint32 // with Same: the seats for every night
	if c.Same {
		if together, out.Err = s.sameSeats(now, c, out); out.Err != nil {
			return
		}
	}
	var first error
	for i := range c.Items {
		from := len(out.Conflicts)
		seats, err := s.chooseItem(now, c, i, together, out)
		markItem(out.Conflicts[from:], i)
		switch {
		case err == nil:
			s.picks = append(s.picks, pick{i, seats})
			if c.Any {
				out.Conflicts, out.Granted = out.Conflicts[:0], nil
				return
			}
		case !c.Any:
			e := s.events[c.Items[i].Event]
			out.Err, out.Event, out.Version = err, e.no, e.version
			return
		case first == nil:
			first = err
		}
	}
	if c.Any {
		out.Err = first
	}
}

func markItem(list []Conflict, i int) {
	for k := range list {
		list[k].Item = uint16(i)
	}
}

// chooseItem finds what one item is to be given. Nothing of its event that matters has
// lapsed unseen.
func (s *State) chooseItem(now int64, c *Claim, i int, together []uint32, out *Result) (seats []uint32, err error) {
	it := &c.Items[i]
	e := s.events[it.Event]
	t := c.terms(it)
	if err := e.checkItem(now, it, &t); err != nil {
		return nil, err
	}
	switch {
	case together != nil:
		seats = append(slices.Clone(together), it.Seats...)
		err = e.asFound(now, seats, &t, &s.scratch, out)
	case it.Best != nil:
		seats, err = e.findBest(now, it, &t, &s.scratch, out)
	case it.Fan != FanNone && len(seatsOnly(it.Seats)) > 0:
		seats, err = e.fan(now, it, &t, &s.scratch, out)
	default:
		seats, err = it.Seats, e.asWanted(now, it, &t, &s.scratch, out)
	}
	return seats, err
}

// checkItem judges what does not depend on who has which seat, and finds the channel.
func (e *Event) checkItem(now int64, it *Item, t *terms) error {
	if len(it.Seats) > 0 {
		if err := e.checkSeats(it.Seats, MaxSeatsPerHold); err != nil {
			return err
		}
	}
	if err := e.checkTerms(now, t); err != nil {
		return err
	}
	if it.Channel != [16]byte{} {
		if t.channel = e.channelOf(it.Channel); t.channel == 0 {
			return ErrUnknownChannel
		}
	}
	if it.searches() {
		if e.plan == nil {
			return ErrNoPlan
		}
		if it.Best != nil && !it.Best.fits(e.plan) {
			return ErrBadRequest
		}
	}
	return nil
}

// asWanted is nil when exactly what is wanted can be had.
func (e *Event) asWanted(now int64, it *Item, t *terms, s *scratch, out *Result) error {
	if err := e.changed(it, out); err != nil {
		return err
	}
	return e.asFound(now, it.Seats, t, s, out)
}

// asFound is nil when exactly these can be had.
func (e *Event) asFound(now int64, seats []uint32, t *terms, s *scratch, out *Result) error {
	if err := e.conflicts(now, seats, t.channel, out); err != nil {
		return err
	}
	return e.refuseRules(t, seats, s, out)
}

// changed notes what is not at the version that the claim was made for.
func (e *Event) changed(it *Item, out *Result) (err error) {
	if it.Versions == nil && !it.IfSince {
		return nil
	}
	for i, seat := range it.Seats {
		at, st := e.versionOf(seat)
		if it.Versions != nil && it.Versions[i] != at || it.IfSince && at > it.Since {
			out.Conflicts = append(out.Conflicts, Conflict{Seat: seat, Status: st, Version: at})
			err = ErrVersionConflict
		}
	}
	return err
}

// versionOf is the version and status of a seat, or of an area that places are wanted in.
func (e *Event) versionOf(code uint32) (uint64, Status) {
	if no, _, ok := SplitCode(code); ok {
		return e.areas[no].version, Available
	}
	return e.SeatVersion(code), e.Status(code)
}

// findBest searches, and adds the places in areas that are wanted besides.
func (e *Event) findBest(now int64, it *Item, t *terms, s *scratch, out *Result) ([]uint32, error) {
	found, ok := e.plan.best(it.Best, e.vacanciesIn(s, t.channel), max(e.rules.Orphans, it.Orphans), s)
	if !ok {
		return nil, e.unavailable(now, it.Seats, t.channel, out)
	}
	t.placed = true
	seats := append(found, it.Seats...)
	return seats, e.asFound(now, seats, t, s, out)
}

// vacanciesIn builds the map of what can be had in room of the event's own, which a
// search copies from.
func (e *Event) vacanciesIn(s *scratch, channel uint8) freeMap {
	s.house = e.vacancies(s.house, channel)
	return s.house
}

// fan takes the wanted seats, and others for those that are gone.
func (e *Event) fan(now int64, it *Item, t *terms, s *scratch, out *Result) ([]uint32, error) {
	if err := e.changed(it, out); err != nil {
		return nil, err
	}
	wanted := seatsOnly(it.Seats)
	got, ok := e.plan.fanOut(wanted, e.vacanciesIn(s, t.channel), max(e.rules.Orphans, it.Orphans), s)
	if !ok {
		return nil, e.unavailable(now, it.Seats, t.channel, out)
	}
	if slices.Equal(got, wanted) {
		return it.Seats, e.asFound(now, it.Seats, t, s, out)
	}
	t.placed = true
	seats := append(got, it.Seats[len(wanted):]...)
	if it.Fan == FanSuggest {
		out.Granted = append(out.Granted, Granted{Event: e.no, Version: e.version, Seats: seats})
		return nil, e.unavailable(now, it.Seats, t.channel, out)
	}
	return seats, e.asFound(now, seats, t, s, out)
}

// unavailable refuses, and names what stands in the way of these seats and places, if
// anything does: a search may find nothing where nothing was named.
func (e *Event) unavailable(now int64, seats []uint32, channel uint8, out *Result) error {
	_ = e.conflicts(now, seats, channel, out)
	return ErrSeatsUnavailable
}

// sameSeats finds the best seats that can be had on every item's event. All must be of
// one plan. What one event's policy about orphans asks for is asked of what is free on
// all; each event judges for itself after.
func (s *State) sameSeats(now int64, c *Claim, out *Result) ([]uint32, error) {
	first := s.events[c.Items[0].Event]
	policy := OrphansAllow
	for i := range c.Items {
		it := &c.Items[i]
		e := s.events[it.Event]
		out.Event, out.Version = e.no, e.version
		t := c.terms(it)
		if it.Best == nil || e.planSum != first.planSum {
			return nil, ErrBadRequest
		}
		if err := e.checkItem(now, it, &t); err != nil {
			return nil, err
		}
		policy = max(policy, e.rules.Orphans, it.Orphans)
		if i == 0 {
			s.scratch.nights = e.vacancies(s.scratch.nights, t.channel)
		} else {
			s.scratch.nights.and(e.vacanciesIn(&s.scratch, t.channel))
		}
	}
	out.Event, out.Version = first.no, first.version
	seats, ok := first.plan.best(c.Items[0].Best, s.scratch.nights, policy, &s.scratch)
	if !ok {
		return nil, ErrSeatsUnavailable
	}
	return seats, nil
}
