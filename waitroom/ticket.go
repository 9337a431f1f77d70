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

// ticketPage is 1024 tickets, 26 bytes each; ticket n is at n-1.
type ticketPage struct {
	gen    uint64
	id     [ticketsInPage][16]byte
	slot   [ticketsInPage]uint32 // in the lane's line; noSlot before the draw
	nights [ticketsInPage]Nights
	lane   [ticketsInPage]uint8
	state  [ticketsInPage]uint8 // TicketState, and entered
}

func (p *ticketPage) is(i uint32) TicketState { return TicketState(p.state[i] & stateSet) }

// at finds a ticket of 1…tickets for reading.
func (r *Room) at(n uint32) (*ticketPage, uint32) {
	return r.pages[(n-1)>>ticketShift], (n - 1) & (ticketsInPage - 1)
}

// own finds a ticket for writing: its page is copied first when a Frozen may read it.
func (r *Room) own(n uint32) (*ticketPage, uint32) {
	k := (n - 1) >> ticketShift
	p := r.pages[k]
	if p.gen != r.rooms.gen {
		c := *p
		c.gen = r.rooms.gen
		p = &c
		r.pages[k] = p
	}
	return p, (n - 1) & (ticketsInPage - 1)
}

// has tells whether there is such a ticket.
func (r *Room) has(n uint32) bool { return n >= 1 && n <= r.tickets }

// newTicket adds a ticket that is in no state yet: enterLobby or enterLine comes next.
func (r *Room) newTicket(e *Entrant) (n uint32, p *ticketPage, i uint32) {
	r.tickets++
	n = r.tickets
	if (n-1)&(ticketsInPage-1) == 0 {
		r.pages = append(r.pages, &ticketPage{gen: r.rooms.gen})
	}
	p, i = r.own(n)
	p.id[i], p.lane[i], p.nights[i], p.slot[i] = e.ID, e.Lane, e.Nights, noSlot
	return n, p, i
}

// sum of ticket n, at i of its page.
func (p *ticketPage) sum(n, i uint32) uint64 {
	h := frame.Mix(uint64(n)<<32|uint64(p.slot[i]), uint64(p.nights[i])<<16|uint64(p.lane[i])<<8|uint64(p.state[i]))
	id := &p.id[i]
	return frame.Mix(h^binary.LittleEndian.Uint64(id[:8]), binary.LittleEndian.Uint64(id[8:]))
}

// move brings a ticket from one state into another, with its counts and its sum.
func (r *Room) move(n uint32, to TicketState) {
	p, i := r.own(n)
	r.sum -= p.sum(n, i)
	r.states[p.is(i)]--
	p.state[i] = p.state[i]&entered | uint8(to)
	r.states[to]++
	r.sum += p.sum(n, i)
}

func (s TicketState) live() bool { return s <= InShop }

// Ticket tells how a ticket stands.
func (r *Room) Ticket(n uint32) (TicketInfo, bool) {
	if !r.has(n) {
		return TicketInfo{}, false
	}
	p, i := r.at(n)
	t := TicketInfo{State: p.is(i), Lane: p.lane[i], Nights: p.nights[i], Entrant: p.id[i], Possible: p.nights[i].among(r.left())}
	if p.slot[i] != noSlot {
		t.Place = p.slot[i] + 1
	}
	switch t.State {
	case Waiting:
		t.Position = r.position(t.Lane, p.slot[i])
	case Admitted, InShop:
		if a := r.active.get(n); a != nil {
			t.Deadline = a.deadline
		}
	}
	return t, true
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
	p, i := r.at(n)
	if state = p.is(i); state == Waiting {
		position = r.position(p.lane[i], p.slot[i])
	}
	return state, position, true
}
