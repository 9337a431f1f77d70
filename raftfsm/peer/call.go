package peer

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// callTimeout is the deadline of a call whose context has none.
	callTimeout = 10 * time.Second
	// callsOutstanding bounds the calls to one peer that have no answer yet.
	callsOutstanding = 4096

	handlersOfNode = 256
	handlersOfConn = 64
	// servedConns bounds the connections that peers keep to this node.
	servedConns = 256
)

var (
	// ErrNotSent: the request has not left this node.
	ErrNotSent = errors.New("raftfsm: not sent")
	// ErrBroken: the request was sent, and may have been handled; its answer is lost.
	ErrBroken      = errors.New("raftfsm: sent, but the answer is lost")
	errCallTooLong = errors.New("raftfsm: a request longer than a frame")
)

// Calls are the calls between this node and all others. Calls to one peer share a connection that
// this node keeps, and those of a peer come over one that the peer keeps.
type Calls struct {
	mux    *Mux
	layer  *Layer
	errs   Errors
	logger *slog.Logger

	handlers [256]atomic.Pointer[handler]
	slots    chan struct{} // one for each handler at work
	quiet    time.Duration // without an answer after which a peer is pinged
	silence  time.Duration // after which its connection is closed

	ctx    context.Context // ends with Close
	cancel context.CancelFunc
	wg     sync.WaitGroup

	mu     sync.Mutex
	links  map[string]*link
	conns  map[*servedConn]struct{}
	closed bool
}

// NewCalls makes calls over m possible; Serve lets them in. A Mux has one Calls, which is closed
// before it.
func NewCalls(m *Mux, e Errors, logger *slog.Logger) *Calls {
	cs := &Calls{
		mux: m, errs: e, logger: logger, slots: make(chan struct{}, handlersOfNode), quiet: 1500 * time.Millisecond, silence: 4 * time.Second,
		links: make(map[string]*link), conns: make(map[*servedConn]struct{}),
	}
	cs.layer = m.layerOf(route{kind: kindCalls}, nil)
	cs.ctx, cs.cancel = context.WithCancel(context.Background())
	return cs
}

// Context ends with Close: what runs beside calls ends with it.
func (cs *Calls) Context() context.Context { return cs.ctx }

// Call asks a node and waits for its answer. An error wraps ErrNotSent, ErrBroken, or is what
// the handler returned, as much of it as Errors carries. Without a deadline ctx has one of 10 s.
func (cs *Calls) Call(ctx context.Context, nodeID string, kind uint8, body []byte) ([]byte, error) {
	if len(body) > maxCallBody {
		return nil, fmt.Errorf("%w: %w: %d bytes", ErrNotSent, errCallTooLong, len(body))
	}
	ctx, cancel := withCallTimeout(ctx)
	defer cancel()
	l, err := cs.link(nodeID)
	if err != nil {
		return nil, err
	}
	c, err := l.get(ctx)
	if err != nil {
		return nil, fmt.Errorf("%w: node %q: %w", ErrNotSent, nodeID, err)
	}
	return c.call(ctx, kind, body)
}

// Reach returns when there is a connection to a node, or why there is none: an error that wraps
// ErrNotSent.
func (cs *Calls) Reach(ctx context.Context, nodeID string) error {
	l, err := cs.link(nodeID)
	if err != nil {
		return err
	}
	if _, err := l.get(ctx); err != nil {
		return fmt.Errorf("%w: %w", ErrNotSent, err)
	}
	return nil
}

// CallAddr asks whoever is at an address, over a connection of its own, and tells who that is.
// Its errors are those of Call.
func (cs *Calls) CallAddr(ctx context.Context, addr string, kind uint8, body []byte) (from string, reply []byte, err error) {
	if len(body) > maxCallBody {
		return "", nil, fmt.Errorf("%w: %w: %d bytes", ErrNotSent, errCallTooLong, len(body))
	}
	ctx, cancel := withCallTimeout(ctx)
	defer cancel()
	c, err := cs.connect(ctx, "", addr)
	if err != nil {
		return "", nil, fmt.Errorf("%w: %s: %w", ErrNotSent, addr, err)
	}
	defer c.close(errConnEnded)
	reply, err = c.call(ctx, kind, body)
	return c.to.Node, reply, err
}

func withCallTimeout(ctx context.Context) (context.Context, context.CancelFunc) {
	if _, ok := ctx.Deadline(); ok {
		return ctx, func() {}
	}
	return context.WithTimeout(ctx, callTimeout)
}

// Go runs f on a goroutine that Close waits for; false when it is too late.
func (cs *Calls) Go(f func()) bool {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	if cs.closed {
		return false
	}
	cs.wg.Go(f)
	return true
}

// link is the one to a node; there is one as soon as it is asked for.
func (cs *Calls) link(nodeID string) (*link, error) {
	cs.mu.Lock()
	defer cs.mu.Unlock()
	if cs.closed {
		return nil, fmt.Errorf("%w: %w", ErrNotSent, ErrClosed)
	}
	l := cs.links[nodeID]
	if l == nil {
		l = &link{owner: cs, node: nodeID}
		cs.links[nodeID] = l
	}
	return l, nil
}

// Close ends all calls and waits: those of others are answered first, as far as their handlers
// end with their context.
func (cs *Calls) Close() error {
	cs.mu.Lock()
	cs.closed = true
	cs.cancel()
	conns, links := slices.Collect(maps.Keys(cs.conns)), slices.Collect(maps.Values(cs.links))
	cs.mu.Unlock()
	for _, c := range conns {
		c.drain()
	}
	for _, l := range links {
		l.end(ErrClosed)
	}
	err := cs.layer.Close()
	cs.wg.Wait()
	return err
}
