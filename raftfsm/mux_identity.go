package raftfsm

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"slices"
)

var errMuxStranger = errors.New("raftfsm: not for this node")

// peerSecurity is TLS between nodes. Its methods may be called from any goroutine and must obey
// their context.
type peerSecurity interface {
	// Server does the handshake of a connection that was accepted.
	Server(ctx context.Context, c net.Conn) (*tls.Conn, error)
	// Client does that of one that was dialed to a node; an empty id is one of any node.
	Client(ctx context.Context, c net.Conn, nodeID string) (*tls.Conn, error)
	// Vouches tells whether the certificate at the other end is that node's.
	Vouches(c *tls.Conn, nodeID string) error
}

// allowFunc tells whether a node of this cluster may talk to this one: it may have been removed,
// or come back with another data folder. It may be called from any goroutine.
type allowFunc func(node string, incarnation [16]byte) error

// muxConn is an accepted connection and who is at its other end.
type muxConn struct {
	net.Conn
	hello muxHello
	// stranger is why only open calls are answered; nil for a node of this cluster.
	stranger error
}

// setIdentity says who this node is from now on. Connections that are open keep theirs.
func (m *mux) setIdentity(id peerIdentity) { m.self.Store(&id) }

func (m *mux) identity() peerIdentity { return *m.self.Load() }

// setAllow has each new connection of a node of this cluster asked for; nil allows all.
func (m *mux) setAllow(f allowFunc) { m.allow.Store(&f) }

// judge tells whether a connection is for this node. Calls of a stranger are: some of them, such
// as asking to join, are for nodes that do not belong yet.
func (m *mux) judge(h *muxHello) (stranger, err error) {
	why := m.belongs(h)
	misled := h.to != "" && h.to != m.identity().Node
	if h.route.kind == muxCall && !misled {
		return why, nil
	}
	return nil, why
}

func (m *mux) belongs(h *muxHello) error {
	self := m.identity()
	switch {
	case h.to != self.Node:
		return fmt.Errorf("%w: node %q was called, this is %q", errMuxStranger, h.to, self.Node)
	case self.Cluster == [16]byte{}:
		return fmt.Errorf("%w: it belongs to no cluster yet", errMuxStranger)
	case h.from.Cluster != self.Cluster:
		return fmt.Errorf("%w: node %q is of cluster %x, this is %x", errMuxStranger, h.from.Node, h.from.Cluster, self.Cluster)
	}
	if f := m.allow.Load(); f != nil && *f != nil {
		if err := (*f)(h.from.Node, h.from.Incarnation); err != nil {
			return fmt.Errorf("%w: %w", errMuxStranger, err)
		}
	}
	return nil
}

// fixedCluster is the id of a cluster whose nodes are listed and never change.
func fixedCluster(voters []string) (id [16]byte) {
	sum := sha256.New()
	for _, v := range slices.Sorted(slices.Values(voters)) {
		fmt.Fprintf(sum, "%d:%s,", len(v), v)
	}
	copy(id[:], sum.Sum(nil))
	return id
}
