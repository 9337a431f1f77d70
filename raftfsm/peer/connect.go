package peer

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
)

// connect makes a connection to a node, or, without its id, to whoever is at an address.
func (cs *Calls) connect(ctx context.Context, node, addr string) (*callConn, error) {
	self := cs.mux.identity()
	dial := cs.mux.dialNode
	if node == "" {
		dial = cs.mux.dialAnyone
	}
	c, err := dial(ctx, route{kind: kindCalls}, addr)
	if err != nil {
		return nil, err
	}
	to, err := cs.greeted(ctx, c, self, node)
	if err != nil {
		return nil, errors.Join(err, c.Close())
	}
	pc := &callConn{
		owner: cs, conn: c, self: self, to: to, out: newFrameWriter(c, 2*callsOutstanding, MaxReply),
		calls: make(map[uint64]*pendingCall), done: make(chan struct{}),
	}
	for _, f := range []func(){pc.write, pc.read, pc.watch} {
		if !cs.Go(f) {
			pc.close(ErrClosed)
			return nil, ErrClosed
		}
	}
	return pc, nil
}

// greeted reads who has taken the connection. Who refuses it closes it instead.
func (cs *Calls) greeted(ctx context.Context, c net.Conn, self Identity, node string) (Identity, error) {
	stop := context.AfterFunc(ctx, func() { c.Close() })
	defer stop()
	h, err := readHeader(c)
	if err != nil {
		return Identity{}, err
	}
	if s, ok := c.(*tls.Conn); ok {
		if err := cs.mux.security.Vouches(s, h.from.Node); err != nil {
			return Identity{}, fmt.Errorf("raftfsm: a peer that calls itself %q: %w", h.from.Node, err)
		}
	}
	switch {
	case node == "":
	case h.from.Node != node:
		return Identity{}, fmt.Errorf("%w: %q, %q was called", errOtherNode, h.from.Node, node)
	case h.from.Cluster != self.Cluster:
		return Identity{}, fmt.Errorf("%w: of cluster %x, this is %x", errOtherNode, h.from.Cluster, self.Cluster)
	}
	if !stop() {
		return Identity{}, ctx.Err()
	}
	return h.from, nil
}
