package proptest

import (
	"bytes"

	"github.com/usherhq/usher/shard"
)

// illegal is a command that no honest client sends: values out of range, seats out of
// order, events that are not there.
func (g *gen) illegal() Op {
	switch g.Roll(8) {
	case 5, 6:
		return g.illegalClaim()
	case 7:
		return g.illegalBundle()
	case 0:
		c := *g.extend().(*shard.Extend)
		if g.Roll(2) == 0 {
			c.Event += 9
		} else {
			c.TTL = g.badTTL()
		}
		return &c
	case 1:
		c := *g.book().(*shard.Book)
		switch g.Roll(3) {
		case 0:
			c.Amount = -1
		case 1:
			c.Parts = []int64{1, -1}
		default:
			c.Payment = bytes.Repeat([]byte("x"), shard.MaxPaymentLen+1)
		}
		return &c
	case 2:
		c := *g.block().(*shard.Block)
		if g.Roll(3) == 0 {
			c.Reason = bytes.Repeat([]byte("x"), shard.MaxReasonLen+1)
		} else {
			c.Seats = g.badSeats(c.Event, c.Seats)
		}
		return &c
	}
	return g.illegalHold()
}

func (g *gen) illegalHold() Op {
	c := *g.hold().(*shard.Hold)
	switch g.Roll(7) {
	case 0:
		c.Event = uint32(len(g.m.Events)) + uint32(g.Roll(2))<<31
	case 1:
		c.TTL = g.badTTL()
	case 2:
		c.Holder = nil
	case 3:
		c.Holder = bytes.Repeat([]byte("x"), shard.MaxHolderLen+1)
	default:
		c.Seats = g.badSeats(c.Event, c.Seats)
	}
	return &c
}

func (g *gen) badTTL() int64 {
	return pick(g.Dice, shard.MinTTL-1, 0, -1, shard.MaxTTL+1, int64(1)<<62, -1<<63)
}

func (g *gen) badSeats(event uint32, seats []uint32) []uint32 {
	n := uint32(len(g.m.Events[event].Seats))
	switch g.Roll(8) {
	case 6:
		return append(append([]uint32(nil), seatsIn(seats)...), pick(g.Dice, shard.AreaCode(0, 0), shard.AreaCode(2, 1), shard.AreaCode(0, 1_001)))
	case 7:
		return append(append([]uint32(nil), seatsIn(seats)...), shard.AreaCode(0, 1), shard.AreaCode(0, 2))
	case 0:
		return nil
	case 1:
		return append([]uint32{seats[0]}, seats...)
	case 2:
		return append(append([]uint32(nil), seats...), 0)
	case 3:
		return append(append([]uint32(nil), seats...), n)
	case 4:
		return append(append([]uint32(nil), seats...), ^uint32(0))
	}
	return append([]uint32{n + 1}, seats...)
}

func (g *gen) illegalClaim() Op {
	c := *g.claim().(*shard.Claim)
	c.Items = append([]shard.Item(nil), c.Items...)
	it := &c.Items[g.Roll(len(c.Items))]
	switch g.Roll(20) {
	case 0:
		c.Items = nil
	case 1:
		it.Event += 9
	case 2:
		c.Items = append(c.Items, *it)
	case 3:
		c.Any, c.Same = true, true
	case 4:
		it.Orphans = 3
	case 5:
		it.Fan = 3
	case 6:
		it.Versions = []uint64{1, 2, 3, 4, 5, 6, 7, 8}
	case 7:
		it.Best = &shard.Best{Quantity: pick[uint16](g.Dice, 0, 1_001, 101), Category: pick[uint16](g.Dice, 0, 9), Apart: true}
		it.Seats, it.Fan, it.Versions, it.IfSince = nil, 0, nil, false
	case 8:
		c.Txn, c.Key = shard.Txn{Home: pick[uint16](g.Dice, 0, 65, 3), Bundle: uint32(g.Roll(2))}, pick(g.Dice, shard.Key{}, shard.Key{Hash: [16]byte{9}})
	case 9:
		c.TTL = g.badTTL()
	default:
		it.Best = nil
		it.Seats = g.badSeats(min(it.Event, uint32(len(g.m.Events)-1)), []uint32{0})
	}
	return &c
}

func (g *gen) illegalBundle() Op {
	switch g.Roll(6) {
	case 0:
		c := *g.begin().(*shard.Begin)
		c.Groups = pick(g.Dice, []uint16{0}, []uint16{3, 3}, []uint16{4, 3}, []uint16{65})
		return &c
	case 1:
		c := *g.begin().(*shard.Begin)
		c.Wait = pick[int64](g.Dice, 0, -1, shard.MaxTTL+1)
		return &c
	case 2:
		c := *g.decide().(*shard.Decide)
		c.TTL = g.badTTL()
		return &c
	}
	c := *g.allot().(*shard.Allot)
	switch g.Roll(12) {
	case 0:
		c.Name = nil
	case 1:
		c.Hash = [16]byte{}
	case 2:
		c.Reason = bytes.Repeat([]byte("x"), shard.MaxReasonLen+1)
	default:
		c.Seats = g.badSeats(c.Event, c.Seats)
	}
	return &c
}
