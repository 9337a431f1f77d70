package raftfsm

import (
	"math"

	"github.com/usherhq/usher/shard"
)

// fits tells whether the command's encoding holds all of it. One that does not would be
// cut off, and what every replica then reads is another command or none, which stops
// them all. The bounds are the state machine's own, and it refuses what is beyond them
// anyway.
func (c *Command) fits() bool {
	switch c.Op {
	case OpHold:
		h := &c.Hold
		return len(h.Seats) <= shard.MaxSeatsPerHold && len(h.Holder) <= shard.MaxHolderLen && 0 <= h.TTL && h.TTL <= math.MaxUint32
	case OpBook:
		return len(c.Book.Payment) <= shard.MaxPaymentLen
	case OpBlock:
		return len(c.Block.Seats) <= shard.MaxBlockSeats && len(c.Block.Reason) <= shard.MaxReasonLen
	case OpCreateEvent:
		return createFits(&c.Create)
	case OpChartChunk:
		return len(c.Chunk.Data) <= chunkBytes
	case OpNameChart:
		return len(c.Name.ChartID) <= math.MaxUint8
	case OpPlaceEvent:
		return len(c.Place.Series) <= math.MaxUint8 && len(c.Place.ChartID) <= math.MaxUint8 && createFits(&c.Place.Create)
	case OpActivateEvent:
		return len(c.Activate.EventID) <= math.MaxUint8
	case OpExtend, OpRelease, OpCancel, OpExpire, OpTick:
		return true
	}
	return false
}

func createFits(c *shard.CreateEvent) bool {
	return len(c.ID) <= shard.MaxEventIDLen && len(c.Meta) <= shard.MaxMetaLen
}
