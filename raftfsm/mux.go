package raftfsm

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
	muxHandshake = 5 * time.Second // for the header to arrive and its group to take the connection
	muxPending   = 256             // connections in their handshake; more are closed at once
)

var (
	errNoPeers     = errors.New("raftfsm: this node has no peer port")
	errMuxClosed   = fmt.Errorf("raftfsm: peer port: %w", net.ErrClosed)
	errUnknownMux  = errors.New("raftfsm: no such group here")
	errMuxTooMany  = errors.New("raftfsm: too many connections in their handshake")
	errNotLoopback = errors.New("raftfsm: peers without TLS only on loopback")
)

type dialFunc func(ctx context.Context, addr string) (net.Conn, error)

// mux carries the traffic of all groups, and of all else between nodes, over one port. Each
// connection begins with who calls whom, see muxHello; TLS, if there is any, comes beneath that.
type mux struct {
	ln        net.Listener // nil: a single node without a port
	dial      dialFunc     // by node id
	dialAddr  dialFunc     // by address
	security  peerSecurity // nil: plaintext
	self      atomic.Pointer[peerIdentity]
	allow     atomic.Pointer[allowFunc]
	logger    *slog.Logger
	handshake time.Duration
	slots     chan struct{} // one for each connection in its handshake

	ctx    context.Context // ends with Close
	cancel context.CancelFunc
	wg     sync.WaitGroup

	mu     sync.Mutex
	layers map[muxRoute]*muxLayer
	conns  map[net.Conn]struct{} // those in their handshake
	closed bool
}

type muxOption func(*mux)

// muxDial replaces the TCP dialer of nodes, which takes a node's id for its address. The function
// may be called from any goroutine and must obey its context.
func muxDial(d dialFunc) muxOption { return func(m *mux) { m.dial = d } }

// muxIdentity says who the node is before the first connection comes.
func muxIdentity(id peerIdentity) muxOption { return func(m *mux) { m.setIdentity(id) } }

// muxSecurity puts TLS beneath every connection; nil is plaintext.
func muxSecurity(s peerSecurity) muxOption { return func(m *mux) { m.security = s } }

// muxLogger gives a logger; the default discards.
func muxLogger(l *slog.Logger) muxOption { return func(m *mux) { m.logger = l } }

// muxHandshakeTimeout replaces the 5 s.
func muxHandshakeTimeout(d time.Duration) muxOption { return func(m *mux) { m.handshake = d } }

// muxMaxPending replaces the 256 connections that may be in their handshake.
func muxMaxPending(n int) muxOption { return func(m *mux) { m.slots = make(chan struct{}, n) } }

// newMux serves ln, which Close closes. A nil ln is a node without peers: nothing is accepted and
// nothing dialed.
func newMux(ln net.Listener, opts ...muxOption) *mux {
	m := &mux{
		ln: ln, dial: dialTCP, dialAddr: dialTCP, logger: slog.New(slog.DiscardHandler), handshake: muxHandshake,
		slots:  make(chan struct{}, muxPending),
		layers: map[muxRoute]*muxLayer{}, conns: map[net.Conn]struct{}{},
	}
	m.ctx, m.cancel = context.WithCancel(context.Background())
	m.setIdentity(peerIdentity{})
	for _, o := range opts {
		o(m)
	}
	if ln != nil {
		m.wg.Add(1)
		go m.accept()
	}
	return m
}

// listenPlain listens for peers without TLS. Anyone who can connect can commit a claim, so any
// address but loopback is refused, unless anywhere says that the network is the caller's own
// (network namespaces of the chaos tests).
func listenPlain(addr string, anywhere bool) (net.Listener, error) {
	tcp, err := net.ResolveTCPAddr("tcp", addr)
	if err != nil {
		return nil, err
	}
	if !anywhere && !tcp.IP.IsLoopback() {
		return nil, fmt.Errorf("%w: %s is not", errNotLoopback, addr)
	}
	return net.ListenTCP("tcp", tcp)
}

// ListenPeers listens for peers. plain means without TLS, which is for loopback only.
func ListenPeers(addr string, plain bool) (net.Listener, error) {
	if plain {
		return listenPlain(addr, false)
	}
	return net.Listen("tcp", addr)
}

// dialTCP finds a peer that lost its power within half a minute.
func dialTCP(ctx context.Context, addr string) (net.Conn, error) {
	d := net.Dialer{KeepAliveConfig: net.KeepAliveConfig{Enable: true, Idle: 10 * time.Second, Interval: 5 * time.Second, Count: 4}}
	return d.DialContext(ctx, "tcp", addr)
}

func (m *mux) addr() net.Addr {
	if m.ln == nil {
		return localAddr{}
	}
	return m.ln.Addr()
}

// Close closes the port, all layers and the connections still in their handshake, and waits for
// its goroutines. Connections that were handed on belong to whom they were handed to.
func (m *mux) Close() error {
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

func (m *mux) accept() {
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
		if !sleep(m.ctx, delay) {
			return
		}
	}
}

// admit starts the handshake of a connection, or closes it if too many are in theirs.
func (m *mux) admit(c net.Conn) {
	select {
	case m.slots <- struct{}{}:
	default:
		m.refuse(c, errMuxTooMany)
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

func (m *mux) refuse(c net.Conn, err error) {
	c.Close()
	if m.ctx.Err() == nil {
		m.logger.Warn("refused a peer's connection", "remote", c.RemoteAddr().String(), "error", err)
	}
}

func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}
