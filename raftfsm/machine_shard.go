package raftfsm

import (
	"bufio"
	"errors"
	"fmt"
	"io"

	"github.com/usherhq/usher/shard"
	"github.com/usherhq/usher/waitroom"
)

// shardMachine is the seats of a group's events, and the waiting rooms before them.
type shardMachine struct {
	state *shard.State
	rooms *waitroom.Rooms
}

func newShardMachine() *shardMachine {
	s := shard.New()
	return &shardMachine{s, waitroom.New(inventory{s})}
}

func (m *shardMachine) advance(stamp int64) int64 { return m.state.Advance(stamp) }
func (m *shardMachine) now() int64                { return m.state.Now() }

func (m *shardMachine) takeDirty(buf []uint32) []uint32 { return m.state.TakeDirty(buf) }

func (m *shardMachine) apply(now int64, c *Command, out *Result) bool {
	out.Joined = nil
	switch {
	case c.Op >= OpOpenRoom && c.Op <= OpAdmit:
		m.applyRoom(now, c, out)
		return true
	case m.rooms.Len() > 0 || c.Pass != waitroom.Pass{}:
		return m.applyBeside(now, c, &out.Result)
	}
	return applyShard(m.state, now, c, &out.Result)
}

// digest is the seats' alone while there are no rooms: as it was before there were any.
func (m *shardMachine) digest() uint64 {
	if m.rooms.Len() == 0 {
		return m.state.Digest()
	}
	return m.state.Digest() + m.rooms.Digest()
}

func (m *shardMachine) check() error {
	if err := m.state.Check(); err != nil {
		return err
	}
	if err := m.rooms.Check(); err != nil {
		return err
	}
	return m.checkEvents()
}

// checkEvents: rooms are before events of the group.
func (m *shardMachine) checkEvents() error {
	for no := range uint32(m.rooms.Len()) {
		info := m.rooms.Room(no).Info(m.now())
		for _, e := range info.Events {
			if m.state.Event(e) == nil {
				return fmt.Errorf("%w: room %q is of event %d, there are %d", ErrDamaged, info.ID, e, m.state.Events())
			}
		}
	}
	return nil
}

func (m *shardMachine) restored(seed [32]byte, at int64) error {
	if err := m.state.Restored(seed, at); err != nil {
		return err
	}
	return m.rooms.Restored(seed)
}

// freeze: the snapshot has rooms behind the seats only if there are any, so that programs
// that know of none read all others.
func (m *shardMachine) freeze() io.WriterTo {
	if m.rooms.Len() == 0 {
		return m.state.Freeze()
	}
	return &frozenShard{m.state.Freeze(), m.rooms.Freeze()}
}

type frozenShard struct {
	state *shard.Frozen
	rooms *waitroom.Frozen
}

// WriteTo writes the snapshot.
func (z *frozenShard) WriteTo(w io.Writer) (int64, error) {
	n, err := z.state.WriteTo(w)
	if err != nil {
		return n, err
	}
	more, err := z.rooms.WriteTo(w)
	return n + more, err
}

func (m *shardMachine) restore(r io.Reader) error {
	s, err := shard.Restore(r)
	if err != nil {
		return err
	}
	rooms, err := restoreRooms(r, s)
	if err != nil {
		return err
	}
	next := &shardMachine{s, rooms}
	if err := next.checkEvents(); err != nil {
		return fmt.Errorf("%w: %w", waitroom.ErrBadSnapshot, err)
	}
	*m = *next
	return nil
}

// restoreRooms reads what follows the seats in a snapshot: rooms, or nothing.
func restoreRooms(r io.Reader, s *shard.State) (*waitroom.Rooms, error) {
	rest := bufio.NewReader(r) // to look ahead; behind the rooms nothing may follow
	switch end, err := atEnd(rest); {
	case err != nil:
		return nil, err
	case end:
		return waitroom.New(inventory{s}), nil
	}
	rooms, err := waitroom.Restore(rest, inventory{s})
	if err != nil {
		return nil, err
	}
	if rooms.Len() == 0 {
		return nil, fmt.Errorf("%w: it has none", waitroom.ErrBadSnapshot)
	}
	end, err := atEnd(rest)
	if err == nil && !end {
		err = fmt.Errorf("%w: something follows its end", waitroom.ErrBadSnapshot)
	}
	return rooms, err
}

func atEnd(r *bufio.Reader) (bool, error) {
	_, err := r.Peek(1)
	if errors.Is(err, io.EOF) {
		return true, nil
	}
	return false, err
}
