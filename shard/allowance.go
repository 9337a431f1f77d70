package shard

// What each holder has of an event, held plus booked, is counted only where that is
// limited. The counts follow from holds and bookings: they are in no snapshot.

func (e *Event) gain(holder []byte, seats []uint32) {
	if e.rules.PerHolder == 0 {
		return
	}
	if e.has == nil {
		e.has = make(map[string]uint32)
	}
	e.has[string(holder)] += weight(seats)
}

func (e *Event) lose(holder []byte, seats []uint32) {
	if e.rules.PerHolder == 0 {
		return
	}
	left := e.has[string(holder)] - weight(seats)
	if left == 0 {
		delete(e.has, string(holder))
		return
	}
	e.has[string(holder)] = left
}

// Has is what a holder has of the event, held plus booked; 0 where it is not limited.
func (e *Event) Has(holder string) uint32 { return e.has[holder] }

// tally counts anew what every holder has.
func (e *Event) tally() map[string]uint32 {
	if e.rules.PerHolder == 0 {
		return nil
	}
	has := make(map[string]uint32)
	for _, p := range e.holdPages() {
		for i := range p.used {
			if p.state[i] == HoldHeld {
				has[string(p.holder(i))] += weight(p.seatsOf(i))
			}
		}
	}
	for n := uint32(1); n <= e.lastBook; n++ {
		p, i := e.booking(n)
		if p.recs[i].state == BookingBooked {
			has[string(p.holder(i))] += weight(p.seatsOf(i))
		}
	}
	if len(has) == 0 {
		return nil
	}
	return has
}
