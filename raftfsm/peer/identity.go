package peer

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
)

// Security is TLS between nodes. Its methods may be called from any goroutine and must obey
// their context.
type Security interface {
	// Server does the handshake of a connection that was accepted.
	Server(ctx context.Context, c net.Conn) (*tls.Conn, error)
	// Client does that of one that was dialed to a node; an empty id is one of any node.
	Client(ctx context.Context, c net.Conn, nodeID string) (*tls.Conn, error)
	// Vouches tells whether the certificate at the other end is that node's.
	Vouches(c *tls.Conn, nodeID string) error
}

// AllowFunc tells whether a node of this cluster may talk to this one: it may have been removed,
// or come back with another data folder. It may be called from any goroutine.
type AllowFunc func(node string, incarnation [16]byte) error

// inbound is an accepted connection and who is at its other end.
type inbound struct {
	net.Conn
	hello hello
	// stranger is why only open calls are answered; nil for a node of this cluster.
	stranger error
}

// SetIdentity says who this node is from now on. Connections that are open keep theirs.
func (m *Mux) SetIdentity(id Identity) { m.self.Store(&id) }

func (m *Mux) identity() Identity { return *m.self.Load() }

// SetAllow has each new connection of a node of this cluster asked for; nil allows all.
func (m *Mux) SetAllow(f AllowFunc) { m.allow.Store(&f) }

// judge tells whether a connection is for this node. Calls of a stranger are: some of them, such
// as asking to join, are for nodes that do not belong yet.
func (m *Mux) judge(h *hello) (stranger, err error) {
	why := m.belongs(h)
	misled := h.to != "" && h.to != m.identity().Node
	if h.route.kind == kindCalls && !misled {
		return why, nil
	}
	return nil, why
}

func (m *Mux) belongs(h *hello) error {
	self := m.identity()
	switch {
	case h.to != self.Node:
		return fmt.Errorf("%w: node %q was called, this is %q", ErrStranger, h.to, self.Node)
	case self.Cluster == [16]byte{}:
		return fmt.Errorf("%w: it belongs to no cluster yet", ErrStranger)
	case h.from.Cluster != self.Cluster:
		return fmt.Errorf("%w: node %q is of cluster %x, this is %x", ErrStranger, h.from.Node, h.from.Cluster, self.Cluster)
	}
	if f := m.allow.Load(); f != nil && *f != nil {
		if err := (*f)(h.from.Node, h.from.Incarnation); err != nil {
			return fmt.Errorf("%w: %w", ErrStranger, err)
		}
	}
	return nil
}
