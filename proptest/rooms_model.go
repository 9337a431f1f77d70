package proptest

import (
	"slices"

	"github.com/usherhq/usher/waitroom"
)

// ModelRoom is what a waiting room should be: lists, which every question goes through from
// the front. It is written from what waitroom's docs promise.
type ModelRoom struct {
	No          uint32
	Stock       *Stock
	ID          string
	Events      []uint32
	Cfg         waitroom.Config
	Seed, Salt  [32]byte
	State       waitroom.State
	Reason      string
	Phase       waitroom.Phase
	Pace, KeyNo uint32
	Eras        []uint32 // first ticket of each
	Since       int64    // when it began to admit without interruption; 0: it does not

	Tickets []*ModelTicket // number n at n-1
	Lanes   []*ModelLane
	Clock   uint64 // of the lanes

	Listed []uint32 // for the draw, in order of tickets
	Order  []uint32 // the same as they are drawn
	Drawn  int      // of Order, who have heard of it
	DrawAt int64
	Digest [32]byte

	Credit, CreditAt int64
	Admissions, Gone []int64 // when somebody was admitted; when somebody left the line
	GoneNear         []int64 // when somebody left who was near
}

// ModelTicket is a place in a room.
type ModelTicket struct {
	No       uint32
	ID       [16]byte
	Lane     uint8
	Nights   waitroom.Nights
	State    waitroom.TicketState
	Place    uint32 // in its lane, as far as anybody can know
	Deadline int64
	Holds    []RoomHold
}

// ModelLane is a lane's places, and what it is owed.
type ModelLane struct {
	General, Lane      uint64 // Lane for every General
	Base, Served, Last uint64
	Line               []uint32 // tickets in the order of their places, whoever left
}

// RoomHold is a hold of an event's.
type RoomHold struct{ Event, Hold uint32 }

// Stock is the seats beside the rooms.
type Stock struct {
	Gone map[uint32]bool // events of which nothing is left
	Kept map[RoomHold]bool
}

// NewStock has something left of everything.
func NewStock() *Stock { return &Stock{map[uint32]bool{}, map[RoomHold]bool{}} }

// Left implements waitroom.Inventory.
func (s *Stock) Left(event uint32) bool { return !s.Gone[event] }

// Held implements waitroom.Inventory.
func (s *Stock) Held(event, hold uint32) bool { return s.Kept[RoomHold{event, hold}] }

func newModelRoom(no uint32, stock *Stock, now int64, c *waitroom.OpenRoom) *ModelRoom {
	m := &ModelRoom{
		No: no, Stock: stock, ID: c.ID, Events: []uint32{c.Event}, Cfg: c.Config, Seed: c.Seed, Pace: c.Config.NewPerMinute, KeyNo: 1,
		Eras: []uint32{0}, CreditAt: now, Lanes: []*ModelLane{{}},
	}
	m.Credit = m.mostCredit()
	for _, t := range c.Config.Tiers {
		m.Lanes = append(m.Lanes, &ModelLane{General: uint64(t.General), Lane: uint64(t.Lane)})
	}
	m.begin(now)
	return m
}

func (m *ModelRoom) clone(stock *Stock) *ModelRoom {
	c := *m
	c.Stock, c.Tickets, c.Lanes = stock, nil, nil
	for _, t := range m.Tickets {
		u := *t
		u.Holds = slices.Clone(t.Holds)
		c.Tickets = append(c.Tickets, &u)
	}
	for _, l := range m.Lanes {
		k := *l
		k.Line = slices.Clone(l.Line)
		c.Lanes = append(c.Lanes, &k)
	}
	c.Events, c.Eras, c.Admissions, c.Gone = slices.Clone(m.Events), slices.Clone(m.Eras), slices.Clone(m.Admissions), slices.Clone(m.Gone)
	c.GoneNear = slices.Clone(m.GoneNear)
	return &c
}

func (m *ModelRoom) ticket(n uint32) *ModelTicket {
	if n == 0 || int(n) > len(m.Tickets) {
		return nil
	}
	return m.Tickets[n-1]
}

// newest is the last ticket that an entrant was given.
func (m *ModelRoom) newest(id [16]byte) *ModelTicket {
	for i := len(m.Tickets) - 1; i >= 0; i-- {
		if m.Tickets[i].ID == id {
			return m.Tickets[i]
		}
	}
	return nil
}

func (t *ModelTicket) live() bool {
	switch t.State {
	case waitroom.InLobby, waitroom.Waiting, waitroom.Admitted, waitroom.InShop:
		return true
	}
	return false
}

func (t *ModelTicket) inside() bool {
	return t.State == waitroom.Admitted || t.State == waitroom.InShop
}

func (m *ModelRoom) count(in ...waitroom.TicketState) (n int) {
	for _, t := range m.Tickets {
		if slices.Contains(in, t.State) {
			n++
		}
	}
	return n
}

// wants tells whether something is left of what a ticket is for.
func (m *ModelRoom) wants(t *ModelTicket) bool {
	for i, e := range m.Events {
		if (t.Nights.Set() == 0 || t.Nights.Set()>>i&1 == 1) && m.Stock.Left(e) {
			return true
		}
	}
	return false
}

func (m *ModelRoom) end(t *ModelTicket, as waitroom.TicketState) {
	t.State, t.Deadline, t.Holds = as, 0, nil
}
