package peer

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/hashicorp/raft"
)

// Layer gives the stream layer of a group's Raft. advertise is the address that peers know this
// node by, nil for the listener's. One group has one layer at a time; a second one, until the
// first is closed, accepts nothing and its Accept says so.
func (m *Mux) Layer(group uint16, advertise net.Addr) *Layer {
	return m.layerOf(route{kindRaft, group}, advertise)
}

func (m *Mux) layerOf(r route, advertise net.Addr) *Layer {
	if advertise == nil {
		advertise = m.addr()
	}
	l := &Layer{mux: m, route: r, addr: advertise, conns: make(chan *inbound)}
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

// Layer is the part of a Mux that belongs to one route, a group's Raft or the calls. Accept is called by its one user's
// goroutine, Dial by many.
type Layer struct {
	mux   *Mux
	route route
	addr  net.Addr
	conns chan *inbound

	ctx    context.Context
	cancel context.CancelCauseFunc
}

var _ raft.StreamLayer = (*Layer)(nil)

// Accept waits for a peer's connection, until Close.
func (l *Layer) Accept() (net.Conn, error) {
	c, err := l.accept()
	if err != nil {
		return nil, err
	}
	return c, nil
}

func (l *Layer) accept() (*inbound, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.ctx.Done():
		return nil, l.closedErr()
	}
}

// Close ends Accept and Dial; connections in use stay.
func (l *Layer) Close() error {
	l.cancel(errPortClosed)
	l.mux.mu.Lock()
	defer l.mux.mu.Unlock()
	if l.mux.layers[l.route] == l {
		delete(l.mux.layers, l.route)
	}
	return nil
}

// Addr is the address that peers know this node by.
func (l *Layer) Addr() net.Addr { return l.addr }

// Dial connects to the same route of another node, whose id is its address.
func (l *Layer) Dial(address raft.ServerAddress, timeout time.Duration) (net.Conn, error) {
	if timeout <= 0 {
		return l.mux.dialNode(l.ctx, l.route, string(address))
	}
	ctx, cancel := context.WithTimeout(l.ctx, timeout)
	defer cancel()
	return l.mux.dialNode(ctx, l.route, string(address))
}

// offer hands c to Accept.
func (l *Layer) offer(ctx context.Context, c *inbound) error {
	select {
	case l.conns <- c:
		return nil
	case <-l.ctx.Done():
		return l.closedErr()
	case <-ctx.Done():
		return fmt.Errorf("raftfsm: group %d takes no connection: %w", l.route.group, ctx.Err())
	}
}

func (l *Layer) closedErr() error {
	if err := context.Cause(l.ctx); !errors.Is(err, context.Canceled) {
		return err
	}
	return errPortClosed
}

// localAddr is the address of a node without a port.
type localAddr struct{}

func (localAddr) Network() string { return "local" }
func (localAddr) String() string  { return "local" }
