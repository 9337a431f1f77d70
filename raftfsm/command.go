package raftfsm

import (
	"github.com/usherhq/usher/shard"
	"github.com/usherhq/usher/waitroom"
)

// Op numbers a kind of command in the log. Numbers are given once and never change
// their meaning: old logs must stay readable.
type Op uint8

// The commands of shard groups.
const (
	OpNone        Op = 0
	OpHold        Op = 1
	OpExtend      Op = 2
	OpRelease     Op = 3
	OpBook        Op = 4
	OpCancel      Op = 5
	OpBlock       Op = 6
	OpExpire      Op = 7
	OpCreateEvent Op = 8
	OpChartChunk  Op = 9  // also of the directory
	OpTick        Op = 10 // does nothing: it moves time, and proves who leads
	OpHoldMarked  Op = 11 // OpHold of a lease, or of who was admitted
	OpClaim       Op = 12
	OpBegin       Op = 13
	OpDecide      Op = 14
	OpResolve     Op = 15
	OpAck         Op = 16
	OpBookParts   Op = 17 // OpBook of a bundle, with what each part costs
	OpAllot       Op = 18
	OpCreateRuled Op = 19 // OpCreateEvent with a plan and rules
	OpChecksum    Op = 20 // of every group: each replica notes its digest here
	OpOpenRoom    Op = 21
	OpJoin        Op = 22
	OpLeave       Op = 23
	OpEnter       Op = 24 // the first use of an admission, without a claim
	OpSetRoom     Op = 25
	OpAdmit       Op = 26 // rooms do what is due
	OpPassed      Op = 27 // stands before a claim that shows an admission
)

// The commands of the directory.
const (
	OpNameChart     Op = 32
	OpPlaceEvent    Op = 33
	OpActivateEvent Op = 34
	OpPlaceRuled    Op = 35 // OpPlaceEvent with a plan and rules
	OpFound         Op = 36
	OpPutMember     Op = 37
	OpSetMember     Op = 38
	OpPlaceVoters   Op = 39
	OpRaiseVersion  Op = 40
	OpMembership    Op = 41 // all that is known of nodes: of snapshots, never of the log
)

// Command is one command; Op says which of the fields counts. Kinds that are seldom are
// pointers: a Command is cleared for every claim.
type Command struct {
	Op       Op
	Hold     shard.Hold
	Extend   shard.Extend
	Release  shard.Release
	Book     shard.Book
	Cancel   shard.Cancel
	Block    shard.Block
	Expire   shard.Expire
	Create   shard.CreateEvent
	Chunk    shard.ChartChunk
	Name     NameChart
	Place    PlaceEvent
	Activate ActivateEvent
	Claim    *shard.Claim
	Begin    *shard.Begin
	Decide   *shard.Decide
	Resolve  *shard.Resolve
	Ack      *shard.Ack
	Allot    *shard.Allot
	Found    *Found
	Member   *PutMember
	SetState *SetMember
	Voters   *PlaceVoters
	Version  RaiseVersion
	OpenRoom *waitroom.OpenRoom
	Join     *waitroom.Join
	Leave    waitroom.Leave
	Enter    Enter
	SetRoom  *waitroom.Set
	Admit    Admit
	// Pass is the admission that a claim (OpHoldMarked, OpClaim) shows; the zero value: none.
	Pass waitroom.Pass

	membership *membership // of snapshots
}

// Enter begins a session, or asks whether one is good.
type Enter struct {
	waitroom.Pass
	Event uint32
}

// Admit bounds what one command does in each room of a group, see waitroom.Rooms.Step.
type Admit struct{ Limit uint32 }

// HoldOp is the op of a hold: the shorter form where that can say it.
func HoldOp(h *shard.Hold) Op {
	if h.Lease || h.Admitted {
		return OpHoldMarked
	}
	return OpHold
}

// BookOp is the op of a booking.
func BookOp(b *shard.Book) Op {
	if len(b.Parts) > 0 {
		return OpBookParts
	}
	return OpBook
}

// CreateOp is the op of a creation, and PlaceOp that of a placement: without plan and
// rules they are written as they always were.
func CreateOp(c *shard.CreateEvent) Op {
	if ruled(c) {
		return OpCreateRuled
	}
	return OpCreateEvent
}

// PlaceOp is the op of a placement.
func PlaceOp(p *PlaceEvent) Op {
	if ruled(&p.Create) {
		return OpPlaceRuled
	}
	return OpPlaceEvent
}

func ruled(c *shard.CreateEvent) bool { return c.Plan != [32]byte{} || c.Rules != shard.Rules{} }

// claims tells whether the command is a claim of seats.
func (c *Command) claims() bool { return c.Op == OpHold || c.Op == OpHoldMarked || c.Op == OpClaim }

// applyShard runs a command on a shard group's state; false means that this kind of
// command is not one of a shard group.
func applyShard(s *shard.State, now int64, c *Command, out *shard.Result) bool {
	switch c.Op {
	case OpHold, OpHoldMarked:
		s.Hold(now, &c.Hold, out)
	case OpExtend:
		s.Extend(now, &c.Extend, out)
	case OpRelease:
		s.Release(now, &c.Release, out)
	case OpBook, OpBookParts:
		s.Book(now, &c.Book, out)
	case OpCancel:
		s.Cancel(now, &c.Cancel, out)
	case OpBlock:
		s.Block(now, &c.Block, out)
	case OpExpire:
		s.Expire(now, &c.Expire, out)
	case OpCreateEvent, OpCreateRuled:
		s.CreateEvent(now, &c.Create, out)
	case OpChartChunk:
		*out = shard.Result{Now: now, Err: s.PutChart(&c.Chunk)}
	case OpTick, OpChecksum:
		*out = shard.Result{Now: now}
	case OpClaim:
		s.Claim(now, c.Claim, out)
	case OpBegin:
		s.Begin(now, c.Begin, out)
	case OpDecide:
		s.Decide(now, c.Decide, out)
	case OpResolve:
		s.Resolve(now, c.Resolve, out)
	case OpAck:
		s.Ack(now, c.Ack, out)
	case OpAllot:
		s.Allot(now, c.Allot, out)
	default:
		return false
	}
	return true
}

// work is how much applying the command is, in plain commands.
func (c *Command) work() int {
	switch c.Op {
	case OpClaim:
	case OpJoin:
		return 1 + len(c.Join.Entrants)/entrantsInWork
	case OpAdmit:
		return searchWork
	default:
		return 1
	}
	n := 0
	for i := range c.Claim.Items {
		it := &c.Claim.Items[i]
		n++
		if it.Best != nil {
			n += searchWork
			if it.Best.Apart {
				n += searchWork * int(it.Best.Quantity)
			}
		}
		if it.Fan != shard.FanNone {
			n += searchWork
		}
	}
	return n
}
