package proptest

import (
	"bytes"

	"github.com/usherhq/usher/shard"
)

// illegal is a command that no honest client sends: values out of range, seats out of
// order, events that are not there.
func (g *gen) illegal() Op {
	switch g.Roll(5) {
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
		if g.Roll(2) == 0 {
			c.Amount = -1
		} else {
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
	switch g.Roll(6) {
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
