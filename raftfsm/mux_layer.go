package raftfsm

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/hashicorp/raft"
)

// layer gives the stream layer of a group's Raft. advertise is the address that peers know this
// node by, nil for the listener's. One group has one layer at a time; a second one, until the
// first is closed, accepts nothing and its Accept says so.
func (m *mux) layer(group uint16, advertise net.Addr) raft.StreamLayer {
	return m.route(muxRoute{muxRaft, group}, advertise)
}

func (m *mux) route(r muxRoute, advertise net.Addr) *muxLayer {
	if advertise == nil {
		advertise = m.addr()
	}
	l := &muxLayer{mux: m, route: r, addr: advertise, conns: make(chan *muxConn)}
	l.ctx, l.cancel = context.WithCancelCause(m.ctx)
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.layers[r] != nil {
		l.cancel(fmt.Errorf("raftfsm: group %d has a stream layer already", r.group))
		return l
	}
	m.layers[r] = l
	return l
}

// muxLayer is the part of a mux that belongs to one route. Accept is called by its one user's
// goroutine, Dial by many.
type muxLayer struct {
	mux   *mux
	route muxRoute
	addr  net.Addr
	conns chan *muxConn

	ctx    context.Context
	cancel context.CancelCauseFunc
}

var _ raft.StreamLayer = (*muxLayer)(nil)

// Accept waits for a peer's connection, until Close.
func (l *muxLayer) Accept() (net.Conn, error) {
	c, err := l.accept()
	if err != nil {
		return nil, err
	}
	return c, nil
}

func (l *muxLayer) accept() (*muxConn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.ctx.Done():
		return nil, l.closedErr()
	}
}

// Close ends Accept and Dial; connections in use stay.
func (l *muxLayer) Close() error {
	l.cancel(errMuxClosed)
	l.mux.mu.Lock()
	defer l.mux.mu.Unlock()
	if l.mux.layers[l.route] == l {
		delete(l.mux.layers, l.route)
	}
	return nil
}

// Addr is the address that peers know this node by.
func (l *muxLayer) Addr() net.Addr { return l.addr }

// Dial connects to the same route of another node, whose id is its address.
func (l *muxLayer) Dial(address raft.ServerAddress, timeout time.Duration) (net.Conn, error) {
	if timeout <= 0 {
		return l.mux.dialNode(l.ctx, l.route, string(address))
	}
	ctx, cancel := context.WithTimeout(l.ctx, timeout)
	defer cancel()
	return l.mux.dialNode(ctx, l.route, string(address))
}

// offer hands c to Accept.
func (l *muxLayer) offer(ctx context.Context, c *muxConn) error {
	select {
	case l.conns <- c:
		return nil
	case <-l.ctx.Done():
		return l.closedErr()
	case <-ctx.Done():
		return fmt.Errorf("raftfsm: group %d takes no connection: %w", l.route.group, ctx.Err())
	}
}

func (l *muxLayer) closedErr() error {
	if err := context.Cause(l.ctx); !errors.Is(err, context.Canceled) {
		return err
	}
	return errMuxClosed
}

// localAddr is the address of a node without a port.
type localAddr struct{}

func (localAddr) Network() string { return "local" }
func (localAddr) String() string  { return "local" }
