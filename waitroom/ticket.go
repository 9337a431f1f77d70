package waitroom

import (
	"encoding/binary"

	"github.com/usherhq/usher/shard/frame"
)

// TicketState is where somebody stands. Numbers are in snapshots: they never change.
type TicketState uint8

const (
	InLobby  TicketState = 0 // until the draw has come to it
	Waiting  TicketState = 1
	Admitted TicketState = 2 // and has not begun
	InShop   TicketState = 3 // the session has begun
	Lapsed   TicketState = 4 // the admission was not used in time
	TimedOut TicketState = 5 // the session was
	Left     TicketState = 6 // by itself, before or after it was admitted
	Finished TicketState = 7 // all that it held is booked
)

// TicketInfo is a ticket as it stands.
type TicketInfo struct {
	State    TicketState
	Lane     uint8
	Nights   Nights
	Entrant  [16]byte
	Position uint32 // from 1, among all who wait, in the order in which they would be admitted; 0 if it does not wait
	Place    uint32 // from 1, in its lane, as drawn or by arrival, whoever left; 0 before the draw came to it
	Deadline int64  // of the admission or the session, unix ms; 0 if it has none
	Possible bool   // something is left of a night it wants
}

const (
	ticketShift   = 10
	ticketsInPage = 1 << ticketShift
	ticketStates  = 8

	noSlot = 1<<32 - 1
	// entered marks who was in the draw: it stays with the ticket.
	entered  = 0x80
	stateSet = 0x7f
)

// ticket is somebody's place, in 28 bytes that stand together: whoever looks for one wants all.
type ticket struct {
	id     [16]byte
	slot   uint32 // in the lane's line; noSlot before the draw
	nights Nights
	lane   uint8
	state  uint8 // TicketState, and entered
}

// ticketPage is 1024 tickets; ticket n is at n-1. The generation stands outside, so that it is
// known without a look at the tickets.
type ticketPage struct {
	gen     uint64
	tickets *[ticketsInPage]ticket
}

func (t *ticket) is() TicketState { return TicketState(t.state & stateSet) }

// at finds a ticket of 1…tickets for reading.
func (r *Room) at(n uint32) *ticket {
	return &r.pages[(n-1)>>ticketShift].tickets[(n-1)&(ticketsInPage-1)]
}

// own finds a ticket for writing: its page is copied first when a Frozen may read it.
func (r *Room) own(n uint32) *ticket {
	p := &r.pages[(n-1)>>ticketShift]
	if p.gen != r.rooms.gen {
		c := *p.tickets
		p.gen, p.tickets = r.rooms.gen, &c
	}
	return &p.tickets[(n-1)&(ticketsInPage-1)]
}

// has tells whether there is such a ticket.
func (r *Room) has(n uint32) bool { return n >= 1 && n <= r.tickets }

// newTicket adds a ticket that is in no state yet: enterLobby or enterLine comes next.
func (r *Room) newTicket(e *Entrant) (n uint32, t *ticket) {
	r.tickets++
	n = r.tickets
	if (n-1)&(ticketsInPage-1) == 0 {
		r.pages = append(r.pages, ticketPage{r.rooms.gen, new([ticketsInPage]ticket)})
	}
	t = r.own(n)
	*t = ticket{id: e.ID, slot: noSlot, nights: e.Nights, lane: e.Lane}
	return n, t
}

// sum of ticket n.
func (t *ticket) sum(n uint32) uint64 {
	h := frame.Mix(uint64(n)<<32|uint64(t.slot), uint64(t.nights)<<16|uint64(t.lane)<<8|uint64(t.state))
	return frame.Mix(h^binary.LittleEndian.Uint64(t.id[:8]), binary.LittleEndian.Uint64(t.id[8:]))
}

// move brings a ticket from one state into another, with its counts and its sum.
func (r *Room) move(n uint32, to TicketState) {
	t := r.own(n)
	r.sum -= t.sum(n)
	r.states[t.is()]--
	t.state = t.state&entered | uint8(to)
	r.states[to]++
	r.sum += t.sum(n)
}

func (s TicketState) live() bool { return s <= InShop }

// Ticket tells how a ticket stands.
func (r *Room) Ticket(n uint32) (TicketInfo, bool) {
	if !r.has(n) {
		return TicketInfo{}, false
	}
	t := r.at(n)
	info := TicketInfo{State: t.is(), Lane: t.lane, Nights: t.nights, Entrant: t.id, Possible: t.nights.among(r.left())}
	if t.slot != noSlot {
		info.Place = t.slot + 1
	}
	switch info.State {
	case Waiting:
		info.Position = r.position(t.lane, t.slot)
	case Admitted, InShop:
		if a := r.active.get(n); a != nil {
			info.Deadline = a.deadline
		}
	}
	return info, true
}

// Find returns the newest ticket of an entrant, however it stands.
func (r *Room) Find(id [16]byte) (ticket uint32, ok bool) {
	ticket = r.index.find(r, &id)
	return ticket, ticket != 0
}

// State is how a ticket of 1…Info.Joined stands, and its position if it waits: Ticket for those
// who ask often.
func (r *Room) State(n uint32) (state TicketState, position uint32, ok bool) {
	if !r.has(n) {
		return 0, 0, false
	}
	t := r.at(n)
	if state = t.is(); state == Waiting {
		position = r.position(t.lane, t.slot)
	}
	return state, position, true
}
