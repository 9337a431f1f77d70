package raftfsm

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/usherhq/usher/raftfsm/peer"
)

// carry sends batches until nothing is pending. Commands are taken only when there is a
// connection for them: until then their callers can leave, and be told another way to go.
func (l *lane) carry() {
	var b outBatch
	calls := l.forwards.node.calls
	for l.more() {
		if err := calls.Reach(calls.Context(), l.node); err != nil {
			l.turnBack(lostBatch(l.node, err))
		}
		if l.take(&b); len(b.requests) > 0 {
			l.send(&b)
		}
	}
}

// turnBack tells all that are pending that they have not been sent.
func (l *lane) turnBack(err error) {
	l.mu.Lock()
	all := l.pending
	l.pending = nil
	l.mu.Unlock()
	for _, f := range all {
		if f.state.CompareAndSwap(requestQueued, requestTaken) {
			f.finish(err)
		}
	}
}

// redirect turns back what is pending for nodes that do not lead the group any more: they may be
// stopped or cut off, and a new leader is there to be asked.
func (f *forwards) redirect(group int, leader string) {
	f.lanes.Range(func(key, l any) bool {
		if k := key.(laneKey); k.group == group && k.node != leader {
			l.(*lane).turnBack(&OutcomeError{OutcomeNotApplied, ErrNotLeader})
		}
		return true
	})
}

// outBatch is a batch on its way.
type outBatch struct {
	requests []*Request
	budgets  []time.Duration
	commands []byte
	longest  time.Duration
}

// more tells whether anything is pending; if not, the carrier that asks is one no more.
func (l *lane) more() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.pending) == 0 {
		l.carriers--
		return false
	}
	return true
}

// take makes a batch of what is pending; of nothing, when another carrier was quicker.
func (l *lane) take(b *outBatch) {
	l.mu.Lock()
	all := l.pending
	l.pending = nil
	l.mu.Unlock()
	if rest := b.fill(all); len(rest) > 0 {
		l.mu.Lock()
		l.pending = append(rest, l.pending...)
		l.mu.Unlock()
	}
}

// fill packs requests until the batch is full, and returns those that are left.
func (b *outBatch) fill(all []forwarded) (rest []forwarded) {
	b.requests, b.budgets, b.commands, b.longest = b.requests[:0], b.budgets[:0], b.commands[:0], 0
	now := time.Now()
	for i, f := range all {
		if len(b.requests) == batchCommands || len(b.commands) > MaxEntry-maxCommand {
			return all[i:]
		}
		budget := f.until.Sub(now)
		if budget <= 0 {
			// Its caller leaves at this moment; it is told here if it has not.
			if f.state.CompareAndSwap(requestQueued, requestTaken) {
				f.finish(&OutcomeError{OutcomeNotApplied, context.DeadlineExceeded})
			}
			continue
		}
		if !f.state.CompareAndSwap(requestQueued, requestTaken) {
			continue // its caller has left
		}
		b.requests, b.budgets = append(b.requests, f.Request), append(b.budgets, budget)
		b.commands = AppendCommand(b.commands, &f.Cmd)
		b.longest = max(b.longest, min(budget, forwardedAtAll))
	}
	return nil
}

// send has the leader answer a batch, and tells its callers.
func (l *lane) send(b *outBatch) {
	node := l.forwards.node
	// The bytes are those of the connection's writer from here on.
	body := append(appendBatch(make([]byte, 0, batchHeader+4*len(b.budgets)+len(b.commands)), l.group, b.budgets), b.commands...)
	ctx, cancel := context.WithTimeout(node.calls.Context(), b.longest+answerGrace)
	defer cancel()
	begun := time.Now()
	reply, err := node.calls.Call(ctx, l.node, callForward, body)
	node.cfg.Metrics.forwards.sent(len(b.requests), len(body), time.Since(begun))
	if err != nil {
		b.fail(0, lostBatch(l.node, err))
	} else if told, err := l.deliver(b, reply); err != nil {
		b.fail(told, &OutcomeError{OutcomeUnknown, fmt.Errorf("%w: node %q: %w", ErrNoQuorum, l.node, err)})
	}
	clear(b.requests)
}

// deliver gives each request its answer, and returns how many were told.
func (l *lane) deliver(b *outBatch, reply []byte) (told int, err error) {
	var a answerReader
	if err := a.open(reply, len(b.requests)); err != nil {
		return 0, err
	}
	l.forwards.raise(l.group, a.index) // before anyone reads on
	for i, r := range b.requests {
		told, bad := a.next(&r.Result)
		if bad != nil {
			return i, bad
		}
		r.finish(told)
	}
	return len(b.requests), a.end()
}

func (b *outBatch) fail(from int, err error) {
	for _, r := range b.requests[from:] {
		r.finish(err)
	}
}

// lostBatch is what a batch's callers are told when there is no answer to it, or one to the batch
// as a whole, of which nothing was done.
func lostBatch(node string, err error) error {
	outcome := OutcomeOf(err)
	if errors.Is(err, peer.ErrBroken) {
		outcome = OutcomeUnknown
	}
	if errors.Is(err, ErrNotLeader) || errors.Is(err, ErrOverload) {
		return &OutcomeError{outcome, err}
	}
	return &OutcomeError{outcome, fmt.Errorf("%w: node %q: %v", ErrNoQuorum, node, err)}
}
