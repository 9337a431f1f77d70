package raftfsm

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// What a reply is.
const (
	replyOK    = 0
	replyError = 1 // the body is an error, see appendError
	replyPart  = 2 // of a reply longer than a frame; more follows

	partBytes = 512 << 10
	// maxReply bounds a reply in all its parts.
	maxReply = 64 << 20
)

var (
	errOtherNode = errors.New("raftfsm: another node answers")
	errSilent    = errors.New("raftfsm: the peer says nothing")
	errTooMany   = errors.New("raftfsm: too many calls without an answer")
	errBadReply  = errors.New("raftfsm: a reply that cannot be read")
)

// pendingCall is a request that has no answer yet.
type pendingCall struct {
	state atomic.Uint32
	done  chan struct{} // closed when reply and err are there
	reply []byte
	err   error
}

const (
	callQueued = 0
	callSent   = 1
	callLeft   = 2 // its caller has left before it was sent
)

// send says that the request may leave from here on; false when it must not.
func (c *pendingCall) send() bool { return c.state.CompareAndSwap(callQueued, callSent) }

// peerConn is a connection that this node has made, with the calls over it.
type peerConn struct {
	peers *peers
	conn  net.Conn
	self  peerIdentity // as the other side knows this node
	to    peerIdentity
	out   *frameWriter

	heard atomic.Int64 // unix nanoseconds: when a frame came last, or nothing was awaited
	mu    sync.Mutex
	calls map[uint64]*pendingCall
	last  uint64        // call id
	err   error         // why it is closed
	old   bool          // no new calls: closed when the last one is answered
	done  chan struct{} // closed with it
}

// connect makes a connection to a node, or, without its id, to whoever is at an address.
func (p *peers) connect(ctx context.Context, node, addr string) (*peerConn, error) {
	self := p.mux.identity()
	dial := p.mux.dialNode
	if node == "" {
		dial = p.mux.dialAnyone
	}
	c, err := dial(ctx, muxRoute{kind: muxCall}, addr)
	if err != nil {
		return nil, err
	}
	to, err := p.greeted(ctx, c, self, node)
	if err != nil {
		return nil, errors.Join(err, c.Close())
	}
	pc := &peerConn{
		peers: p, conn: c, self: self, to: to, out: newFrameWriter(c, 2*callsOutstanding, maxReply),
		calls: make(map[uint64]*pendingCall), done: make(chan struct{}),
	}
	for _, f := range []func(){pc.write, pc.read, pc.watch} {
		if !p.spawn(f) {
			pc.close(ErrClosed)
			return nil, ErrClosed
		}
	}
	return pc, nil
}

// greeted reads who has taken the connection. Who refuses it closes it instead.
func (p *peers) greeted(ctx context.Context, c net.Conn, self peerIdentity, node string) (peerIdentity, error) {
	stop := context.AfterFunc(ctx, func() { c.Close() })
	defer stop()
	h, err := readMuxHeader(c)
	if err != nil {
		return peerIdentity{}, err
	}
	if s, ok := c.(*tls.Conn); ok {
		if err := p.mux.security.Vouches(s, h.from.Node); err != nil {
			return peerIdentity{}, fmt.Errorf("raftfsm: a peer that calls itself %q: %w", h.from.Node, err)
		}
	}
	switch {
	case node == "":
	case h.from.Node != node:
		return peerIdentity{}, fmt.Errorf("%w: %q, %q was called", errOtherNode, h.from.Node, node)
	case h.from.Cluster != self.Cluster:
		return peerIdentity{}, fmt.Errorf("%w: of cluster %x, this is %x", errOtherNode, h.from.Cluster, self.Cluster)
	}
	if !stop() {
		return peerIdentity{}, ctx.Err()
	}
	return h.from, nil
}

func (c *peerConn) alive() bool {
	select {
	case <-c.done:
		return false
	default:
		return true
	}
}

func (c *peerConn) call(ctx context.Context, kind uint8, body []byte) ([]byte, error) {
	id, call, err := c.begin(kind, body)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errNotSent, err)
	}
	select {
	case <-call.done:
		return call.reply, call.err
	case <-ctx.Done():
	}
	c.mu.Lock()
	delete(c.calls, id)
	c.mu.Unlock()
	if call.state.CompareAndSwap(callQueued, callLeft) {
		return nil, fmt.Errorf("%w: %w", errNotSent, ctx.Err())
	}
	select {
	case <-call.done: // at the last moment
		return call.reply, call.err
	default:
		return nil, fmt.Errorf("%w: %w", errBroken, ctx.Err())
	}
}

// begin sends a request on its way.
func (c *peerConn) begin(kind uint8, body []byte) (uint64, *pendingCall, error) {
	call := &pendingCall{done: make(chan struct{})}
	c.mu.Lock()
	switch {
	case c.err != nil:
		err := c.err
		c.mu.Unlock()
		return 0, nil, err
	case len(c.calls) >= callsOutstanding:
		c.mu.Unlock()
		return 0, nil, fmt.Errorf("%w: %w", ErrOverload, errTooMany)
	}
	if len(c.calls) == 0 {
		c.heard.Store(time.Now().UnixNano())
	}
	c.last++
	id := c.last
	c.calls[id] = call
	c.mu.Unlock()
	if err := c.out.put(frame{id: id, kind: kind, body: body, call: call}); err != nil {
		c.mu.Lock()
		delete(c.calls, id)
		c.mu.Unlock()
		return 0, nil, err
	}
	return id, call, nil
}

// retire lets what is under way come to its end.
func (c *peerConn) retire() {
	c.mu.Lock()
	c.old = true
	c.mu.Unlock()
}

// waiting tells whether calls wait for an answer, and whether the connection has served its time.
func (c *peerConn) waiting() (waiting, over bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.calls) > 0, c.old && len(c.calls) == 0
}

// close ends the connection; each call over it is told whether it can have been handled.
func (c *peerConn) close(why error) {
	if !c.fail(why) {
		return
	}
	c.conn.Close() // with TLS it may have to wait for the other side
}

func (c *peerConn) fail(why error) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err != nil {
		return false
	}
	c.err = why
	c.out.close()
	close(c.done)
	for _, call := range c.calls {
		call.err = fmt.Errorf("%w: %w", errBroken, why)
		if call.state.CompareAndSwap(callQueued, callLeft) {
			call.err = fmt.Errorf("%w: %w", errNotSent, why)
		}
		call.reply = nil
		close(call.done)
	}
	clear(c.calls)
	return true
}
