package peer

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"time"
)

// welcome finds out who calls and hands the connection on, within the time for handshakes.
func (m *Mux) welcome(raw net.Conn) error {
	ctx, cancel := context.WithTimeout(m.ctx, m.handshake)
	defer cancel()
	c, err := m.meet(ctx, raw)
	m.mu.Lock()
	delete(m.conns, raw)
	var l *Layer
	if err == nil {
		l = m.layers[c.hello.route]
	}
	m.mu.Unlock()
	switch {
	case err != nil:
		return err
	case l == nil:
		return fmt.Errorf("%w: kind %d, group %d", ErrUnknownGroup, c.hello.route.kind, c.hello.route.group)
	}
	return l.offer(ctx, c)
}

// meet does the handshake.
func (m *Mux) meet(ctx context.Context, raw net.Conn) (*inbound, error) {
	if err := raw.SetDeadline(time.Now().Add(m.handshake)); err != nil {
		return nil, err
	}
	c := &inbound{Conn: raw}
	var secured *tls.Conn
	if m.security != nil {
		var err error
		if secured, err = m.security.Server(ctx, raw); err != nil {
			return nil, fmt.Errorf("raftfsm: TLS with a peer: %w", err)
		}
		c.Conn = secured
	}
	var err error
	if c.hello, err = readHeader(c.Conn); err != nil {
		return nil, err
	}
	if secured != nil {
		if err := m.security.Vouches(secured, c.hello.from.Node); err != nil {
			return nil, fmt.Errorf("raftfsm: a peer that calls itself %q: %w", c.hello.from.Node, err)
		}
	}
	if c.stranger, err = m.judge(&c.hello); err != nil {
		return nil, err
	}
	return c, raw.SetDeadline(time.Time{})
}

// dialNode opens a connection to a route of a node.
func (m *Mux) dialNode(ctx context.Context, r route, node string) (net.Conn, error) {
	return m.dialRoute(ctx, r, m.dial, node, node)
}

// dialAnyone opens a connection to whoever is at an address.
func (m *Mux) dialAnyone(ctx context.Context, r route, addr string) (net.Conn, error) {
	return m.dialRoute(ctx, r, m.dialAddr, addr, "")
}

func (m *Mux) dialRoute(ctx context.Context, r route, dial DialFunc, addr, node string) (net.Conn, error) {
	if m.ln == nil {
		return nil, ErrNoPort
	}
	if ctx.Err() != nil {
		return nil, errPortClosed
	}
	raw, err := dial(ctx, addr)
	if err != nil {
		return nil, err
	}
	c, err := m.introduce(ctx, raw, &hello{route: r, from: m.identity(), to: node})
	if err != nil {
		return nil, errors.Join(err, raw.Close())
	}
	return c, nil
}

// introduce says who calls, over TLS where there is that.
func (m *Mux) introduce(ctx context.Context, raw net.Conn, h *hello) (c net.Conn, err error) {
	deadline, _ := ctx.Deadline() // zero is none
	if err := raw.SetDeadline(deadline); err != nil {
		return nil, err
	}
	c = raw
	if m.security != nil {
		if c, err = m.security.Client(ctx, raw, h.to); err != nil {
			return nil, fmt.Errorf("raftfsm: TLS with peer %q: %w", h.to, err)
		}
	}
	if _, err := c.Write(headerOf(h)); err != nil {
		return nil, err
	}
	return c, raw.SetDeadline(time.Time{})
}
