package waitroom

// allowed is how many may be admitted at now.
func (r *Room) allowed(now int64) uint32 {
	if r.phase == Before || r.state == Paused || r.state == Closed {
		return 0
	}
	taken, active := r.taken.at(now), r.inside()
	if taken >= r.cfg.NewPerMinute || active >= r.cfg.MaxActive {
		return 0
	}
	return uint32(min(r.creditNow(now)/perTicket, int64(r.cfg.NewPerMinute-taken), int64(r.cfg.MaxActive-active)))
}

// inside is how many have an admission.
func (r *Room) inside() uint32 { return r.states[Admitted] + r.states[InShop] }

// admit lets in who is next, as many as may be, and at most limit.
func (r *Room) admit(now int64, limit int) uint32 {
	if r.states[Waiting] == 0 {
		return 0
	}
	n := min(r.allowed(now), uint32(limit))
	if n == 0 {
		return 0
	}
	left := r.left()
	if n = min(n, r.possible(left)); n == 0 {
		return 0
	}
	p, done := r.pick(left), uint32(0)
	for ; done < n; done++ {
		lane, slot, ok := p.next()
		if !ok {
			break // the draw has not said yet
		}
		r.letIn(now, lane, slot)
	}
	if done > 0 {
		r.credit = r.creditNow(now) - int64(done)*perTicket
		r.creditAt = now
		r.taken.add(now, done)
		r.version++
	}
	return done
}

func (r *Room) letIn(now int64, lane uint8, slot uint32) {
	l := &r.lanes[lane]
	n := l.ticket(slot)
	r.served(lane)
	r.vacate(l, slot)
	r.move(n, Admitted)
	t := r.at(n)
	r.countSet(t.nights.Set(), -1)
	r.sum += r.active.put(r.rooms.gen, n, now+r.cfg.FirstUse)
}

// due tells whether Step would change anything at now.
func (r *Room) due(now int64) bool {
	if r.phase == Before && now >= r.cfg.OpensAt || r.phase == Drawing || r.active.dueBy(now) {
		return true
	}
	return r.states[Waiting] > 0 && r.allowed(now) > 0 && r.possible(r.left()) > 0
}
