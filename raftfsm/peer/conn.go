package peer

import (
	"context"
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
	replyError = 1 // the body is an error, see Errors
	replyPart  = 2 // of a reply longer than a frame; more follows

	partBytes = 512 << 10
	// MaxReply bounds a reply in all its parts, in bytes.
	MaxReply = 64 << 20
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

// callConn is a connection that this node has made, with the calls over it.
type callConn struct {
	owner *Calls
	conn  net.Conn
	self  Identity // as the other side knows this node
	to    Identity
	out   *frameWriter

	heard atomic.Int64 // unix nanoseconds: when a frame came last, or nothing was awaited
	mu    sync.Mutex
	calls map[uint64]*pendingCall
	last  uint64        // call id
	err   error         // why it is closed
	old   bool          // no new calls: closed when the last one is answered
	done  chan struct{} // closed with it
}

func (c *callConn) alive() bool {
	select {
	case <-c.done:
		return false
	default:
		return true
	}
}

func (c *callConn) call(ctx context.Context, kind uint8, body []byte) ([]byte, error) {
	id, call, err := c.begin(kind, body)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNotSent, err)
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
		return nil, fmt.Errorf("%w: %w", ErrNotSent, ctx.Err())
	}
	select {
	case <-call.done: // at the last moment
		return call.reply, call.err
	default:
		return nil, fmt.Errorf("%w: %w", ErrBroken, ctx.Err())
	}
}

// begin sends a request on its way.
func (c *callConn) begin(kind uint8, body []byte) (uint64, *pendingCall, error) {
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
func (c *callConn) retire() {
	c.mu.Lock()
	c.old = true
	c.mu.Unlock()
}

// waiting tells whether calls wait for an answer, and whether the connection has served its time.
func (c *callConn) waiting() (waiting, over bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.calls) > 0, c.old && len(c.calls) == 0
}

// close ends the connection; each call over it is told whether it can have been handled.
func (c *callConn) close(why error) {
	if !c.fail(why) {
		return
	}
	c.conn.Close() // with TLS it may have to wait for the other side
}

func (c *callConn) fail(why error) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err != nil {
		return false
	}
	c.err = why
	c.out.close()
	close(c.done)
	for _, call := range c.calls {
		call.err = fmt.Errorf("%w: %w", ErrBroken, why)
		if call.state.CompareAndSwap(callQueued, callLeft) {
			call.err = fmt.Errorf("%w: %w", ErrNotSent, why)
		}
		call.reply = nil
		close(call.done)
	}
	clear(c.calls)
	return true
}
