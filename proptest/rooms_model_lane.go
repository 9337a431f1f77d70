package proptest

import "github.com/usherhq/usher/waitroom"

// here is who waits in a lane, or will when the draw has come to them, in order.
func (m *ModelRoom) here(lane int) (list []*ModelTicket) {
	for _, n := range m.Lanes[lane].Line {
		if t := m.ticket(n); t.State == waitroom.Waiting || t.State == waitroom.InLobby {
			list = append(list, t)
		}
	}
	return list
}

// enqueue gives a ticket the next place of its lane.
func (m *ModelRoom) enqueue(t *ModelTicket) {
	m.occupy(int(t.Lane))
	l := m.Lanes[t.Lane]
	l.Line = append(l.Line, t.No)
	t.State, t.Place = waitroom.Waiting, uint32(len(l.Line))
}

// occupy begins the account of a lane in which nobody waits.
func (m *ModelRoom) occupy(lane int) {
	if l := m.Lanes[lane]; len(m.here(lane)) == 0 {
		l.Base, l.Served = max(m.Clock, l.Last), 0
	}
}

// due is the general admission after which the first that waits in a tier is due.
func (l *ModelLane) due() uint64 {
	general := (l.Served + 1) * l.General
	whole := general / l.Lane
	if whole*l.Lane < general {
		whole++
	}
	return l.Base + whole
}

// serve moves the clock for one who is admitted of a lane.
func (m *ModelRoom) serve(lane int) {
	if lane == 0 {
		m.Clock++
		return
	}
	l := m.Lanes[lane]
	l.Last = l.due()
	l.Served++
	m.Clock = max(m.Clock, l.Last)
}

// earliest is which of these lanes has somebody who is due first; -1: none has.
func (m *ModelRoom) earliest(has func(lane int) bool) int {
	best, at := -1, uint64(0)
	for i, l := range m.Lanes {
		if !has(i) {
			continue
		}
		due := m.Clock + 1
		if i > 0 {
			due = l.due()
		}
		if best < 0 || due < at {
			best, at = i, due
		}
	}
	return best
}

// next is who is to be admitted, if anybody is and the draw allows to say.
func (m *ModelRoom) next() *ModelTicket {
	fronts := make([]*ModelTicket, len(m.Lanes))
	unsaid := make([]bool, len(m.Lanes))
	for i := range m.Lanes {
		here := m.here(i)
		hidden := m.hidden(i)
		for _, t := range here {
			if hidden && (t.State == waitroom.InLobby || !m.drawn(t.No)) {
				break // behind here nobody knows who comes next
			}
			if m.wants(t) {
				fronts[i] = t
				break
			}
		}
		unsaid[i] = fronts[i] == nil && hidden && len(here) > 0
	}
	lane := m.earliest(func(i int) bool { return fronts[i] != nil || unsaid[i] })
	if lane < 0 {
		return nil
	}
	return fronts[lane]
}

// positions says of all who wait, by ticket, which place in line they are at: everybody is
// admitted in a copy, one after the other.
func (m *ModelRoom) positions() map[uint32]uint32 {
	c := *m
	c.Lanes = nil
	lines := make([][]*ModelTicket, len(m.Lanes))
	for i, l := range m.Lanes {
		k := *l
		c.Lanes = append(c.Lanes, &k)
		lines[i] = m.here(i)
	}
	at := make(map[uint32]uint32)
	for pos := uint32(1); ; pos++ {
		lane := c.earliest(func(i int) bool { return len(lines[i]) > 0 })
		if lane < 0 {
			return at
		}
		at[lines[lane][0].No] = pos
		lines[lane] = lines[lane][1:]
		c.serve(lane)
	}
}
