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
	if p.room.phase == Drawing {
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

// next is who is due first. The caller admits it.
func (p *picker) next() (lane uint8, slot uint32, ok bool) {
	best := uint64(0)
	for i := range p.room.lanes {
		at, found := p.front(i)
		if !found {
			continue
		}
		due := p.room.general + 1
		if i > 0 {
			due = p.room.lanes[i].due(1)
		}
		if !ok || due < best {
			lane, slot, ok, best = uint8(i), at, true, due
		}
	}
	if ok {
		p.lanes[lane].found = false
		p.lanes[lane].from = slot + 1
	}
	return lane, slot, ok
}
