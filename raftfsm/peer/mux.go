package peer

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

const (
	handshakeWait = 5 * time.Second // for the header to arrive and its group to take the connection
	maxPending    = 256             // connections in their handshake; more are closed at once
)

var (
	// ErrNoPort: a node without peers was to dial one.
	ErrNoPort = errors.New("raftfsm: this node has no peer port")
	// ErrUnknownGroup: a peer asks for a group that this node does not have.
	ErrUnknownGroup = errors.New("raftfsm: no such group here")

	errPortClosed     = fmt.Errorf("raftfsm: peer port: %w", net.ErrClosed)
	errManyHandshakes = errors.New("raftfsm: too many connections in their handshake")
)

// Mux carries the traffic of all groups, and of all else between nodes, over one port. Each
// connection begins with who calls whom, see hello; TLS, if there is any, comes beneath that.
type Mux struct {
	ln        net.Listener // nil: a single node without a port
	dial      DialFunc     // by node id
	dialAddr  DialFunc     // by address
	security  Security     // nil: plaintext
	self      atomic.Pointer[Identity]
	allow     atomic.Pointer[AllowFunc]
	logger    *slog.Logger
	handshake time.Duration
	slots     chan struct{} // one for each connection in its handshake

	ctx    context.Context // ends with Close
	cancel context.CancelFunc
	wg     sync.WaitGroup

	mu     sync.Mutex
	layers map[route]*Layer
	conns  map[net.Conn]struct{} // those in their handshake
	closed bool
}

// Option sets something of a Mux that is being made.
type Option func(*Mux)

// WithDial replaces the TCP dialer of nodes, which takes a node's id for its address. The function
// may be called from any goroutine and must obey its context.
func WithDial(d DialFunc) Option { return func(m *Mux) { m.dial = d } }

// WithIdentity says who the node is before the first connection comes.
func WithIdentity(id Identity) Option { return func(m *Mux) { m.SetIdentity(id) } }

// WithSecurity puts TLS beneath every connection; nil is plaintext.
func WithSecurity(s Security) Option { return func(m *Mux) { m.security = s } }

// WithLogger gives a logger; the default discards.
func WithLogger(l *slog.Logger) Option { return func(m *Mux) { m.logger = l } }

// withHandshake replaces the 5 s.
func withHandshake(d time.Duration) Option { return func(m *Mux) { m.handshake = d } }

// withPending replaces the 256 connections that may be in their handshake.
func withPending(n int) Option { return func(m *Mux) { m.slots = make(chan struct{}, n) } }

// NewMux serves ln, which Close closes. A nil ln is a node without peers: nothing is accepted and
// nothing dialed.
func NewMux(ln net.Listener, opts ...Option) *Mux {
	m := &Mux{
		ln: ln, dial: DialTCP, dialAddr: DialTCP, logger: slog.New(slog.DiscardHandler), handshake: handshakeWait,
		slots:  make(chan struct{}, maxPending),
		layers: map[route]*Layer{}, conns: map[net.Conn]struct{}{},
	}
	m.ctx, m.cancel = context.WithCancel(context.Background())
	m.SetIdentity(Identity{})
	for _, o := range opts {
		o(m)
	}
	if ln != nil {
		m.wg.Add(1)
		go m.accept()
	}
	return m
}

func (m *Mux) addr() net.Addr {
	if m.ln == nil {
		return localAddr{}
	}
	return m.ln.Addr()
}

// Close closes the port, all layers and the connections still in their handshake, and waits for
// its goroutines. Connections that were handed on belong to whom they were handed to.
func (m *Mux) Close() error {
	m.mu.Lock()
	first := !m.closed
	m.closed = true
	m.cancel()
	for c := range m.conns {
		c.Close()
	}
	m.mu.Unlock()
	var err error
	if first && m.ln != nil {
		err = m.ln.Close()
	}
	m.wg.Wait()
	return err
}

func (m *Mux) accept() {
	defer m.wg.Done()
	var delay time.Duration
	for {
		c, err := m.ln.Accept()
		if err == nil {
			delay = 0
			m.admit(c)
			continue
		}
		if m.ctx.Err() != nil || errors.Is(err, net.ErrClosed) {
			return
		}
		// Out of file descriptors, or a handshake beneath us failed: it passes.
		delay = min(max(5*time.Millisecond, 2*delay), time.Second)
		m.logger.Warn("accepting a peer failed", "error", err, "retry_in", delay)
		select {
		case <-m.ctx.Done():
			return
		case <-time.After(delay):
		}
	}
}

// admit starts the handshake of a connection, or closes it if too many are in theirs.
func (m *Mux) admit(c net.Conn) {
	select {
	case m.slots <- struct{}{}:
	default:
		m.refuse(c, errManyHandshakes)
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed {
		c.Close()
		<-m.slots
		return
	}
	m.conns[c] = struct{}{}
	m.wg.Add(1)
	go func() {
		defer m.wg.Done()
		defer func() { <-m.slots }()
		if err := m.welcome(c); err != nil {
			m.refuse(c, err)
		}
	}()
}

func (m *Mux) refuse(c net.Conn, err error) {
	c.Close()
	if m.ctx.Err() == nil {
		m.logger.Warn("refused a peer's connection", "remote", c.RemoteAddr().String(), "error", err)
	}
}
