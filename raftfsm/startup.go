package raftfsm

import (
	"context"
	"time"
)

const (
	// startupAsk bounds one question after where the group stands, an entry included.
	startupAsk   = 5 * time.Second
	startupPause = 250 * time.Millisecond
)

// startup finds out when a replica has applied what was committed when it started. Raft does not
// tell: its heartbeats carry no commit index, and a leader that could not reach a node for a while
// leaves it alone for up to ten seconds more. So the leader is asked, and has to prove that it
// is the leader. It is for one goroutine.
type startup struct {
	answer chan uint64 // capacity 1: what the question came to, 0 for nothing
	asking bool
	again  time.Time // no question before
	target uint64    // 0: not known yet
}

func (s *startup) done(g *Group) bool {
	if s.asking {
		select {
		case s.target = <-s.answer:
			s.asking = false
		default:
		}
	}
	if s.target == 0 {
		s.ask(g)
		return false
	}
	g.appliedBySnapshot()
	return g.Applied() >= s.target
}

// ask sends the question, unless it is under way, or nobody can be asked yet.
func (s *startup) ask(g *Group) {
	if s.asking || g.Leader() == "" || time.Now().Before(s.again) {
		return
	}
	s.asking, s.again = true, time.Now().Add(startupPause)
	g.wg.Go(func() {
		ctx, cancel := context.WithTimeout(g.node.life, startupAsk)
		defer cancel()
		index, err := g.leaderIndex(ctx)
		if err != nil {
			index = 0 // asked again
		}
		s.answer <- index
	})
}

// leaderIndex is Node.ReadIndex, for a node whose other groups may not be open yet.
func (g *Group) leaderIndex(ctx context.Context) (uint64, error) {
	if g.IsLeader() {
		return g.readIndex(ctx, true)
	}
	return g.node.forwards.asks.ask(ctx, askKey{g.Leader(), g.no, true})
}
