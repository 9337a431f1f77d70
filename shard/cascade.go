package shard

import "slices"

// What happens to a bundle's first hold happens to all of them: those of this group in
// the same command, those of others when their groups are told.

// leads tells whether a hold is one that can be used by itself: of a bundle only the
// home's first can, once the bundle stands.
func (s *State) leads(e *Event, n uint32) bool {
	p, i := e.hold(n)
	if p == nil || p.bundle(i) == 0 {
		return true // of one that is not there others have to tell
	}
	r := s.bundles.get(p.bundle(i))
	if r == nil {
		return p.state[i] != HoldHeld // the bundle was forgotten: it ended long ago
	}
	return r.leader(e.no, n)
}

func (r *bundle) leader(event, hold uint32) bool {
	return r.home == 0 && r.state != BundleOpen && len(r.parts) > 0 && r.parts[0].Event == event && r.parts[0].Hold == hold
}

func (s *State) leadsBooking(e *Event, n uint32) bool {
	p, i := e.booking(n)
	b := &p.recs[i]
	if b.bundle == 0 {
		return true
	}
	r := s.bundles.get(b.bundle)
	return r != nil && r.leader(e.no, b.hold)
}

// prolong moves the end of a hold that leads, and of all of its bundle here.
func (s *State) prolong(e *Event, n uint32, until int64) {
	e.endAt(n, until)
	p, i := e.hold(n)
	if p.bundle(i) == 0 {
		return
	}
	for _, part := range s.bundles.get(p.bundle(i)).parts {
		if part.Group == 0 && (part.Event != e.no || part.Hold != n) {
			s.own(part.Event).endAt(part.Hold, until)
		}
	}
}

// endAt moves a hold's end.
func (e *Event) endAt(n uint32, until int64) {
	p, i := e.ownHold(n)
	e.sum -= p.sum(i, n)
	p.expires[i] = until
	e.sum += p.sum(i, n)
	e.dueAt(n, until)
}

// settle ends the bundles of the holds that have just ended in an event.
func (s *State) settle(now int64, e *Event) {
	for len(e.cascade) > 0 {
		n := e.cascade[len(e.cascade)-1]
		e.cascade = e.cascade[:len(e.cascade)-1]
		r := s.bundles.get(n)
		if r == nil || r.state != BundleHeld {
			continue // whoever ended the holds has ended the bundle
		}
		next := *r
		next.state, next.endedAt = BundleEnded, now
		next.pending = groupsOf(r.parts)
		s.putBundle(n, next)
		s.freeParts(now, &next, s.endOf(&next))
	}
}

// endOf is how the hold of a bundle that has ended did.
func (s *State) endOf(r *bundle) HoldState {
	for _, part := range r.parts {
		if part.Group != 0 {
			continue
		}
		if p, i := s.events[part.Event].hold(part.Hold); p != nil && p.state[i] != HoldHeld {
			return p.state[i]
		}
	}
	return HoldExpired
}

// groupsOf are the other groups of a bundle, ascending.
func groupsOf(parts []Part) []uint16 {
	var groups []uint16
	for _, p := range parts {
		if p.Group != 0 {
			groups = append(groups, p.Group)
		}
	}
	slices.Sort(groups)
	return slices.Compact(groups)
}

// freeParts ends the holds of a bundle here that have not ended yet.
func (s *State) freeParts(now int64, r *bundle, end HoldState) {
	for _, part := range r.parts {
		if part.Group != 0 {
			continue
		}
		e := s.own(part.Event)
		if p, i := e.hold(part.Hold); p != nil && p.state[i] == HoldHeld {
			e.free(now, part.Hold, end)
			e.cascade = e.cascade[:0] // it is this bundle's
		}
	}
}

// sellRest books the other holds of a bundle whose first one has been booked.
func (s *State) sellRest(now int64, e *Event, c *Book) {
	h, i := e.hold(c.Hold)
	n := h.bundle(i)
	if n == 0 {
		return
	}
	r := *s.bundles.get(n)
	r.parts = slices.Clone(r.parts)
	for k := range r.parts {
		p := &r.parts[k]
		if k < len(c.Parts) {
			p.Amount = c.Parts[k]
		}
		switch {
		case k == 0:
			p.Amount, p.Booking = c.Amount, e.lastBook
		case p.Group == 0:
			part := *c
			part.Amount = p.Amount
			p.Booking = s.own(p.Event).sell(now, p.Hold, &part)
		}
	}
	r.state, r.pending = BundleBooked, groupsOf(r.parts)
	s.putBundle(n, r)
}

// sellParts books what is here of a bundle that has been booked at home.
func (s *State) sellParts(now int64, n uint32, c *Resolve) {
	r := *s.bundles.get(n)
	r.parts = slices.Clone(r.parts)
	for k := range r.parts {
		p := &r.parts[k]
		for _, q := range c.Parts {
			if q.Event == p.Event && q.Hold == p.Hold && q.Amount > 0 {
				p.Amount = q.Amount
			}
		}
		p.Booking = s.own(p.Event).sell(now, p.Hold, &Book{Amount: p.Amount, Currency: c.Currency, Payment: c.Payment})
	}
	r.state, r.since = BundleBooked, 0
	s.putBundle(n, r)
}

// undoRest cancels the other bookings of a bundle whose first one was cancelled.
func (s *State) undoRest(now int64, n uint32) {
	r := s.bundles.get(n)
	if r == nil || r.state != BundleBooked {
		return
	}
	s.undoParts(now, n)
}

// undoParts cancels a bundle's bookings here.
func (s *State) undoParts(now int64, n uint32) {
	r := *s.bundles.get(n)
	r.state, r.pending = BundleCancelled, groupsOf(r.parts)
	s.putBundle(n, r)
	for _, p := range r.parts {
		if p.Group == 0 {
			s.own(p.Event).undo(now, p.Booking)
		}
	}
}
