package raftfsm

import "github.com/usherhq/usher/shard"

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
)

// The commands of the directory.
const (
	OpNameChart     Op = 32
	OpPlaceEvent    Op = 33
	OpActivateEvent Op = 34
)

// Command is one command; Op says which of the fields counts.
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
}

// applyShard runs a command on a shard group's state; false means that this kind of
// command is not one of a shard group.
func applyShard(s *shard.State, now int64, c *Command, out *shard.Result) bool {
	switch c.Op {
	case OpHold:
		s.Hold(now, &c.Hold, out)
	case OpExtend:
		s.Extend(now, &c.Extend, out)
	case OpRelease:
		s.Release(now, &c.Release, out)
	case OpBook:
		s.Book(now, &c.Book, out)
	case OpCancel:
		s.Cancel(now, &c.Cancel, out)
	case OpBlock:
		s.Block(now, &c.Block, out)
	case OpExpire:
		s.Expire(now, &c.Expire, out)
	case OpCreateEvent:
		s.CreateEvent(now, &c.Create, out)
	case OpChartChunk:
		*out = shard.Result{Now: now, Err: s.PutChart(&c.Chunk)}
	case OpTick:
		*out = shard.Result{Now: now}
	default:
		return false
	}
	return true
}
