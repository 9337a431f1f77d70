package raftfsm

import (
	"context"
	"sync"
	"time"
)

// askWait bounds one question to a leader.
const askWait = 5 * time.Second

// asks lets many readers share a question: all that come while one is on its way share the next,
// as what is on its way may have been answered before they came.
type asks struct {
	node *Node
	mu   sync.Mutex
	next map[askKey]*ask // not sent yet
	busy map[askKey]bool // one is on its way
}

type askKey struct {
	node         string
	group        int
	linearizable bool
}

type ask struct {
	done  chan struct{} // closed when the answer is there
	index uint64
	err   error
}

func newAsks(n *Node) *asks {
	return &asks{node: n, next: make(map[askKey]*ask), busy: make(map[askKey]bool)}
}

// ask waits for the answer to a question that is sent after the call.
func (s *asks) ask(ctx context.Context, k askKey) (uint64, error) {
	a, err := s.join(k)
	if err != nil {
		return 0, err
	}
	select {
	case <-a.done:
		return a.index, a.err
	case <-ctx.Done():
		return 0, ctx.Err()
	}
}

func (s *asks) join(k askKey) (*ask, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if a := s.next[k]; a != nil {
		return a, nil
	}
	if !s.busy[k] {
		if !s.node.calls.Go(func() { s.run(k) }) {
			return nil, ErrClosed
		}
		s.busy[k] = true
	}
	a := &ask{done: make(chan struct{})}
	s.next[k] = a
	return a, nil
}

// run asks one question after the other until nobody wants to know.
func (s *asks) run(k askKey) {
	for {
		s.mu.Lock()
		a := s.next[k]
		delete(s.next, k)
		if a == nil {
			delete(s.busy, k)
			s.mu.Unlock()
			return
		}
		s.mu.Unlock()
		ctx, cancel := context.WithTimeout(s.node.calls.Context(), askWait)
		a.index, a.err = s.node.askIndex(ctx, k)
		cancel()
		close(a.done)
	}
}
