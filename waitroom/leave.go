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
	p, i := r.at(c.Ticket)
	switch p.is(i) {
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
	p, i := r.own(n)
	lane := p.lane[i]
	if r.phase == Drawing {
		// It is in the draw, and has a place that it will not take.
		r.sum -= p.sum(n, i)
		p.state[i] |= entered
		r.sum += p.sum(n, i)
		r.lanes[lane].ghosts++
	} else {
		r.lobby[lane]--
	}
	r.move(n, Left)
}

func (r *Room) leaveLine(now int64, n uint32) {
	p, i := r.at(n)
	near := r.position(p.lane[i], p.slot[i]) <= r.near()
	r.vacate(&r.lanes[p.lane[i]], p.slot[i])
	r.countSet(p.nights[i].Set(), -1)
	r.move(n, Left)
	r.gaveUp.add(now, 1)
	if near {
		r.gaveNear.add(now, 1)
	}
}
