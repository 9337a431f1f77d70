package raftfsm

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"github.com/usherhq/usher/raftfsm/peer"
)

// forwardHandlers bounds the batches that a node has from others: each peer has few on their way
// for each group.
const forwardHandlers = 1024

// handleForwards lets other nodes hand commands on to this one.
func (n *Node) handleForwards() {
	n.calls.HandleMany(callForward, forwardHandlers, n.serveForward)
	n.calls.Handle(callReadIndex, false, n.serveReadIndex)
}

// localLeader is the replica of a group that another node takes for the leader. It is the end of
// the way: nothing is handed on twice.
func (n *Node) localLeader(group int) (*Group, error) {
	if group >= n.Groups() {
		return nil, fmt.Errorf("%w: group %d", peer.ErrUnknownGroup, group)
	}
	g := n.Group(group)
	if err := g.fsm.haltedErr(); err != nil {
		return nil, notHere(err)
	}
	if !g.IsLeader() {
		return nil, &OutcomeError{OutcomeNotApplied, ErrNotLeader}
	}
	return g, nil
}

// serveForward proposes the commands of a batch as this node's own, all in one go, and answers
// when all are decided.
func (n *Node) serveForward(ctx context.Context, _ string, body []byte) ([]byte, error) {
	came := time.Now()
	b, err := readBatch(body)
	if err != nil {
		return nil, err
	}
	g, err := n.localLeader(b.group)
	if err != nil {
		b.free()
		return nil, err
	}
	g.proposer.proposeMany(b.requests)
	defer g.proposer.left(len(b.requests))
	reply := le32(make([]byte, 8, answerHeader+64*len(b.requests)), uint32(len(b.requests)))
	w := waiter{ctx: ctx}
	defer w.end()
	for i, r := range b.requests {
		err := w.wait(r, came.Add(b.budgets[i]))
		if len(reply) > peer.MaxReply/2 {
			err = &OutcomeError{OutcomeUnknown, fmt.Errorf("%w: the answers are too long", ErrNoQuorum)}
		}
		reply = appendAnswer(reply, &r.Result, notHere(err))
		r.Free()
	}
	// Read last: it has the entries of all that were decided.
	binary.LittleEndian.PutUint64(reply, g.Applied())
	return reply, nil
}

// waiter waits for one request after the other.
type waiter struct {
	ctx   context.Context
	timer *time.Timer
}

func (w *waiter) wait(r *Request, until time.Time) error {
	select {
	case <-r.done:
		return r.err
	default:
	}
	if d := time.Until(until); w.timer == nil {
		w.timer = time.NewTimer(d)
	} else {
		w.timer.Reset(d)
	}
	select {
	case <-r.done:
		return r.err
	case <-w.timer.C:
		return r.leave(context.DeadlineExceeded)
	case <-w.ctx.Done():
		return r.leave(ErrClosed)
	}
}

func (w *waiter) end() {
	if w.timer != nil {
		w.timer.Stop()
	}
}

// notHere is an error of this node as others are told it: that it closes or has halted is
// no news of theirs. There may be another leader in a moment.
func notHere(err error) error {
	if err == nil || !errors.Is(err, ErrClosed) && !errors.Is(err, ErrHalted) && !errors.Is(err, ErrStarting) {
		return err
	}
	return &OutcomeError{OutcomeOf(err), fmt.Errorf("%w: its leader: %v", ErrNoQuorum, err)}
}
