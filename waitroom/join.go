package waitroom

// handful is how many are admitted on the way by commands that are not about that.
const handful = 64

// Join gives places; the list is new. Errors: ErrUnknownRoom, ErrRoomFull; then nobody got one.
func (rs *Rooms) Join(now int64, c *Join) ([]Joined, error) {
	r, err := rs.room(c.Room)
	if err != nil {
		return nil, err
	}
	r.begin(now)
	if uint64(r.tickets)+uint64(len(c.Entrants)) > maxTickets {
		return nil, ErrRoomFull
	}
	list := make([]Joined, len(c.Entrants))
	before, all := r.tickets, r.nights()
	for i := range c.Entrants {
		if i%warmed == 0 {
			r.index.warm(c.Entrants[i:min(i+warmed, len(c.Entrants))])
		}
		list[i] = r.join(&c.Entrants[i], all)
	}
	if r.tickets != before {
		r.version++
	}
	r.admit(now, handful)
	return list, nil
}

func (r *Room) join(e *Entrant, all uint16) Joined {
	if int(e.Lane) >= len(r.lanes) || !e.Nights.sound(all) {
		return Joined{}
	}
	if n := r.index.find(r, &e.ID); n != 0 {
		if t := r.at(n); t.is().live() {
			return Joined{Ticket: n}
		}
	}
	if r.state == Closed || r.state == Draining {
		return Joined{}
	}
	n, t := r.newTicket(e)
	r.index.put(r, &e.ID, n)
	if r.phase == Before && r.cfg.Lobby {
		t.state = uint8(InLobby)
		r.lobby[e.Lane]++
		r.states[InLobby]++
	} else {
		t.state = uint8(Waiting)
		t.slot = r.append(e.Lane, n, e.Nights)
		r.countSet(e.Nights.Set(), 1)
		r.states[Waiting]++
	}
	r.sum += t.sum(n)
	return Joined{Ticket: n, New: true}
}
