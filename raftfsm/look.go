package raftfsm

import (
	"errors"
	"time"

	"github.com/hashicorp/raft"
)

// lagEvery is how often the lag is measured: it takes a look into the log.
const lagEvery = time.Second

// leaderLook is who a replica has seen lead.
type leaderLook struct {
	last   string // "" for nobody, just now
	known  bool   // there was somebody once
	lagged time.Time
}

// changed tells whether somebody has begun to lead; the first one is no change.
func (l *leaderLook) changed(leader string) bool {
	if leader == l.last {
		return false
	}
	was := l.known
	l.last, l.known = leader, l.known || leader != ""
	return leader != "" && was
}

// lookAround is tend's look at what is only shown.
func (g *Group) lookAround() {
	if g.leaders.changed(g.Leader()) {
		g.metrics.changes.Inc()
	}
	if now := time.Now(); now.Sub(g.leaders.lagged) >= lagEvery {
		g.leaders.lagged = now
		g.lag.Store(g.lagNow())
	}
}

// lagNow is how many entries are committed, as far as this replica knows, and not in its state.
func (g *Group) lagNow() uint64 {
	commit := g.raft.CommitIndex()
	if g.caughtUp(commit) {
		return 0
	}
	has := max(g.Applied(), g.snapshotIndex())
	return commit - min(commit, has)
}

// caughtUp tells whether the state machine has applied what was committed up to index.
// raft's own applied index only says that it was queued for it; and the state machine
// hears of commands only, so the last command counts.
func (g *Group) caughtUp(index uint64) bool {
	for has := max(g.fsm.applied.Load(), g.snapshotIndex()); index > has; index-- {
		var l raft.Log
		if err := g.watched.GetLog(index, &l); err != nil {
			return errors.Is(err, raft.ErrLogNotFound) // compacted: a snapshot has it
		}
		if l.Type == raft.LogCommand {
			return false
		}
	}
	return true
}

// staleAfter is how long a replica that has heard of no leader is taken for as new as any.
const staleAfter = 3 * time.Second

// Stale tells whether what this replica shows may be old: it neither leads, which raft has it do
// only with a majority that answers, nor has heard of a leader for 3 s. since is when it last did,
// or when it was opened; of a replica that leads it is now.
func (g *Group) Stale() (since time.Time, stale bool) {
	now := time.Now()
	if g.IsLeader() && g.fsm.haltedErr() == nil {
		return now, false
	}
	since = g.raft.LastContact()
	if since.Before(g.opened) {
		since = g.opened
	}
	return since, now.Sub(since) > staleAfter
}
