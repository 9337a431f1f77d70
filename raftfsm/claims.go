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

// isClaimed tells whether a claim has probably lost: one of its seats is claimed by an
// entry in flight. Who takes others for seats that are gone, or whatever is best, or any
// of several things, has not.
func (p *proposer) isClaimed(c *Command) bool {
	if c.Op != OpClaim {
		return p.anyClaimed(c.Hold.Event, c.Hold.Seats)
	}
	if c.Claim.Any {
		return false
	}
	for i := range c.Claim.Items {
		if it := &c.Claim.Items[i]; it.Fan == shard.FanNone && p.anyClaimed(it.Event, it.Seats) {
			return true
		}
	}
	return false
}

func (p *proposer) anyClaimed(event uint32, seats []uint32) bool {
	c := p.claimed[event]
	if c == nil {
		return false
	}
	for _, seat := range seats {
		if c.has(seat) {
			return true
		}
	}
	return false
}

// claim marks a claim's seats until its entry has landed. What the state machine is sure
// to refuse claims nothing, nor do places in areas, and seats that it will choose.
func (p *proposer) claim(e *entry, c *Command) {
	if c.Op != OpClaim {
		p.mark(e, c.Hold.Event, c.Hold.Seats)
		return
	}
	for i := range c.Claim.Items {
		p.mark(e, c.Claim.Items[i].Event, c.Claim.Items[i].Seats)
	}
}

func (p *proposer) mark(e *entry, event uint32, seats []uint32) {
	c := p.claimed[event]
	if c == nil {
		c = &claims{}
		p.claimed[event] = c
	}
	for _, seat := range seats {
		if seat < shard.MaxSeats && !c.has(seat) {
			c.mark(seat)
			e.marks = append(e.marks, seatMark{event, seat})
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
