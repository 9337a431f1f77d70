package waitroom

// Leave gives up a place, or ends an admission, and does nothing if the ticket has neither any
// more. Errors: ErrUnknownRoom, ErrUnknownTicket.
func (rs *Rooms) Leave(now int64, c *Leave) error {
	r, err := rs.room(c.Room)
	if err != nil {
		return err
	}
	r.begin(now)
	if !r.has(c.Ticket) {
		return ErrUnknownTicket
	}
	t := r.at(c.Ticket)
	switch t.is() {
	case InLobby:
		r.leaveLobby(c.Ticket)
	case Waiting:
		r.leaveLine(now, c.Ticket)
	case Admitted, InShop:
		r.end(c.Ticket, Left)
	default:
		return nil
	}
	r.version++
	r.admit(now, handful)
	return nil
}

func (r *Room) leaveLobby(n uint32) {
	t := r.own(n)
	lane := t.lane
	if r.phase == Drawing {
		// It is in the draw, and has a place that it will not take.
		r.sum -= t.sum(n)
		t.state |= entered
		r.sum += t.sum(n)
		r.lanes[lane].ghosts++
	} else {
		r.lobby[lane]--
	}
	r.move(n, Left)
}

func (r *Room) leaveLine(now int64, n uint32) {
	t := r.at(n)
	near := r.position(t.lane, t.slot) <= r.near()
	r.vacate(&r.lanes[t.lane], t.slot)
	r.countSet(t.nights.Set(), -1)
	r.move(n, Left)
	r.gaveUp.add(now, 1)
	if near {
		r.gaveNear.add(now, 1)
	}
}
