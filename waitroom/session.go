package waitroom

import "slices"

// Enter shows an admission for an event: the first time it begins the session. It returns when
// the session ends, in unix ms. Errors: ErrUnknownRoom, ErrUnknownTicket, ErrOtherEvent,
// ErrNotAdmitted, ErrLapsed, ErrSessionOver.
func (rs *Rooms) Enter(now int64, pass Pass, event uint32) (int64, error) {
	r, err := rs.room(pass.Room)
	if err != nil {
		return 0, err
	}
	r.begin(now)
	n := pass.Ticket
	switch {
	case !r.has(n):
		return 0, ErrUnknownTicket
	case !slices.Contains(r.events, event):
		return 0, ErrOtherEvent
	}
	if a := r.active.get(n); a != nil && a.deadline <= now {
		r.over(n)
	}
	t := r.at(n)
	switch t.is() {
	case InLobby, Waiting:
		return 0, ErrNotAdmitted
	case Admitted:
		r.start(now, n)
	case InShop:
	case Lapsed:
		return 0, ErrLapsed
	default:
		return 0, ErrSessionOver
	}
	return r.active.get(n).deadline, nil
}

func (r *Room) start(now int64, n uint32) {
	r.move(n, InShop)
	end := now + r.cfg.Session
	r.sum += r.active.change(r.rooms.gen, n, func(a *active) { a.deadline = end })
	r.active.agenda.add(end, n)
	r.version++
}

// Took notes a hold that was granted to a session; one that is some session's already stays its.
func (rs *Rooms) Took(pass Pass, event, hold uint32) {
	r := rs.Room(pass.Room)
	if r == nil {
		return
	}
	a := r.active.get(pass.Ticket)
	if a == nil || len(a.holds) > maxHolds {
		return
	}
	at := holdAt{event, hold}
	if _, known := r.active.holder[at]; known {
		return
	}
	r.sum += r.active.change(rs.gen, pass.Ticket, func(a *active) {
		a.holds = append(a.holds[:len(a.holds):len(a.holds)], at)
	})
	r.active.holder[at] = pass.Ticket
}

// Booked notes that a hold was booked. A session is finished with the last of its holds.
func (rs *Rooms) Booked(now int64, event, hold uint32) {
	no, ok := rs.of[event]
	if !ok {
		return
	}
	r := rs.list[no]
	n, ok := r.active.holder[holdAt{event, hold}]
	if !ok {
		return
	}
	holds := r.active.get(n).holds
	if len(holds) > maxHolds || slices.ContainsFunc(holds, func(h holdAt) bool { return rs.inv.Held(h.event, h.hold) }) {
		return
	}
	r.end(n, Finished)
	r.admit(now, handful)
}

// end takes an admission away.
func (r *Room) end(n uint32, as TicketState) {
	r.sum -= r.active.remove(r.rooms.gen, n)
	r.move(n, as)
	r.version++
}

// over ends an admission whose time has come.
func (r *Room) over(n uint32) {
	if r.at(n).is() == Admitted {
		r.end(n, Lapsed)
	} else {
		r.end(n, TimedOut)
	}
}

// expire ends admissions whose time has come. Appointments that nobody keeps do not count
// against limit: a replica that comes from a snapshot has none.
func (r *Room) expire(now int64, limit int) {
	for limit > 0 && r.active.dueBy(now) {
		next := r.active.agenda.take()
		if a := r.active.get(next.ticket); a != nil && a.deadline == next.at {
			r.over(next.ticket)
			limit--
		}
	}
}
