package raftfsm

import (
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/usherhq/usher/shard"
)

const (
	tendEvery    = 50 * time.Millisecond
	sweepLimit   = 4096 // holds ended by one Expire
	sweepsInTick = 16
)

// tend does what a group needs from time to time: until it is ready, find out whether
// it is; as the leader, expire what is due; make snapshots of a log that has grown.
func (g *Group) tend() {
	defer g.wg.Done()
	tick := time.NewTicker(tendEvery)
	defer tick.Stop()
	starting := startup{answer: make(chan uint64, 1)}
	ended := g.node.Done()
	var snapshots chan error
	for {
		select {
		case <-g.ctx.Done():
			return
		case <-ended:
			ended = nil
			if err := g.node.Err(); !errors.Is(err, ErrClosed) {
				g.proposer.fail(err)
			}
			continue
		case err := <-snapshots:
			snapshots = nil
			if err != nil {
				g.warn(err)
			}
			continue
		case <-tick.C:
		}
		leads := g.IsLeader()
		g.showLeader(leads)
		if leader := g.Leader(); leader != "" {
			g.node.forwards.redirect(g.no, leader)
		}
		g.lookAround()
		if !g.ready.Load() && starting.done(g) {
			g.ready.Store(true)
			g.clock.live()
		}
		if leads && g.ready.Load() && g.no > 0 {
			g.sweep()
			g.admit()
		}
		if snapshots == nil && g.fsm.bytes.Load() > snapshotBytes {
			snapshots = make(chan error, 1)
			g.wg.Add(1)
			go func() {
				defer g.wg.Done()
				snapshots <- g.Snapshot()
			}()
		}
	}
}

func (g *Group) showLeader(leads bool) {
	if leads {
		g.metrics.leads.Set(1)
		g.wasLeader = true
	} else if g.wasLeader {
		g.metrics.leads.Set(0)
		g.wasLeader = false
	}
}

// sweep proposes bounded Expire entries while something is due.
func (g *Group) sweep() {
	for range sweepsInTick {
		var due int64
		if g.View(func(s *shard.State) { due = s.NextDue() }) != nil || due > g.clock.now() {
			return
		}
		if res, err := g.tick(Command{Op: OpExpire, Expire: shard.Expire{Limit: sweepLimit}}); err != nil || !res.More {
			return
		}
	}
}

// tick proposes a command of the group's own, for at most a few seconds.
func (g *Group) tick(c Command) (Result, error) {
	ctx, cancel := context.WithTimeout(context.Background(), enqueueTimeout)
	defer cancel()
	r := NewRequest()
	defer r.Free()
	r.Cmd = c
	if err := g.Propose(ctx, r); err != nil {
		return Result{}, err
	}
	return r.Result, nil
}

// snapshotIndex is the last entry in the newest snapshot that this replica made or
// restored.
func (g *Group) snapshotIndex() uint64 {
	index, err := strconv.ParseUint(g.raft.Stats()["last_snapshot_index"], 10, 64)
	if err != nil {
		return 0
	}
	return index
}
