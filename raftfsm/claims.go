package raftfsm

import "github.com/usherhq/usher/shard"

// claimsKept is how many events keep their bitmap while none of their seats is in
// flight: making it anew for every claim of a busy event would cost more than it saves.
const claimsKept = 64

// claims are the seats of one event that entries in flight claim. A seat is marked
// once: who claims a marked one is parked.
type claims struct {
	bits  []uint64 // by seat number
	marks int      // bits that are set
}

type seatMark struct{ event, seat uint32 }

func (c *claims) has(seat uint32) bool {
	w := int(seat >> 6)
	return w < len(c.bits) && c.bits[w]>>(seat&63)&1 != 0
}

func (c *claims) mark(seat uint32) {
	if w := int(seat >> 6); w >= len(c.bits) {
		c.bits = append(c.bits, make([]uint64, w+1-len(c.bits))...)
	}
	c.bits[seat>>6] |= 1 << (seat & 63)
	c.marks++
}

func (c *claims) clear(seat uint32) {
	c.bits[seat>>6] &^= 1 << (seat & 63)
	c.marks--
}

func (p *proposer) isClaimed(h *shard.Hold) bool {
	c := p.claimed[h.Event]
	if c == nil {
		return false
	}
	for _, seat := range h.Seats {
		if c.has(seat) {
			return true
		}
	}
	return false
}

// claim marks the hold's seats until its entry has landed. What the state machine is
// sure to refuse claims nothing.
func (p *proposer) claim(e *entry, h *shard.Hold) {
	c := p.claimed[h.Event]
	if c == nil {
		c = &claims{}
		p.claimed[h.Event] = c
	}
	for _, seat := range h.Seats {
		if seat < shard.MaxSeats && !c.has(seat) {
			c.mark(seat)
			e.marks = append(e.marks, seatMark{h.Event, seat})
		}
	}
}

// unclaim forgets the seats of an entry that has landed.
func (p *proposer) unclaim(e *entry) {
	for _, m := range e.marks {
		c := p.claimed[m.event]
		c.clear(m.seat)
		if c.marks == 0 && len(p.claimed) > claimsKept {
			delete(p.claimed, m.event)
		}
	}
	e.marks = e.marks[:0]
}
