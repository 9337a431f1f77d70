package waitroom

// picker finds who is to be admitted next, one after the other, while what is left stays the
// same.
type picker struct {
	room  *Room
	left  uint16
	lanes [1 + MaxTiers]struct {
		from  uint32 // nobody below is to be had
		slot  uint32
		found bool // slot is who is next there
	}
}

func (r *Room) pick(left uint16) *picker {
	p := &picker{room: r, left: left}
	for i := range r.lanes {
		p.lanes[i].from = r.lanes[i].low
	}
	return p
}

// front is who is next in a lane, if the draw allows to say.
func (p *picker) front(i int) (slot uint32, ok bool) {
	f, l := &p.lanes[i], &p.room.lanes[i]
	if f.found {
		return f.slot, true
	}
	stop := l.slots
	if p.hides(i) {
		stop = l.filled
	}
	if l.here() == 0 || f.from >= stop {
		return 0, false
	}
	if f.slot, f.found = p.room.first(&l.line, f.from, stop, p.left); !f.found {
		f.from = stop
		return 0, false
	}
	if p.left == p.room.nights() {
		l.low = f.slot // nobody is passed over
	}
	f.from = f.slot
	return f.slot, true
}

// hides tells whether places of a lane are still to be drawn: who is behind those that are
// drawn cannot be said.
func (p *picker) hides(i int) bool {
	l := &p.room.lanes[i]
	return p.room.phase == Drawing && l.filled < l.drawn
}

// next is who is due first. The caller admits it. While the draw has not said who it is,
// nobody goes before.
func (p *picker) next() (lane uint8, slot uint32, ok bool) {
	best, any := uint64(0), false
	for i := range p.room.lanes {
		at, found := p.front(i)
		if !found && (!p.hides(i) || p.room.lanes[i].here() == 0) {
			continue
		}
		due := p.room.general + 1
		if i > 0 {
			due = p.room.lanes[i].due(1)
		}
		if !any || due < best {
			lane, slot, ok, best, any = uint8(i), at, found, due, true
		}
	}
	if ok {
		p.lanes[lane].found = false
		p.lanes[lane].from = slot + 1
	}
	return lane, slot, ok
}
