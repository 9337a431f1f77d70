package raftfsm

import (
	"errors"
	"fmt"
	"time"

	"github.com/hashicorp/raft"
)

// close takes nothing more, and tells those who wait and are not in the log. It is
// called once; the caller then shuts raft down, which ends what is in flight, and waits.
func (p *proposer) close() {
	p.refuseMore(ErrClosed)
	close(p.stop)
}

// answersWait is how long wait waits for raft's last answers, once raft has ended.
const answersWait = 2 * time.Second

// wait waits for run and land; raft has ended. An entry that was committed and still
// stood before the state machine then is never answered by raft: it leaves what is in that
// channel. Its callers are told that nobody knows, and land, which waits for the answer,
// is left behind.
func (p *proposer) wait() {
	<-p.ran
	landed := make(chan struct{})
	go func() {
		p.wg.Wait()
		close(landed)
	}()
	late := time.NewTimer(answersWait)
	defer late.Stop()
	select {
	case <-landed:
	case <-late.C:
		p.forsake(ErrClosed)
	}
}

// fail is for a node that can go no further, perhaps because raft hangs on its disk:
// everyone is told now, and not when raft ends. It may be called from any goroutine and
// does not block.
func (p *proposer) fail(err error) {
	p.refuseMore(err)
	select {
	case p.failed <- err:
	default:
	}
}

// refuseMore keeps the first reason. From here on nothing is answered from memory either.
func (p *proposer) refuseMore(err error) {
	p.evidence.suspend()
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed == nil {
		p.closed = err
	}
}

// forsake tells the callers of entries in flight that nobody knows what becomes of them.
func (p *proposer) forsake(reason error) {
	p.landing.Lock()
	defer p.landing.Unlock()
	for _, e := range p.flight {
		p.failAll(e.requests, &OutcomeError{OutcomeUnknown, reason})
		clear(e.requests)
		e.requests = e.requests[:0]
	}
}

func (p *proposer) failAll(rs []*Request, err error) {
	for _, r := range rs {
		if r == nil {
			continue
		}
		if r.state.Load() == requestTaken || r.state.CompareAndSwap(requestQueued, requestTaken) {
			r.finish(err)
		}
	}
}

// abandon tells everyone who waits and is not in the log. Entries in flight are told by
// land, as raft ends them.
func (p *proposer) abandon(reason error) {
	err := &OutcomeError{OutcomeNotApplied, reason}
	p.mu.Lock()
	rs := p.pending
	p.pending = nil
	p.mu.Unlock()
	p.failAll(rs, err)
	for _, e := range p.flight {
		p.failAll(e.parked, err)
		clear(e.parked)
		e.parked = e.parked[:0]
	}
}

// failure says what an error of raft means for the commands of the entry. Whatever is
// not known to have failed before it was logged may yet commit.
func failure(err error) *OutcomeError {
	switch {
	case errors.Is(err, raft.ErrNotLeader):
		return &OutcomeError{OutcomeNotApplied, ErrNotLeader}
	case errors.Is(err, raft.ErrLeadershipTransferInProgress), errors.Is(err, raft.ErrEnqueueTimeout):
		return &OutcomeError{OutcomeNotApplied, fmt.Errorf("%w: %w", ErrNoQuorum, err)}
	case errors.Is(err, ErrHalted):
		return &OutcomeError{OutcomeUnknown, err}
	case errors.Is(err, raft.ErrRaftShutdown):
		return &OutcomeError{OutcomeUnknown, ErrClosed}
	}
	return &OutcomeError{OutcomeUnknown, fmt.Errorf("%w: %w", ErrNoQuorum, err)}
}
