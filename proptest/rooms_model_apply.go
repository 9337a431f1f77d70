package proptest

import (
	"math/bits"
	"slices"

	"github.com/usherhq/usher/waitroom"
)

// roomHandful is how many a command admits that is about something else.
const roomHandful = 64

// Join gives places.
func (m *ModelRoom) Join(now int64, entrants []waitroom.Entrant) (list []waitroom.Joined) {
	m.begin(now)
	for i := range entrants {
		list = append(list, m.join(&entrants[i]))
	}
	m.admit(now, roomHandful)
	return list
}

func (m *ModelRoom) join(e *waitroom.Entrant) waitroom.Joined {
	if int(e.Lane) >= len(m.Lanes) || !m.soundNights(e.Nights) {
		return waitroom.Joined{}
	}
	if t := m.newest(e.ID); t != nil && t.live() {
		return waitroom.Joined{Ticket: t.No}
	}
	if m.State == waitroom.Closed || m.State == waitroom.Draining {
		return waitroom.Joined{}
	}
	t := &ModelTicket{No: uint32(len(m.Tickets) + 1), ID: e.ID, Lane: e.Lane, Nights: e.Nights}
	if m.Phase == waitroom.Before && m.Cfg.Lobby {
		m.Tickets = append(m.Tickets, t)
	} else {
		m.enqueue(t)
		m.Tickets = append(m.Tickets, t)
	}
	return waitroom.Joined{Ticket: t.No, New: true}
}

// soundNights wants a set of the room's nights, whose first four are named in an order.
func (m *ModelRoom) soundNights(n waitroom.Nights) bool {
	set := int(n.Set())
	if set >= 1<<len(m.Events) {
		return false
	}
	preferred, named := n.Preferred(), 0
	for _, e := range preferred {
		named |= 1 << e
	}
	return named&^set == 0 && bits.OnesCount(uint(named)) == min(4, bits.OnesCount(uint(set))) &&
		uint32(n)>>16>>(4*len(preferred)) == 0
}

// Leave gives up a place or an admission.
func (m *ModelRoom) Leave(now int64, n uint32) error {
	m.begin(now)
	t := m.ticket(n)
	if t == nil {
		return waitroom.ErrUnknownTicket
	}
	if !t.live() {
		return nil
	}
	if t.State == waitroom.Waiting {
		m.Gone = append(m.Gone, now)
		if int(m.positions()[n]) <= m.near() {
			m.GoneNear = append(m.GoneNear, now)
		}
	}
	m.end(t, waitroom.Left)
	m.admit(now, roomHandful)
	return nil
}

// Enter shows an admission.
func (m *ModelRoom) Enter(now int64, n, event uint32) (int64, error) {
	m.begin(now)
	t := m.ticket(n)
	if t == nil {
		return 0, waitroom.ErrUnknownTicket
	}
	if !slices.Contains(m.Events, event) {
		return 0, waitroom.ErrOtherEvent
	}
	if t.inside() && t.Deadline <= now {
		m.endInTime(t)
	}
	switch t.State {
	case waitroom.InLobby, waitroom.Waiting:
		return 0, waitroom.ErrNotAdmitted
	case waitroom.Lapsed:
		return 0, waitroom.ErrLapsed
	case waitroom.TimedOut, waitroom.Left, waitroom.Finished:
		return 0, waitroom.ErrSessionOver
	case waitroom.Admitted:
		t.State, t.Deadline = waitroom.InShop, now+m.Cfg.Session
	}
	return t.Deadline, nil
}

// Took notes a hold of a session, which is nobody's yet.
func (m *ModelRoom) Took(n uint32, h RoomHold) {
	t := m.ticket(n)
	if t == nil || !t.inside() || len(t.Holds) > 64 {
		return
	}
	for _, other := range m.Tickets {
		if slices.Contains(other.Holds, h) {
			return
		}
	}
	t.Holds = append(t.Holds, h)
}

// Booked ends the session of whose last hold is booked. Of who has more than 64 not all are
// known.
func (m *ModelRoom) Booked(now int64, h RoomHold) {
	i := slices.IndexFunc(m.Tickets, func(t *ModelTicket) bool { return slices.Contains(t.Holds, h) })
	if i < 0 {
		return
	}
	t := m.Tickets[i]
	if len(t.Holds) > 64 || slices.ContainsFunc(t.Holds, func(h RoomHold) bool { return m.Stock.Kept[h] }) {
		return
	}
	m.end(t, waitroom.Finished)
	m.admit(now, roomHandful)
}

// Set changes what operators may.
func (m *ModelRoom) Set(now int64, c *waitroom.Set) error {
	m.begin(now)
	if !m.soundSet(c) {
		return waitroom.ErrBadRequest
	}
	m.tick(now)
	if c.Fields&waitroom.SetMaxActive != 0 {
		m.Cfg.MaxActive = c.MaxActive
	}
	if c.Fields&waitroom.SetNewPerMinute != 0 {
		m.Cfg.NewPerMinute = c.NewPerMinute
		if !m.Cfg.Auto {
			m.Pace = c.NewPerMinute
		}
	}
	if c.Fields&waitroom.SetPace != 0 {
		m.Pace = c.Pace
	}
	m.Pace = min(m.Pace, m.Cfg.NewPerMinute)
	m.Credit = min(m.Credit, m.mostCredit())
	if c.Fields&waitroom.SetNewKey != 0 {
		m.KeyNo++
	}
	if c.Fields&waitroom.SetState != 0 {
		did := m.admits()
		m.State, m.Reason = c.State, c.Reason
		switch {
		case !m.admits():
			m.Since = 0
		case !did && m.Phase != waitroom.Before:
			m.Since = now
		}
	}
	m.admit(now, roomHandful)
	return nil
}

func (m *ModelRoom) soundSet(c *waitroom.Set) bool {
	in := func(n uint32) bool { return n >= 1 && n <= waitroom.MaxCount }
	has := func(field uint8) bool { return c.Fields&field != 0 }
	silent := c.State == waitroom.Open || c.State == waitroom.Draining
	return c.Fields >= 1 && c.Fields <= 31 && (!has(waitroom.SetMaxActive) || in(c.MaxActive)) &&
		(!has(waitroom.SetNewPerMinute) || in(c.NewPerMinute)) && (!has(waitroom.SetPace) || in(c.Pace) && m.Cfg.Auto) &&
		(!has(waitroom.SetState) || c.State <= 3 && len(c.Reason) <= 200 && (!silent || c.Reason == ""))
}

// Step does what is due; drawn is how many places of the draw are known after it.
func (m *ModelRoom) Step(now int64, limit, drawn int) int {
	m.begin(now)
	m.expire(now, limit)
	m.hear(drawn)
	return m.admit(now, limit)
}
