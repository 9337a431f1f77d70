package raftfsm

import (
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/hashicorp/raft"
)

const (
	// commitLimit is how long a leader may get nothing committed: longer than a slow disk is
	// waited for, and than any election.
	commitLimit = 20 * time.Second
	// commitLooks is how often the watchdog looks within its limit.
	commitLooks = 20
)

// progress is what a proposer has got done, for the watchdog. Any goroutine may read it.
type progress struct {
	flying  atomic.Int64  // entries that raft has and has not answered
	done    atomic.Uint64 // entries that were committed and applied
	refused atomic.Uint64 // entries that a leader's raft would not take, or not in time
}

// landed notes what became of an entry.
func (p *progress) landed(err error) {
	p.flying.Add(-1)
	switch {
	case err == nil:
		p.done.Add(1)
	case errors.Is(err, raft.ErrLeadershipTransferInProgress), errors.Is(err, raft.ErrEnqueueTimeout):
		p.refused.Add(1)
	}
}

// commitWatch finds a leader that leads and gets nothing done: one whose raft hangs while its
// heartbeats go on (hashicorp/raft #503), or that refuses all writes since a leadership transfer
// was interrupted (#696). Time counts only while something is wanted, and by looks: a machine
// that slept has not hung.
type commitWatch struct {
	limit, step  time.Duration // step is the time between two looks
	stuck        time.Duration // for which nothing was committed that should have been
	done         uint64
	refused      uint64
	gaveLeadAway bool
}

type commitAdvice uint8

const (
	commitsFlow commitAdvice = iota
	commitsNeedLeader
	commitsNeedEnd
)

// look is called once every step.
func (w *commitWatch) look(leads bool, p *progress) commitAdvice {
	done, refused := p.done.Load(), p.refused.Load()
	wanted := p.flying.Load() > 0 || refused != w.refused
	moved := !leads || done != w.done
	w.done, w.refused = done, refused
	switch {
	case moved:
		w.stuck, w.gaveLeadAway = 0, false
		return commitsFlow
	case !wanted:
		return commitsFlow // nobody waits; what was counted stays counted
	}
	w.stuck += w.step
	switch {
	case w.stuck < w.limit:
		return commitsFlow
	case !w.gaveLeadAway:
		w.gaveLeadAway = true
		return commitsNeedLeader
	case w.stuck >= w.limit+w.limit/2:
		return commitsNeedEnd
	}
	return commitsFlow
}

// watchCommits runs the watchdog. Its first measure asks raft, which may hang and never answer:
// nobody waits for that, not even the end of the group.
func (g *Group) watchCommits() {
	defer g.wg.Done()
	limit := g.node.cfg.CommitLimit
	w := commitWatch{limit: limit, step: limit / commitLooks}
	for sleep(g.ctx, w.step) {
		if g.fsm.haltedErr() != nil {
			return
		}
		switch w.look(g.IsLeader(), &g.proposer.progress) {
		case commitsNeedLeader:
			g.warn(fmt.Errorf("nothing was committed for %v: another node is to lead", w.stuck))
			go func() {
				if err := g.transfer(""); err != nil {
					g.warn(err)
				}
			}()
		case commitsNeedEnd:
			err := fmt.Errorf("usher: this node leads and got nothing committed for %v, nor could it give the lead away: start it again", w.stuck)
			g.fail(err)
			g.proposer.fail(err) // tend does it for the other groups; here it may hang as well
			return
		}
	}
}
