package raftfsm

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

// appliedLook is how often who waits looks at the snapshots as well: the state machine is not
// told which entry the last one ends with.
const appliedLook = 50 * time.Millisecond

// appliedSignal wakes those who wait for an entry to be applied. While nobody does it costs the
// state machine one load.
type appliedSignal struct {
	waiting atomic.Int32
	mu      sync.Mutex
	next    chan struct{} // closed when more has been applied; nil: nobody asked
}

// raise is called after more was applied.
func (s *appliedSignal) raise() {
	if s.waiting.Load() == 0 {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.next != nil {
		close(s.next)
		s.next = nil
	}
}

// more is closed when more is applied than when it was asked for.
func (s *appliedSignal) more() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.next == nil {
		s.next = make(chan struct{})
	}
	return s.next
}

// WaitApplied returns when View shows the command of that index and all before it, or with an
// error: when ctx ends, or this replica can go no further.
func (g *Group) WaitApplied(ctx context.Context, index uint64) error {
	if g.Applied() >= index {
		return nil
	}
	s := &g.fsm.signal
	s.waiting.Add(1)
	defer s.waiting.Add(-1)
	look := time.NewTicker(appliedLook)
	defer look.Stop()
	for {
		more := s.more() // before looking, or what comes between would be missed
		if g.Applied() >= index {
			return nil
		}
		if err := g.fsm.haltedErr(); err != nil {
			return err
		}
		select {
		case <-more:
		case <-look.C:
			g.appliedBySnapshot()
		case <-g.ctx.Done():
			return ErrClosed
		case <-ctx.Done():
			return fmt.Errorf("usher: group %d is at entry %d, not yet at %d: %w", g.no, g.Applied(), index, ctx.Err())
		}
	}
}

// appliedBySnapshot notes what an installed snapshot has.
func (g *Group) appliedBySnapshot() {
	index := g.snapshotIndex()
	for {
		has := g.fsm.applied.Load()
		if has >= index || g.fsm.applied.CompareAndSwap(has, index) {
			return
		}
	}
}
