package engine

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/usherhq/usher/raftfsm"
	"github.com/usherhq/usher/shard"
)

const (
	// electionWait bounds how long a write waits for a leader: an election takes one to
	// three seconds.
	electionWait = 10 * time.Second
	routePause   = 20 * time.Millisecond
)

// reader is the replica of a group to read from: the one of this process that has applied
// most. It never goes back in time. It has every write that was answered here, by whichever
// of the replicas; what another node answered it may get a moment later, see settle.
func (e *Engine) reader(group int) *raftfsm.Group {
	best := e.nodes[0].Group(group)
	for _, n := range e.nodes[1:] {
		if g := n.Group(group); g.Applied() > best.Applied() {
			best = g
		}
	}
	return best
}

// leader is the replica of this process that leads, or nil. One that was deposed and has not heard of it
// calls itself leader too: the higher term is right.
func (e *Engine) leader(group int) *raftfsm.Group {
	var best *raftfsm.Group
	for _, n := range e.nodes {
		if g := n.Group(group); g.IsLeader() && (best == nil || g.Term() > best.Term()) {
			best = g
		}
	}
	return best
}

// propose runs one command in a group and returns what the state machine decided; the
// request is used up. It waits out elections. A command whose outcome is unknown is
// repeated only if that is safe: repeatable says that it has an idempotency key, or is
// idempotent by nature.
func (e *Engine) propose(ctx context.Context, group int, r *raftfsm.Request, repeatable bool) (shard.Result, error) {
	res, err := e.proposeWhole(ctx, group, r, repeatable)
	return res.Result, err
}

// proposeWhole is propose of a command whose answer is more than a shard's.
func (e *Engine) proposeWhole(ctx context.Context, group int, r *raftfsm.Request, repeatable bool) (raftfsm.Result, error) {
	var deadline time.Time
	unknown := false // whether an attempt before may have been applied
	for {
		err := e.proposeOnce(ctx, group, r)
		if err == nil {
			res := r.Result
			if len(res.Conflicts) > 0 {
				res.Conflicts = append([]shard.Conflict(nil), res.Conflicts...)
			} else {
				res.Conflicts = nil
			}
			r.Free()
			return res, nil
		}
		if deadline.IsZero() {
			deadline = time.Now().Add(electionWait)
		}
		if !again(err, repeatable) || time.Now().After(deadline) || !e.pause(ctx) {
			if unknown {
				err = &raftfsm.OutcomeError{Outcome: OutcomeUnknown, Err: err}
			}
			return raftfsm.Result{}, asNoQuorum(err)
		}
		unknown = unknown || OutcomeOf(err) == OutcomeUnknown
		next := raftfsm.NewRequest()
		next.Cmd = r.Cmd // the old request keeps what its slices point to
		r = next
	}
}

// proposeOnce asks the replica of this process that leads, else the node that does.
func (e *Engine) proposeOnce(ctx context.Context, group int, r *raftfsm.Request) error {
	if g := e.leader(group); g != nil {
		return g.Propose(ctx, r)
	}
	err := e.nodes[0].Propose(ctx, group, r)
	// Nobody could be asked. A checkout asks while the engine is being closed, too, and may get
	// its answer.
	if err != nil && again(err, false) && e.Err() != nil {
		return &raftfsm.OutcomeError{Outcome: OutcomeNotApplied, Err: e.Err()}
	}
	return err
}

// again tells whether to try once more after err.
func again(err error, repeatable bool) bool {
	if errors.Is(err, raftfsm.ErrNotLeader) || errors.Is(err, ErrNoQuorum) {
		return repeatable || OutcomeOf(err) == OutcomeNotApplied
	}
	return false
}

// asNoQuorum hides from callers that somebody else would have had to be asked.
func asNoQuorum(err error) error {
	if errors.Is(err, raftfsm.ErrNotLeader) {
		return &raftfsm.OutcomeError{Outcome: OutcomeOf(err), Err: fmt.Errorf("%w: no leader", ErrNoQuorum)}
	}
	return err
}

// pause waits a moment, with jitter so that callers do not come back as one.
func (e *Engine) pause(ctx context.Context) bool {
	t := time.NewTimer(routePause/2 + rand.N(routePause))
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
	case <-e.done:
	}
	return false
}
