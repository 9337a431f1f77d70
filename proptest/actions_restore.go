package proptest

import (
	"encoding/binary"
	"fmt"

	"github.com/usherhq/usher/shard"
)

// backup is a state at one moment; what came after it may be lost.
type backup struct {
	bytes []byte
	m     *Model
	now   int64
}

// tokensGiven are the highest tokens that were given out by anybody, by event id: also of what
// a restore has forgotten since.
type tokensGiven struct {
	highest map[string]uint64
	floor   map[string]uint64 // highest, at the last restore
}

const (
	// newSlot is how far restores of one backup have to be apart.
	newSlot = 20 * 60 * 1000
	slot0   = int64(1_767_225_600_000) // 2026-01-01
)

// restore takes a backup, or loses all that came after the last one and begins a new era.
func (x *Run) restore() error {
	if x.highest == nil {
		return nil
	}
	if x.saved == nil || x.Roll(5) > 0 {
		b, err := Snapshot(x.subject.State().Freeze())
		x.saved = &backup{b, x.m.clone(), x.now}
		return err
	}
	x.restores++
	seed := [32]byte{9}
	binary.LittleEndian.PutUint64(seed[1:], uint64(x.restores))
	at := slot0 + int64(1<<20+x.restores)*newSlot // beyond the highest base of a new event
	epochs := x.epochs()
	if err := x.subject.Rewind(x.saved.bytes, seed, at); err != nil {
		return err
	}
	x.m, x.now = x.saved.m.clone(), x.saved.now
	for _, e := range x.m.Events {
		e.restored(at)
	}
	for epoch, id := range x.epochs() {
		if _, old := epochs[epoch]; old {
			return fmt.Errorf("event %s keeps its epoch over a restore", id)
		}
	}
	x.raiseFloor()
	return nil
}

func (x *Run) epochs() map[[16]byte]string {
	all := make(map[[16]byte]string)
	s := x.subject.State()
	for no := range uint32(s.Events()) {
		all[s.Event(no).Epoch()] = s.Event(no).ID()
	}
	return all
}

// restored begins an era: its tokens are above all that the holds before it can have had
// which are forgotten by now, and above those of other restores of the same backup.
func (e *ModelEvent) restored(at int64) {
	base := max(e.base()+1<<32, uint64((at-slot0)/newSlot)<<32)
	e.Eras = append(e.Eras[:len(e.Eras):len(e.Eras)], ModelEra{len(e.Holds), base})
}

// raiseFloor forgets events that are gone: who makes them again has to see to their tokens.
func (x *Run) raiseFloor() {
	x.floor = make(map[string]uint64)
	for _, e := range x.m.Events {
		if top, ok := x.highest[e.Create.ID]; ok {
			x.floor[e.Create.ID] = top
		}
	}
}

// tokens wants every new grant to have a token above all from before the last restore.
func (x *Run) tokens(op Op, out *shard.Result) error {
	if out.Err != nil || out.Replayed || x.highest == nil {
		return nil
	}
	switch c := op.(type) {
	case *shard.Hold:
		return x.token1(out.Event, out.Token)
	case *shard.Claim:
		for _, g := range out.Granted {
			if err := x.token1(g.Event, g.Token); err != nil && c.Txn == (shard.Txn{}) {
				return err // that of a bundle may have been given before
			}
		}
	}
	return nil
}

func (x *Run) token1(event uint32, token uint64) error {
	id := x.m.Events[event].Create.ID
	x.highest[id] = max(x.highest[id], token)
	if token <= x.floor[id] {
		return fmt.Errorf("event %s: a new hold has token %d, before the last restore there were some up to %d", id, token, x.floor[id])
	}
	return nil
}
