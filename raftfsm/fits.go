package raftfsm

import (
	"math"

	"github.com/usherhq/usher/shard"
	"github.com/usherhq/usher/waitroom"
)

// fits tells whether the command's encoding holds all of it. One that does not would be
// cut off, and what every replica then reads is another command or none, which stops
// them all. The bounds are the state machine's own, and it refuses what is beyond them
// anyway.
func (c *Command) fits() bool {
	if !c.passFits() {
		return false
	}
	switch c.Op {
	case OpHold, OpHoldMarked:
		h := &c.Hold
		return len(h.Seats) <= shard.MaxSeatsPerHold && len(h.Holder) <= shard.MaxHolderLen && 0 <= h.TTL && h.TTL <= math.MaxUint32
	case OpBook, OpBookParts:
		return len(c.Book.Payment) <= shard.MaxPaymentLen && len(c.Book.Parts) <= shard.MaxItems
	case OpBlock:
		return len(c.Block.Seats) <= shard.MaxBlockSeats && len(c.Block.Reason) <= shard.MaxReasonLen
	case OpClaim:
		return claimFits(c.Claim)
	case OpBegin:
		return len(c.Begin.Groups) <= shard.MaxGroups
	case OpDecide:
		return len(c.Decide.Parts) <= shard.MaxItems
	case OpResolve:
		return len(c.Resolve.Parts) <= shard.MaxItems && len(c.Resolve.Payment) <= shard.MaxPaymentLen
	case OpAllot:
		a := c.Allot
		return len(a.Seats) <= shard.MaxBlockSeats && len(a.Reason) <= shard.MaxReasonLen && len(a.Name) <= shard.MaxChannelName
	case OpCreateEvent, OpCreateRuled:
		return createFits(&c.Create)
	case OpChartChunk:
		return len(c.Chunk.Data) <= chunkBytes
	case OpNameChart:
		return len(c.Name.ChartID) <= math.MaxUint8
	case OpPlaceEvent, OpPlaceRuled:
		return len(c.Place.Series) <= math.MaxUint8 && len(c.Place.ChartID) <= math.MaxUint8 && createFits(&c.Place.Create)
	case OpActivateEvent:
		return len(c.Activate.EventID) <= math.MaxUint8
	case OpFound:
		for i := range c.Found.Members {
			if !memberFits(&c.Found.Members[i]) {
				return false
			}
		}
		return len(c.Found.Members) <= maxMembers
	case OpPutMember:
		return memberFits(&c.Member.Member)
	case OpSetMember:
		return len(c.SetState.NodeID) <= math.MaxUint8
	case OpPlaceVoters:
		return namesFit(c.Voters.Voters) && namesFit(c.Voters.Was)
	case OpOpenRoom:
		return openRoomFits(c.OpenRoom)
	case OpJoin:
		return len(c.Join.Entrants) <= MaxJoin
	case OpSetRoom:
		return len(c.SetRoom.Reason) <= waitroom.MaxReason
	case OpExtend, OpRelease, OpCancel, OpExpire, OpTick, OpAck, OpChecksum, OpRaiseVersion, OpLeave, OpEnter, OpAdmit:
		return true
	}
	return false
}

func createFits(c *shard.CreateEvent) bool {
	return len(c.ID) <= shard.MaxEventIDLen && len(c.Meta) <= shard.MaxMetaLen
}

// claimFits bounds all that a claim lists, also of items of which only one is taken.
func claimFits(c *shard.Claim) bool {
	if len(c.Items) > shard.MaxItems || len(c.Holder) > shard.MaxHolderLen || c.TTL < 0 || c.TTL > math.MaxUint32 {
		return false
	}
	listed := 0
	for i := range c.Items {
		it := &c.Items[i]
		listed += len(it.Seats)
		if it.Versions != nil && len(it.Versions) != len(it.Seats) || it.Fan > shard.FanSuggest || it.Orphans > shard.OrphansForbid {
			return false
		}
	}
	return listed <= shard.MaxSeatsPerHold
}
