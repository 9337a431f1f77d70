package engine

import (
	"context"
	"time"

	"github.com/usherhq/usher/raftfsm"
	"github.com/usherhq/usher/waitroom"
)

const (
	paceEvery = time.Second
	// paceTarget is the 99th percentile of claims up to which more people are let in.
	paceTarget = 250 * time.Millisecond
	// paceWait bounds what one room may take of the loop's time.
	paceWait = 2 * time.Second
)

// nextPace is how many admissions a minute are tried for next: a little more while claims are
// quick, much less at once when they are not. Between a twentieth of most (at least 1) and most.
func nextPace(pace, most uint32, p99 time.Duration) uint32 {
	step := max(most/20, 1)
	if p99 > paceTarget {
		return max(uint32(float64(pace)*0.7), step)
	}
	return max(min(pace+step, most), step)
}

// setPaces runs until the engine ends: who leads a group sets the pace of its rooms that want
// that.
func (e *Engine) setPaces() {
	tick := time.NewTicker(paceEvery)
	defer tick.Stop()
	for {
		select {
		case <-e.ctx.Done():
			return
		case <-e.done:
			return
		case <-tick.C:
		}
		for group := 1; group < e.nodes[0].Groups(); group++ {
			if g := e.leader(group); g != nil && e.ctx.Err() == nil {
				e.setGroupPaces(group, g)
			}
		}
	}
}

func (e *Engine) setGroupPaces(group int, g *raftfsm.Group) {
	p99 := g.ClaimLatency()
	for _, s := range duePaces(g, p99) {
		ctx, cancel := context.WithTimeout(e.ctx, paceWait)
		r := raftfsm.NewRequest()
		r.Cmd.Op, r.Cmd.SetRoom = raftfsm.OpSetRoom, &s
		res, err := e.propose(ctx, group, r, true)
		cancel()
		if err == nil {
			err = res.Err
		}
		if err != nil {
			e.cfg.Logger.Debug("usher: a waiting room's pace was not set", "group", group, "room", s.Room, "pace", s.Pace, "err", err)
		}
	}
}

// duePaces are the rooms whose pace is to change.
func duePaces(g *raftfsm.Group, p99 time.Duration) (due []waitroom.Set) {
	now := g.Now()
	err := g.ViewRooms(func(rs *waitroom.Rooms) {
		for no := range uint32(rs.Len()) {
			info := rs.Room(no).Info(now)
			if !info.Config.Auto || info.Phase == waitroom.Before || info.State == waitroom.Paused || info.State == waitroom.Closed {
				continue
			}
			if pace := nextPace(info.Pace, info.Config.NewPerMinute, p99); pace != info.Pace {
				due = append(due, waitroom.Set{Room: no, Fields: waitroom.SetPace, Pace: pace})
			}
		}
	})
	if err != nil {
		return nil // the replica has stopped; whoever leads next goes on
	}
	return due
}
