package engine

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/usherhq/usher/raftfsm"
)

// staleWait is how long a stale read waits for this process's own writes to get here.
const staleWait = 500 * time.Millisecond

// settle waits until what reader shows of a group is as new as the context asks for.
func (e *Engine) settle(ctx context.Context, group int) error {
	switch c := ConsistencyFrom(ctx); c {
	case Local:
	case Stale:
		e.settleStale(ctx, group)
	default:
		return e.catchUp(ctx, group, c == Linearizable)
	}
	return nil
}

// settleStale waits for a moment for this process's own writes. What did not come then is waited
// for by nobody else: a replica that is cut off is read at once.
func (e *Engine) settleStale(ctx context.Context, group int) {
	floor := e.floor(group)
	g := e.reader(group)
	if g.Applied() >= floor || e.late[group].Load() >= floor {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, staleWait)
	defer cancel()
	if g.WaitApplied(ctx, floor) != nil && errors.Is(ctx.Err(), context.DeadlineExceeded) {
		e.late[group].Store(floor)
	}
}

// floor is the newest entry of a group that this process was told of by others.
func (e *Engine) floor(group int) (floor uint64) {
	for _, n := range e.nodes {
		floor = max(floor, n.Floor(group))
	}
	return floor
}

// follow waits until reader shows all that this process was told of, also of writes that other
// nodes decided: for whoever reads back what was written.
func (e *Engine) follow(ctx context.Context, group int) error {
	floor := e.floor(group)
	if e.reader(group).Applied() >= floor {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, electionWait)
	defer cancel()
	return e.applied(ctx, group, floor)
}

// catchUp waits until reader shows what the group's leader has now. It waits out elections.
func (e *Engine) catchUp(ctx context.Context, group int, linearizable bool) error {
	ctx, cancel := context.WithTimeout(ctx, electionWait)
	defer cancel()
	index, err := e.readIndex(ctx, group, linearizable)
	if err != nil {
		return err
	}
	return e.applied(ctx, group, max(index, e.floor(group)))
}

func (e *Engine) applied(ctx context.Context, group int, index uint64) error {
	err := e.reader(group).WaitApplied(ctx, index)
	if err != nil && ctx.Err() != nil {
		err = fmt.Errorf("%w: %w", ErrNoQuorum, err)
	}
	return err
}

// readIndex asks the leader, wherever it is, until there is one or ctx ends.
func (e *Engine) readIndex(ctx context.Context, group int, linearizable bool) (uint64, error) {
	for {
		index, err := e.leaderNode(group).ReadIndex(ctx, group, linearizable)
		if err == nil {
			return index, nil
		}
		if ctx.Err() != nil {
			return 0, fmt.Errorf("%w: group %d's leader: %w", ErrNoQuorum, group, err)
		}
		if !again(err, true) {
			return 0, err
		}
		if !e.pause(ctx) {
			if err := e.Err(); err != nil {
				return 0, err
			}
			return 0, asNoQuorum(err)
		}
	}
}

// leaderNode is the local replica that leads a group, else the one that asks who does.
func (e *Engine) leaderNode(group int) *raftfsm.Node {
	if g := e.leader(group); g != nil {
		for _, n := range e.nodes {
			if n.Group(group) == g {
				return n
			}
		}
	}
	return e.nodes[0]
}

// sure looks at a group, and, when that ends with a refusal, once more after asking the leader: a
// replica that is behind must not say that there is no such thing. While no leader can be asked that
// is what it says.
func (e *Engine) sure(ctx context.Context, group int, look func() error) error {
	err := look()
	if err == nil || e.whole() || !doubtful(err) || ConsistencyFrom(ctx) == Local {
		return err
	}
	if behind := e.catchUp(ctx, group, false); behind != nil {
		return behind
	}
	return look()
}

// whole tells whether all replicas that there are live in this process.
func (e *Engine) whole() bool { return e.cfg.Cluster == nil }

// doubtful tells whether a replica that is behind may have been the reason for the refusal.
func doubtful(err error) bool {
	for _, no := range []error{
		ErrUnknownEvent, ErrUnknownHold, ErrUnknownBooking, ErrUnknownChart, ErrHoldExpired, ErrHoldReleased,
		ErrAlreadyBooked, ErrStaleFencingToken, ErrUnknownTicket, errNotHere,
	} {
		if errors.Is(err, no) {
			return true
		}
	}
	return false
}
