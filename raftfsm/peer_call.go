package raftfsm

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

// The kinds of calls. Numbers are given once.
const (
	callPing       = 0 // answered without a handler: is anybody there?
	callForward    = 1 // commands, see forward.go
	callReadIndex  = 2
	callWho        = 16 // who is there; anybody with a certificate may ask
	callJoin       = 17 // let me in; likewise
	callStatus     = 18
	callTransfer   = 19
	callDigest     = 20 // see checksum_call.go
	callQuarantine = 21
	callPause      = 22
)

var (
	// errNotSent: the request has not left this node.
	errNotSent = errors.New("raftfsm: not sent")
	// errBroken: the request was sent, and may have been handled; its answer is lost.
	errBroken      = errors.New("raftfsm: sent, but the answer is lost")
	errUnknownCall = errors.New("raftfsm: this node does not know such calls")
	errCallTooLong = errors.New("raftfsm: a request longer than a frame")
)

// peers are the calls between this node and all others. Calls to one peer share a connection that
// this node keeps, and those of a peer come over one that the peer keeps.
type peers struct {
	mux    *mux
	layer  *muxLayer
	logger *slog.Logger

	handlers [256]atomic.Pointer[callHandler]
	slots    chan struct{} // one for each handler at work
	quiet    time.Duration // without an answer after which a peer is pinged
	silence  time.Duration // after which its connection is closed

	ctx    context.Context // ends with close
	cancel context.CancelFunc
	wg     sync.WaitGroup

	mu     sync.Mutex
	links  map[string]*peerLink
	conns  map[*servedConn]struct{}
	closed bool
}

type handlerFunc func(ctx context.Context, from string, body []byte) ([]byte, error)

type callHandler struct {
	open   bool
	handle handlerFunc
	slots  chan struct{} // not nil: bounded by these, and not by the node's and the connection's
}

// newPeers makes calls possible; serve lets them in.
func newPeers(m *mux, logger *slog.Logger) *peers {
	p := &peers{
		mux: m, logger: logger, slots: make(chan struct{}, handlersOfNode), quiet: 1500 * time.Millisecond, silence: 4 * time.Second,
		links: make(map[string]*peerLink), conns: make(map[*servedConn]struct{}),
	}
	p.layer = m.route(muxRoute{kind: muxCall}, nil)
	p.ctx, p.cancel = context.WithCancel(context.Background())
	return p
}

// handle says what answers calls of a kind; until it does, and after serve, they are refused. h is called on a
// goroutine of its own, of which there are at most 256 a node and 64 a connection; its context
// ends with the connection or the node. What it is given and returns is nobody else's. open calls are
// answered to nodes of other clusters and of none, too: from is only what they call themselves.
func (p *peers) handle(kind uint8, open bool, h handlerFunc) {
	p.answer(kind, &callHandler{open: open, handle: h})
}

// handleMany is handle for calls of a bound of their own.
func (p *peers) handleMany(kind uint8, atOnce int, h handlerFunc) {
	p.answer(kind, &callHandler{handle: h, slots: make(chan struct{}, atOnce)})
}

func (p *peers) answer(kind uint8, h *callHandler) {
	if kind == callPing || !p.handlers[kind].CompareAndSwap(nil, h) {
		panic(fmt.Sprintf("raftfsm: calls of kind %d have a handler already", kind))
	}
}

// call asks a node and waits for its answer. An error wraps errNotSent, errBroken, or is what
// the handler returned: of that the text stays, its outcome, and which numbered error it is.
func (p *peers) call(ctx context.Context, nodeID string, kind uint8, body []byte) ([]byte, error) {
	if len(body) > maxCallBody {
		return nil, fmt.Errorf("%w: %w: %d bytes", errNotSent, errCallTooLong, len(body))
	}
	ctx, cancel := withCallTimeout(ctx)
	defer cancel()
	l, err := p.link(nodeID)
	if err != nil {
		return nil, err
	}
	c, err := l.get(ctx)
	if err != nil {
		return nil, fmt.Errorf("%w: node %q: %w", errNotSent, nodeID, err)
	}
	return c.call(ctx, kind, body)
}

// reach returns when there is a connection to a node, or why there is none.
func (p *peers) reach(ctx context.Context, nodeID string) error {
	l, err := p.link(nodeID)
	if err != nil {
		return err
	}
	if _, err := l.get(ctx); err != nil {
		return fmt.Errorf("%w: %w", errNotSent, err)
	}
	return nil
}

// callAddr asks whoever is at an address, over a connection of its own, and tells who that is.
func (p *peers) callAddr(ctx context.Context, addr string, kind uint8, body []byte) (from string, reply []byte, err error) {
	if len(body) > maxCallBody {
		return "", nil, fmt.Errorf("%w: %w: %d bytes", errNotSent, errCallTooLong, len(body))
	}
	ctx, cancel := withCallTimeout(ctx)
	defer cancel()
	c, err := p.connect(ctx, "", addr)
	if err != nil {
		return "", nil, fmt.Errorf("%w: %s: %w", errNotSent, addr, err)
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

// spawn runs f on a goroutine that close waits for; false when it is too late.
func (p *peers) spawn(f func()) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return false
	}
	p.wg.Go(f)
	return true
}

// link is the one to a node; there is one as soon as it is asked for.
func (p *peers) link(nodeID string) (*peerLink, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return nil, fmt.Errorf("%w: %w", errNotSent, ErrClosed)
	}
	l := p.links[nodeID]
	if l == nil {
		l = &peerLink{peers: p, node: nodeID}
		p.links[nodeID] = l
	}
	return l, nil
}

// close ends all calls and waits: those of others are answered first, as far as their handlers
// end with their context.
func (p *peers) close() error {
	p.mu.Lock()
	p.closed = true
	p.cancel()
	conns, links := slices.Collect(maps.Keys(p.conns)), slices.Collect(maps.Values(p.links))
	p.mu.Unlock()
	for _, c := range conns {
		c.drain()
	}
	for _, l := range links {
		l.end(ErrClosed)
	}
	err := p.layer.Close()
	p.wg.Wait()
	return err
}
