package raftfsm

import (
	"context"
	"fmt"

	"github.com/hashicorp/raft"

	"github.com/usherhq/usher/shard"
)

// replay gives the state at entry limit, from the newest good snapshot that is not
// beyond it, by the code that replicas run. It is nil, with a problem noted, when log
// and snapshots do not lead there; then report.Applied is how far they do. The error is
// ctx's.
func (g *offlineGroup) replay(ctx context.Context, limit uint64) (machine, error) {
	m, from, ok := g.start(limit)
	if !ok {
		return nil, nil
	}
	halt := func(error) {} // entry returns it as well
	f := &fsm{group: g.no, m: m, clock: newLogicalClock(SystemClock(), 1), entries: newEntryTable(0), halt: halt}
	for i := from + 1; i <= limit; i++ {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if err := g.step(f, i); err != nil {
			g.problem("%v", err)
			return nil, nil
		}
		g.report.Applied = i
	}
	return f.m, nil
}

// start restores the newest snapshot at or before limit; from is its entry, 0 for none.
func (g *offlineGroup) start(limit uint64) (m machine, from uint64, ok bool) {
	m = newMachine(g.no, g.groups)
	for _, s := range g.snaps {
		if s.Index > limit {
			continue
		}
		if err := s.restore(m); err != nil { // it was verified: the disk gave other bytes now
			g.problem("snapshot %s: %v", s.ID, err)
			return nil, 0, false
		}
		g.report.Snapshot, from = s.report(), s.Index
		break
	}
	g.report.Applied = from
	if from < limit && from+1 < g.first {
		g.problem("the log begins at entry %d, and no good snapshot reaches beyond entry %d", g.first, from)
		return nil, 0, false
	}
	return m, from, true
}

// step applies one entry.
func (g *offlineGroup) step(f *fsm, index uint64) error {
	var l raft.Log
	if err := g.log.read(index, &l); err != nil {
		return fmt.Errorf("entry %d: %w", index, err)
	}
	if l.Type != raft.LogCommand {
		return nil
	}
	return checked(func() error { return f.entry(&l) })
}

func totalsOf(m machine) Totals {
	switch m := m.(type) {
	case *directoryMachine:
		return Totals{Charts: m.dir.charts.Len(), Events: len(m.dir.events)}
	case *shardMachine:
		t := shardTotals(m.state)
		t.addRooms(m)
		return t
	}
	return Totals{}
}

func shardTotals(s *shard.State) Totals {
	t := Totals{Charts: s.Charts.Len(), Events: s.Events()}
	for no := range uint32(s.Events()) {
		e := s.Event(no)
		c := e.Counts()
		t.Seats += uint64(e.Seats())
		t.Available += uint64(c.Available)
		t.Held += uint64(c.Held)
		t.Booked += uint64(c.Booked)
		t.Blocked += uint64(c.Blocked)
		t.Keys += uint64(e.Keys())
		t.Holds += uint64(e.ActiveHolds())
		for n := uint32(1); n <= e.Bookings(); n++ {
			if b, _ := e.BookingInfo(n); b.State == shard.BookingCancelled {
				t.Cancelled++
			} else {
				t.Bookings++
			}
		}
	}
	return t
}

func (t *Totals) addRooms(m *shardMachine) {
	r := totalsOfRooms(m.rooms, m.now())
	t.Rooms, t.Tickets, t.Waiting, t.Admitted = r.rooms, r.joined, r.lobby+r.waiting, r.unused+r.shop
}
