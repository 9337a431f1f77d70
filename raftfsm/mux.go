package raftfsm

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"sync"
	"time"

	"github.com/hashicorp/raft"
)

// Each connection begins with eight bytes: "USHR", version, kind, group (big endian).
const (
	muxMagic     = "USHR"
	muxVersion   = 1
	muxHeaderLen = 8

	// muxRaft carries one group's Raft RPCs; muxForward is kept for writes handed on to a
	// leader.
	muxRaft    = 1
	muxForward = 2

	muxHandshake = 5 * time.Second // for the header to arrive and its group to take the connection
	muxPending   = 256             // connections in their handshake; more are closed at once
)

var (
	errNoPeers     = errors.New("raftfsm: this node has no peer port")
	errMuxClosed   = fmt.Errorf("raftfsm: peer port: %w", net.ErrClosed)
	errMuxHeader   = errors.New("raftfsm: not a peer's connection")
	errUnknownMux  = errors.New("raftfsm: no such group here")
	errMuxTooMany  = errors.New("raftfsm: too many connections in their handshake")
	errNotLoopback = errors.New("raftfsm: peers without TLS only on loopback")
)

type dialFunc func(ctx context.Context, addr string) (net.Conn, error)

// mux carries the traffic of all groups, and of all else between nodes, over one port. TLS comes
// beneath it: a listener and a dial function that speak it are handed in.
type mux struct {
	ln        net.Listener // nil: a single node without a port
	dial      dialFunc
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

// muxRoute is where a connection goes.
type muxRoute struct {
	kind  uint8
	group uint16
}

type muxOption func(*mux)

// muxDial replaces the TCP dialer. The function may be called from any goroutine and must obey
// its context.
func muxDial(d dialFunc) muxOption { return func(m *mux) { m.dial = d } }

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
		ln: ln, dial: dialTCP, logger: slog.New(slog.DiscardHandler), handshake: muxHandshake,
		slots:  make(chan struct{}, muxPending),
		layers: map[muxRoute]*muxLayer{}, conns: map[net.Conn]struct{}{},
	}
	m.ctx, m.cancel = context.WithCancel(context.Background())
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
	l := &muxLayer{mux: m, route: r, addr: advertise, conns: make(chan net.Conn)}
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

func (m *mux) welcome(c net.Conn) error {
	ctx, cancel := context.WithTimeout(m.ctx, m.handshake)
	defer cancel()
	route, err := m.readRoute(c)
	m.mu.Lock()
	delete(m.conns, c)
	l := m.layers[route]
	m.mu.Unlock()
	if err != nil {
		return err
	}
	if l == nil {
		return fmt.Errorf("%w: kind %d, group %d", errUnknownMux, route.kind, route.group)
	}
	return l.offer(ctx, c)
}

func (m *mux) readRoute(c net.Conn) (muxRoute, error) {
	if err := c.SetReadDeadline(time.Now().Add(m.handshake)); err != nil {
		return muxRoute{}, err
	}
	route, err := readMuxHeader(c)
	if err != nil {
		return muxRoute{}, err
	}
	return route, c.SetReadDeadline(time.Time{})
}

func (m *mux) refuse(c net.Conn, err error) {
	c.Close()
	if m.ctx.Err() == nil {
		m.logger.Warn("refused a peer's connection", "remote", c.RemoteAddr().String(), "error", err)
	}
}

// dialRoute opens a connection to a route of the node at addr. timeout 0 waits as the dial
// function does.
func (m *mux) dialRoute(ctx context.Context, r muxRoute, addr string, timeout time.Duration) (net.Conn, error) {
	if m.ln == nil {
		return nil, errNoPeers
	}
	if timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, timeout)
		defer cancel()
	}
	if ctx.Err() != nil {
		return nil, errMuxClosed
	}
	c, err := m.dial(ctx, addr)
	if err != nil {
		return nil, err
	}
	if err := writeMuxHeader(ctx, c, r); err != nil {
		return nil, errors.Join(err, c.Close())
	}
	return c, nil
}

func writeMuxHeader(ctx context.Context, c net.Conn, r muxRoute) error {
	deadline, _ := ctx.Deadline() // zero is none
	if err := c.SetWriteDeadline(deadline); err != nil {
		return err
	}
	if _, err := c.Write(muxHeader(r)); err != nil {
		return err
	}
	return c.SetWriteDeadline(time.Time{})
}

func muxHeader(r muxRoute) []byte {
	h := append([]byte(muxMagic), muxVersion, r.kind)
	return binary.BigEndian.AppendUint16(h, r.group)
}

// readMuxHeader reads exactly the header's bytes.
func readMuxHeader(r io.Reader) (muxRoute, error) {
	var h [muxHeaderLen]byte
	if _, err := io.ReadFull(r, h[:]); err != nil {
		return muxRoute{}, fmt.Errorf("%w: %w", errMuxHeader, err)
	}
	if string(h[:4]) != muxMagic {
		return muxRoute{}, fmt.Errorf("%w: it begins with %q", errMuxHeader, h[:4])
	}
	if h[4] != muxVersion {
		return muxRoute{}, fmt.Errorf("%w: version %d, this node speaks %d", errMuxHeader, h[4], muxVersion)
	}
	return muxRoute{kind: h[5], group: binary.BigEndian.Uint16(h[6:])}, nil
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

// muxLayer is the part of a mux that belongs to one route. Accept is called by its one user's
// goroutine, Dial by many.
type muxLayer struct {
	mux   *mux
	route muxRoute
	addr  net.Addr
	conns chan net.Conn

	ctx    context.Context
	cancel context.CancelCauseFunc
}

var _ raft.StreamLayer = (*muxLayer)(nil)

// Accept waits for a peer's connection, until Close.
func (l *muxLayer) Accept() (net.Conn, error) {
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

// Dial connects to the same route of another node.
func (l *muxLayer) Dial(address raft.ServerAddress, timeout time.Duration) (net.Conn, error) {
	return l.mux.dialRoute(l.ctx, l.route, string(address), timeout)
}

// offer hands c to Accept.
func (l *muxLayer) offer(ctx context.Context, c net.Conn) error {
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
