package waitroom

// The lanes share the admissions by one clock that ticks with each admission of the general
// lane: G of them so far. Of a tier "a:b", the j-th of those who wait is due when
//
//	D(j) = base + ceil((served + j)·a/b)
//
// general admissions have been made, where base was the clock when people began to wait there
// and served how many have been admitted since; so b of the lane go for every a of the general
// one. The general lane's m-th is due at G + m. Who is due first goes first; at the same time
// the general lane goes before the tiers, and those in the order of their names. While nobody
// waits in the general lane the clock jumps to who is due next, so that the tiers share by
// their ratios, and nobody collects a claim to the future.
//
// It is start-time fair queueing with the general lane as the clock: Goyal, Vin, Cheng, 1996.

// schedule is what a lane has beside its line.
type schedule struct {
	base   uint64
	served uint64 // since base
}

// lane is one lane of a room.
type lane struct {
	schedule
	line
	every, share uint64 // of a tier: share for every general ones

	waiting uint32 // bits set in the line
	ghosts  uint32 // of them, who left before the draw came to their place
	filled  uint32 // while drawing: slots below have been drawn
	drawn   uint32 // slots below are the draw's; the rest came later
	low     uint32 // nobody waits below
}

func (l *lane) here() uint32 { return l.waiting - l.ghosts }

// due is when the j-th of a tier that waits is due, from 1.
func (l *lane) due(j uint64) uint64 { return l.base + ((l.served+j)*l.every+l.share-1)/l.share }

// dueBy is how many of a tier are due by a time.
func (l *lane) dueBy(at uint64) uint64 {
	if at <= l.base {
		return 0
	}
	n := (at - l.base) * l.share / l.every
	return min(max(n, l.served)-l.served, uint64(l.here()))
}

// append gives the next place of a lane to a ticket that waits there.
func (r *Room) append(lane uint8, ticket uint32, n Nights) (slot uint32) {
	l := &r.lanes[lane]
	r.occupy(l)
	slot = l.slots
	l.extend(1)
	l.put(slot, ticket)
	l.want(slot, n)
	l.set(slot)
	l.waiting++
	return slot
}

// occupy is called before people begin to wait in a lane: they are due from now on. The clock is
// not behind who was admitted there last, so that nobody gains by an empty lane.
func (r *Room) occupy(l *lane) {
	if l.here() == 0 {
		l.base, l.served = r.general, 0
	}
}

// vacate takes who waits at a slot out of the line.
func (r *Room) vacate(l *lane, slot uint32) {
	l.clear(slot)
	l.waiting--
}

// position is the place in line of who waits at a slot: one more than would be admitted before,
// if nobody came, left or was passed over.
func (r *Room) position(lane uint8, slot uint32) uint32 {
	l := &r.lanes[lane]
	rank := l.rank(slot) + 1
	if slot >= l.drawn {
		rank -= l.ghosts
	}
	if lane == 0 {
		at := r.general + uint64(rank)
		n := uint64(rank)
		for i := 1; i < len(r.lanes); i++ {
			n += r.lanes[i].dueBy(at - 1)
		}
		return uint32(n)
	}
	due := l.due(uint64(rank))
	n := uint64(rank)
	if due > r.general {
		n += min(due-r.general, uint64(r.lanes[0].here()))
	}
	for i := 1; i < len(r.lanes); i++ {
		switch {
		case i < int(lane):
			n += r.lanes[i].dueBy(due)
		case i > int(lane):
			n += r.lanes[i].dueBy(due - 1)
		}
	}
	return uint32(n)
}

// served moves the clock for one who is admitted of a lane.
func (r *Room) served(lane uint8) {
	if lane == 0 {
		r.general++
		return
	}
	l := &r.lanes[lane]
	r.general = max(r.general, l.due(1))
	l.served++
}
