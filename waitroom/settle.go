package waitroom

import (
	"crypto/sha256"

	"github.com/usherhq/usher/shard/frame"
)

// settle makes what is derived of a room whose frames have all been read. What it does not
// look at, Check does.
func (r *Room) settle(f *frame.Reader) {
	for i, c := range r.countPlaces() {
		l := &r.lanes[i]
		l.filled, l.drawn = c.drawn, c.drawn+c.undrawn
		l.extend(max(c.given, l.drawn))
		if c.undrawn > 0 {
			l.setAll(l.filled, l.drawn)
			l.waiting = c.undrawn
		}
	}
	for n := uint32(1); n <= r.tickets && f.Err == nil; n++ {
		r.settleTicket(f, n)
	}
	for _, p := range r.active.pages {
		for i := range p.recs {
			if p.recs[i].ticket != 0 {
				r.sum += p.recs[i].sum()
			}
		}
	}
	if f.Err == nil && r.phase == Drawing {
		r.resume(f)
	}
}

// places are those of a lane: given to somebody, drawn, and, while a draw is under way, behind
// the drawn ones those that nobody has yet.
type places struct{ given, drawn, undrawn uint32 }

func (r *Room) countPlaces() []places {
	list := make([]places, len(r.lanes))
	for n := uint32(1); n <= r.tickets; n++ {
		t := r.at(n)
		c := &list[t.lane]
		switch {
		case t.slot != noSlot:
			c.given = max(c.given, t.slot+1)
			if t.state&entered != 0 {
				c.drawn++
			}
		case r.phase == Drawing && (t.is() == InLobby || t.state&entered != 0):
			c.undrawn++
		}
	}
	return list
}

func (r *Room) settleTicket(f *frame.Reader, n uint32) {
	t := r.at(n)
	l := &r.lanes[t.lane]
	r.sum += t.sum(n)
	r.states[t.is()]++
	slot := t.slot
	if slot != noSlot {
		if l.ticket(slot) != 0 {
			f.Fail("tickets %d and %d of room %s have one place", l.ticket(slot), n, r.id)
			return
		}
		l.put(slot, n)
	}
	switch t.is() {
	case InLobby:
		if r.phase == Before {
			r.lobby[t.lane]++
		}
	case Waiting:
		if slot == noSlot || l.waits(slot) {
			f.Fail("ticket %d of room %s waits without a place", n, r.id)
			return
		}
		l.want(slot, t.nights)
		l.set(slot)
		l.waiting++
		r.countSet(t.nights.Set(), 1)
	case Left:
		if r.phase == Drawing && slot == noSlot && t.state&entered != 0 {
			l.ghosts++
		}
	}
	if old := r.index.find(r, &t.id); old != 0 {
		if r.at(old).is().live() {
			f.Fail("tickets %d and %d of room %s are one entrant's", old, n, r.id)
			return
		}
	}
	r.index.put(r, &t.id, n)
}

// resume brings the draw to where it was, and wants everybody to be where it has come to.
func (r *Room) resume(f *frame.Reader) {
	d := &r.draw
	d.hash, d.list = sha256.New(), make([]uint32, 0, r.entrants)
	for n := uint32(1); n <= r.scanned; n++ {
		switch t := r.at(n); {
		case t.state&entered != 0:
			r.list(t, n)
		case t.is() == InLobby:
			f.Fail("the draw of room %s has missed ticket %d", r.id, n)
			return
		}
	}
	if uint32(len(d.list)) != r.listed {
		f.Fail("%d are listed for the draw of room %s, which says %d", len(d.list), r.id, r.listed)
		return
	}
	if r.listed < r.entrants {
		return
	}
	if [32]byte(d.hash.Sum(nil)) != r.digest {
		f.Fail("the entrants in the draw of room %s are others", r.id)
		return
	}
	r.seedDraw()
	r.redraw(f)
}

// redraw draws again what has been drawn.
func (r *Room) redraw(f *frame.Reader) {
	given := make([]uint32, len(r.lanes))
	r.draw.warmth += shuffle(r.draw.rng, r.draw.list, 0, r.drawn)
	for _, n := range r.draw.list[:r.drawn] {
		t := r.at(n)
		if t.slot != given[t.lane] {
			f.Fail("ticket %d of room %s has another place than was drawn", n, r.id)
			return
		}
		given[t.lane]++
	}
}
