package raftfsm

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
)

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
