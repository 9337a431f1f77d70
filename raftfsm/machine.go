package raftfsm

import (
	"io"

	"github.com/usherhq/usher/shard"
)

// machine is what a group's log drives. The fsm holds its lock around every call.
type machine interface {
	advance(stamp int64) int64
	now() int64
	// apply runs a command at now; false: there is no such command here.
	apply(now int64, c *Command, out *Result) bool
	// freeze takes the state as it is, to be written out while the machine goes on.
	freeze() io.WriterTo
	// restore replaces the state by a snapshot's; on an error it stays as it was.
	restore(r io.Reader) error
	// restored begins a new era of a state that comes from a backup.
	restored(seed [32]byte, at int64) error
	digest() uint64
	check() error
	// takeDirty appends the numbers of what changed since the last call.
	takeDirty(buf []uint32) []uint32
}

// newMachine is the empty one of a group of a node with so many shard groups; 0 is the directory.
func newMachine(group, groups int) machine {
	if group == 0 {
		return &directoryMachine{newDirectory(groups)}
	}
	return newShardMachine()
}

type directoryMachine struct{ dir *Directory }

func (m *directoryMachine) advance(stamp int64) int64 {
	m.dir.time = max(m.dir.time, stamp)
	return m.dir.time
}

func (m *directoryMachine) now() int64 { return m.dir.time }

func (m *directoryMachine) apply(now int64, c *Command, out *Result) bool {
	*out = Result{Result: shard.Result{Now: now}}
	switch c.Op {
	case OpChartChunk:
		out.Err = m.dir.charts.Put(&c.Chunk)
	case OpNameChart:
		m.dir.nameChart(&c.Name, &out.Result)
	case OpPlaceEvent, OpPlaceRuled:
		m.dir.place(now, &c.Place, &out.Result)
	case OpActivateEvent:
		m.dir.activate(&c.Activate, &out.Result)
	case OpTick, OpChecksum:
	case OpFound:
		m.dir.found(now, c.Found, &out.Result)
	case OpPutMember:
		m.dir.putMember(now, c.Member, &out.Result)
	case OpSetMember:
		m.dir.setMember(c.SetState, &out.Result)
	case OpPlaceVoters:
		m.dir.placeVoters(c.Voters, &out.Result)
	case OpRaiseVersion:
		m.dir.raiseVersion(&c.Version, &out.Result)
	default:
		return false
	}
	return true
}

func (m *directoryMachine) restored(seed [32]byte, at int64) error { return m.dir.restored(seed, at) }

func (m *directoryMachine) takeDirty(buf []uint32) []uint32 { return buf }

func (m *directoryMachine) restore(r io.Reader) error {
	d, err := restoreDirectory(r, m.dir.groups)
	if err == nil {
		m.dir = d
	}
	return err
}
