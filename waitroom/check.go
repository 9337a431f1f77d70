package waitroom

import (
	"cmp"
	"fmt"
)

// Check counts everything anew and compares: nil, or what is wrong first. It takes as long as
// there are tickets.
func (rs *Rooms) Check() error {
	if len(rs.byID) != len(rs.list) {
		return fmt.Errorf("%d ids of %d rooms", len(rs.byID), len(rs.list))
	}
	events := 0
	for no, r := range rs.list {
		events += len(r.events)
		for _, e := range r.events {
			if at, ok := rs.of[e]; !ok || at != uint32(no) {
				return fmt.Errorf("event %d is not found in room %s", e, r.id)
			}
		}
		if err := r.check(); err != nil {
			return fmt.Errorf("room %s: %w", r.id, err)
		}
	}
	if events != len(rs.of) {
		return fmt.Errorf("%d events of rooms are known, %d are there", len(rs.of), events)
	}
	return nil
}

// recount is what Check counts of a room.
type recount struct {
	states  [ticketStates]uint32
	sets    map[uint16]uint32
	lanes   [1 + MaxTiers]struct{ waiting, ghosts, lobby uint32 }
	entered uint32
	sum     uint64
}

func (r *Room) check() error {
	if !r.head.sound() {
		return fmt.Errorf("its head cannot be: state %d, phase %d, pace %d of %d, credit %d, key %d; of %d tickets %d looked at, %d entrants, %d listed, %d drawn",
			r.state, r.phase, r.pace, r.cfg.NewPerMinute, r.credit, r.keyNo, r.tickets, r.scanned, r.entrants, r.listed, r.drawn)
	}
	c := recount{sets: map[uint16]uint32{}}
	for n := uint32(1); n <= r.tickets; n++ {
		if err := r.checkTicket(&c, n); err != nil {
			return fmt.Errorf("ticket %d: %w", n, err)
		}
	}
	if err := r.checkActive(&c); err != nil {
		return err
	}
	if err := r.checkLanes(&c); err != nil {
		return err
	}
	if err := r.checkPhase(&c); err != nil {
		return err
	}
	switch {
	case c.states != r.states:
		return fmt.Errorf("tickets by state are %v, counted %v", c.states, r.states)
	case c.sum != r.sum:
		return fmt.Errorf("the sum is %016x, recomputed %016x", r.sum, c.sum)
	}
	for _, s := range r.sets {
		if c.sets[s.set] != s.count {
			return fmt.Errorf("%d wait for nights %04x, counted %d", s.count, s.set, c.sets[s.set])
		}
		delete(c.sets, s.set)
	}
	if len(c.sets) > 0 {
		return fmt.Errorf("who waits for nights %v is not counted", c.sets)
	}
	return cmp.Or(r.taken.check(), r.gaveUp.check(), r.gaveNear.check())
}

func (r *Room) checkTicket(c *recount, n uint32) error {
	t := r.at(n)
	l, lane := &r.lanes[t.lane], &c.lanes[t.lane]
	state, slot := t.is(), t.slot
	c.states[state]++
	c.sum += t.sum(n)
	if t.state&entered != 0 {
		c.entered++
	}
	if slot != noSlot && (slot >= l.slots || l.ticket(slot) != n || l.waits(slot) != (state == Waiting)) {
		return fmt.Errorf("state %d, but its place %d is ticket %d's, waiting %v", state, slot, l.ticket(slot), l.waits(slot))
	}
	switch state {
	case InLobby:
		lane.lobby++
		if slot != noSlot || r.phase == Line {
			return fmt.Errorf("in the lobby in phase %d, with place %d", r.phase, slot)
		}
	case Waiting:
		lane.waiting++
		c.sets[t.nights.Set()]++
	case Left:
		if slot == noSlot && t.state&entered != 0 && r.phase == Drawing {
			lane.ghosts++
		}
	}
	if slot == noSlot && state != InLobby && state != Left {
		return fmt.Errorf("state %d without a place", state)
	}
	newest := r.index.find(r, &t.id)
	if newest < n || newest != n && state.live() {
		return fmt.Errorf("state %d, but its entrant's newest is %d", state, newest)
	}
	if (state == Admitted || state == InShop) != (r.active.get(n) != nil) {
		return fmt.Errorf("state %d, and its admission is %v", state, r.active.get(n))
	}
	return nil
}

func (r *Room) checkActive(c *recount) error {
	holds := 0
	for ticket := range r.active.where {
		a := r.active.get(ticket)
		if a.ticket != ticket {
			return fmt.Errorf("ticket %d's admission is %d's", ticket, a.ticket)
		}
		c.sum += a.sum()
		holds += len(a.holds)
		for _, h := range a.holds {
			if r.active.holder[h] != ticket {
				return fmt.Errorf("hold %d of event %d is not ticket %d's", h.hold, h.event, ticket)
			}
		}
	}
	if holds != len(r.active.holder) {
		return fmt.Errorf("%d holds of sessions are known, %d are there", len(r.active.holder), holds)
	}
	if n := len(r.active.where); uint32(n) != r.inside() {
		return fmt.Errorf("%d admissions, but %d tickets are admitted", n, r.inside())
	}
	return nil
}

func (r *Room) checkLanes(c *recount) error {
	for i := range r.lanes {
		l, n := &r.lanes[i], c.lanes[i]
		waiting := n.waiting
		if r.phase == Drawing {
			waiting += n.lobby + n.ghosts // whose places are not drawn yet
		}
		if l.waiting != waiting || l.ghosts != n.ghosts {
			return fmt.Errorf("lane %d has %d waiting and %d ghosts, counted %d and %d", i, l.waiting, l.ghosts, waiting, n.ghosts)
		}
		if l.slots > 0 {
			last := l.slots - 1
			got := l.rank(last)
			if l.waits(last) {
				got++
			}
			if got != l.waiting {
				return fmt.Errorf("lane %d has %d waiting, its tree says %d", i, l.waiting, got)
			}
		}
		if r.phase == Before && r.lobby[i] != n.lobby {
			return fmt.Errorf("lane %d has %d in the lobby, counted %d", i, n.lobby, r.lobby[i])
		}
	}
	return nil
}

func (r *Room) checkPhase(c *recount) error {
	switch r.phase {
	case Before:
		if r.drawAt != 0 || c.entered != 0 || r.cfg.Lobby && c.states[Waiting] != 0 {
			return fmt.Errorf("before the opening %d entered the draw, %d wait", c.entered, c.states[Waiting])
		}
	case Drawing:
		undrawn := c.states[InLobby]
		for i := range r.lanes {
			undrawn += c.lanes[i].ghosts
		}
		if r.entrants-r.drawn != undrawn {
			return fmt.Errorf("%d entrants, %d are drawn, %d are not", r.entrants, r.drawn, undrawn)
		}
	case Line:
		if c.entered != r.entrants {
			return fmt.Errorf("%d entrants, but %d tickets entered", r.entrants, c.entered)
		}
	}
	return nil
}

func (m *minute) check() error {
	sum := uint32(0)
	for _, n := range m.counts {
		sum += n
	}
	if sum != m.sum {
		return fmt.Errorf("%d in the last minute, counted %d", m.sum, sum)
	}
	return nil
}
