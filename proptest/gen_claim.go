package proptest

import (
	"bytes"
	"fmt"

	"github.com/usherhq/usher/shard"
)

// places are some seats and, where there are areas, often some places in them.
func (g *gen) places(e *ModelEvent, limit int) []uint32 {
	seats := g.seats(e, limit)
	if e.areas() == 0 || g.Roll(3) > 0 {
		return seats
	}
	if g.Roll(3) == 0 {
		seats = nil
	}
	return append(seats, g.standing(e)...)
}

// standing are places in one area or in all.
func (g *gen) standing(e *ModelEvent) (codes []uint32) {
	for i := range e.areas() {
		if len(codes) == 0 && i == e.areas()-1 || g.Roll(2) == 0 {
			codes = append(codes, shard.AreaCode(uint32(i), uint32(1+g.Roll(3))))
		}
	}
	return codes
}

// admitted is what an event with a gate asks for, mostly.
func (g *gen) admitted() bool { return g.Roll(8) > 0 }

func (g *gen) holder() []byte { return fmt.Append(nil, "holder", g.Roll(5)) }

func (g *gen) claim() Op {
	c := &shard.Claim{TTL: g.ttl(), Holder: g.holder(), Admitted: g.admitted(), Lease: chance(g.Dice, 5)}
	no, e := g.event()
	c.Items = []shard.Item{g.item(no, e)}
	if g.Roll(2) == 0 {
		g.moreItems(c)
	}
	switch g.Roll(8) {
	case 0:
		if !g.apart {
			c.Txn = g.txn()
		}
	case 1, 2:
		c.Any = true
		c.Key = g.key()
	case 3:
		g.sameOnAll(c)
	default:
		c.Key = g.key()
	}
	return c
}

// moreItems adds items of other events, mostly.
func (g *gen) moreItems(c *shard.Claim) {
	for no, e := range g.m.Events {
		if uint32(no) != c.Items[0].Event && g.Roll(3) > 0 {
			c.Items = append(c.Items, g.item(uint32(no), e))
		}
	}
}

// sameOnAll asks for the same seats on all items' events, mostly those of one plan.
func (g *gen) sameOnAll(c *shard.Claim) {
	c.Same, c.Key = true, g.key()
	if g.Roll(4) > 0 {
		c.Items = []shard.Item{{Event: 0}, {Event: uint32(min(1, len(g.m.Events)-1))}}
	}
	for i := range c.Items {
		it := &c.Items[i]
		e := g.m.Events[it.Event]
		*it = shard.Item{Event: it.Event, Best: g.best(e), Orphans: it.Orphans, Channel: it.Channel}
		if e.areas() > 0 && chance(g.Dice, 4) {
			it.Seats = g.standing(e)
		}
	}
}

func (g *gen) item(no uint32, e *ModelEvent) shard.Item {
	it := shard.Item{Event: no, Channel: g.channel(e)}
	if chance(g.Dice, 5) {
		it.Orphans = pick(g.Dice, shard.OrphansAvoid, shard.OrphansForbid)
	}
	switch g.Roll(6) {
	case 0, 1:
		it.Best = g.best(e)
		if e.areas() > 0 && chance(g.Dice, 4) {
			it.Seats = g.standing(e)
		}
		return it
	case 2, 3:
		it.Fan = pick(g.Dice, shard.FanSubstitute, shard.FanSubstitute, shard.FanSuggest)
	}
	it.Seats = g.places(e, 4)
	if chance(g.Dice, 4) {
		g.asRead(e, &it)
	}
	return it
}

// asRead tells at which versions the seats were read: mostly those they are at.
func (g *gen) asRead(e *ModelEvent, it *shard.Item) {
	if g.Roll(2) == 0 {
		it.IfSince, it.Since = true, uint64(max(0, len(e.History)-g.Roll(4)))
		return
	}
	for _, what := range it.Seats {
		at := uint64(0)
		if no, _, area := shard.SplitCode(what); area {
			at = e.changedAt(shard.AreaCode(no, 0))
		} else {
			at = e.Seats[what].Changed
		}
		if chance(g.Dice, 12) {
			at += uint64(g.Roll(2))*2 - 1
		}
		it.Versions = append(it.Versions, at)
	}
}

// best asks for something; without a plan it cannot be had.
func (g *gen) best(e *ModelEvent) *shard.Best {
	q := &shard.Best{Quantity: uint16(1 + g.Roll(4)), Apart: g.Roll(2) == 0, AcrossAisle: g.Roll(2) == 0}
	switch g.Roll(8) {
	case 0:
		q.Quantity = uint16(1 + g.Roll(20))
	case 1:
		q.Accessible = uint16(g.Roll(int(q.Quantity) + 1))
		q.Companion = uint16(g.Roll(int(q.Quantity-q.Accessible) + 1))
	case 2, 3:
		q.Category, q.Section = uint16(g.Roll(3)), uint16(g.Roll(3))
	case 4:
		q.NearSeat = 1 + uint32(g.Roll(len(e.Seats)))
	case 5:
		q.NearPoint, q.X, q.Y = true, int32(g.Roll(14)), int32(g.Roll(5))
	}
	return q
}

