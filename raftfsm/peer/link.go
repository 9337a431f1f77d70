package peer

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"
)

const (
	dialWait   = 5 * time.Second
	redialMin  = 50 * time.Millisecond
	redialMax  = 2 * time.Second
	redialGrow = 6 // doublings from the least to the most
)

// link is the way to one node: a connection, or the making of one. At most one dial is in
// progress; after one that failed the next waits for a moment, and who asks meanwhile is told why.
type link struct {
	owner *Calls
	node  string

	mu       sync.Mutex
	conn     *callConn
	dialing  chan struct{} // closed when the dial in progress ends; nil: none is
	failures int
	retry    time.Time // no dial before
	err      error     // of the last dial
}

// get is a connection that works, as far as is known.
func (l *link) get(ctx context.Context) (*callConn, error) {
	for {
		c, wait, err := l.try()
		if c != nil || err != nil {
			return c, err
		}
		select {
		case <-wait:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// try gives a connection, or what to wait for, or why there will be none soon.
func (l *link) try() (*callConn, <-chan struct{}, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if c := l.conn; c != nil {
		if c.self == l.owner.mux.identity() && c.alive() {
			return c, nil, nil
		}
		// The peer knows us as who we were: all that is under way over it may still be answered.
		l.conn = nil
		c.retire()
	}
	switch {
	case l.dialing != nil:
		return nil, l.dialing, nil
	case time.Now().Before(l.retry):
		return nil, nil, l.err
	}
	done := make(chan struct{})
	if !l.owner.Go(func() { l.dial(done) }) {
		return nil, nil, ErrClosed
	}
	l.dialing = done
	return nil, done, nil
}

func (l *link) dial(done chan struct{}) {
	ctx, cancel := context.WithTimeout(l.owner.ctx, dialWait)
	defer cancel()
	c, err := l.owner.connect(ctx, l.node, l.node)
	l.mu.Lock()
	defer l.mu.Unlock()
	defer close(done)
	l.dialing = nil
	if err != nil {
		l.err = fmt.Errorf("no connection: %w", err)
		pause := min(redialMin<<min(l.failures, redialGrow), redialMax)
		l.failures++
		l.retry = time.Now().Add(pause/2 + rand.N(pause))
		return
	}
	l.failures, l.conn = 0, c
	if l.owner.ctx.Err() != nil { // end has come and gone
		c.close(ErrClosed)
	}
}

// end closes the connection. No other is made once the calls are closed.
func (l *link) end(why error) {
	l.mu.Lock()
	c := l.conn
	l.mu.Unlock()
	if c != nil {
		c.close(why)
	}
}