// channel is the key of none, of one that exists, or one that opens nothing.
func (g *gen) channel(e *ModelEvent) [16]byte {
	switch g.Roll(6) {
	case 0, 1:
		if len(e.Channels) > 0 {
			return e.Channels[g.Roll(len(e.Channels))].Hash
		}
	case 2:
		if chance(g.Dice, 4) {
			return [16]byte{0xee}
		}
	}
	return [16]byte{}
}

func (g *gen) allot() Op {
	no, e := g.event()
	name := byte('a' + g.Roll(3))
	hash := [16]byte{name}
	if chance(g.Dice, 4) {
		hash = [16]byte{byte('a' + g.Roll(5))}
	}
	return &shard.Allot{Event: no, Seats: g.seats(e, 2), Name: []byte{name}, Hash: hash, Reason: []byte("why")[:g.Roll(4)], Key: g.key()}
}

// txn is one that is known here, or is not.
func (g *gen) txn() shard.Txn {
	if b := g.someBundle(); b != nil && g.Roll(3) > 0 {
		if b.Home == 0 {
			return shard.Txn{Bundle: b.Number}
		}
		return shard.Txn{Home: b.Home, Bundle: b.At}
	}
	return shard.Txn{Home: uint16(g.Roll(4)), Bundle: uint32(1 + g.Roll(6))}
}

// someBundle is mostly one that something has to be done about; nil: there is none.
func (g *gen) someBundle() *ModelBundle {
	if len(g.m.Bundles) == 0 {
		return nil
	}
	var busy []*ModelBundle
	for i := len(g.m.Bundles) - 1; i >= 0 && len(busy) < 4; i-- {
		if g.m.Bundles[i].busy() {
			busy = append(busy, g.m.Bundles[i])
		}
	}
	if len(busy) > 0 && g.Roll(4) > 0 {
		return pick(g.Dice, busy...)
	}
	return g.m.Bundles[max(0, len(g.m.Bundles)-1-g.Roll(6))]
}

// guest is mostly a bundle here that others decide about.
func (g *gen) guest() shard.Txn {
	var list []shard.Txn
	for i := len(g.m.Bundles) - 1; i >= 0 && len(list) < 4; i-- {
		if b := g.m.Bundles[i]; b.Home != 0 && (b.State != shard.BundleEnded || chance(g.Dice, 8)) {
			list = append(list, shard.Txn{Home: b.Home, Bundle: b.At})
		}
	}
	if len(list) == 0 || chance(g.Dice, 8) {
		return g.txn()
	}
	return pick(g.Dice, list...)
}

func (g *gen) begin() Op {
	no, _ := g.event()
	return &shard.Begin{Event: no, Groups: []uint16{2, 5}[g.Roll(2):], Wait: int64(1 + g.Roll(3_000)), Key: g.key()}
}

// decide is mostly a commit as it should be.
func (g *gen) decide() Op {
	c := &shard.Decide{Bundle: uint32(g.Roll(len(g.m.Bundles) + 2)), Commit: g.Roll(3) > 0, Late: g.Roll(2) == 0, TTL: g.ttl()}
	b := g.someBundle()
	if b == nil {
		return c
	}
	c.Bundle = b.Number
	for _, p := range b.here() {
		c.Parts = append(c.Parts, shard.Part{Event: p.Event, Hold: p.Part.Hold})
	}
	for _, group := range b.Pending {
		c.Parts = append(c.Parts, shard.Part{Group: group, Event: uint32(g.Roll(2)), Hold: uint32(1 + g.Roll(9))})
	}
	if n := len(c.Parts); n > 0 && chance(g.Dice, 6) {
		c.Parts[g.Roll(n)].Hold++
	}
	return c
}

func (g *gen) resolve() Op {
	c := &shard.Resolve{
		Txn: g.guest(), State: shard.BundleState(g.Roll(6)), Expired: g.Roll(2) == 0,
		Currency: [3]byte{'E', 'U', 'R'}, Payment: fmt.Append(nil, "pay_", g.Roll(9)),
	}
	if b := g.m.joined(c.Txn); b != nil {
		for _, p := range b.here() {
			c.Parts = append(c.Parts, shard.Part{Group: 1, Event: p.Event, Hold: p.Part.Hold, Amount: int64(g.Roll(3)) * 700})
		}
	}
	if chance(g.Dice, 20) {
		c.Payment = bytes.Repeat([]byte("x"), shard.MaxPaymentLen+1)
	}
	return c
}

func (g *gen) ack() Op {
	c := &shard.Ack{Bundle: uint32(g.Roll(len(g.m.Bundles) + 2)), Group: uint16(g.Roll(6)), State: shard.BundleState(1 + g.Roll(5))}
	if b := g.someBundle(); b != nil {
		c.Bundle = b.Number
		if len(b.Pending) > 0 && g.Roll(4) > 0 {
			c.Group = pick(g.Dice, b.Pending...)
		}
		if g.Roll(4) > 0 {
			c.State = b.State
		}
	}
	return c
}
