package raftfsm

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync/atomic"
	"time"

	"github.com/usherhq/usher/raftfsm/peer"
	"github.com/usherhq/usher/raftfsm/peertls"
)

// Port is a node's one port for other nodes. It is open before the node is: whoever founds
// a cluster, or joins one, has to be asked who it is.
type Port struct {
	cfg   PortConfig
	mux   *peer.Mux
	calls *peer.Calls
	book  *addrBook
	hello atomic.Pointer[Hello]
	join  atomic.Pointer[func(context.Context, Member) (Joined, error)]
	find  atomic.Pointer[func(id string) (string, error)]
}

// portSecurity is peertls as peer.Mux wants it.
type portSecurity struct{ *peertls.Security }

func (portSecurity) Vouches(c *tls.Conn, nodeID string) error { return peertls.Vouches(c, nodeID) }

// PortConfig says who a node is to others.
type PortConfig struct {
	// Listener takes the other nodes' connections; the port closes it.
	Listener net.Listener
	// Security is the TLS of the port; nil is plaintext, for loopback.
	Security *peertls.Security
	Logger   *slog.Logger
	// Self is the node: id, incarnation, address.
	Self Member
	// Groups and Voters are those of a cluster that this node would found.
	Groups, Voters int
}

// Hello is who a node is, in its own words.
type Hello struct {
	Self   Member
	Joined // what there is to know of its cluster; of none yet when that has no name
}

// Joined is what a node has to know of the cluster that it is one of.
type Joined struct {
	Cluster  ID128
	Founders []Member // in the order all founders agree on
	Groups   int
	Voters   int // that a group has
}

// ListenPeers listens for peers. plain means without TLS, which is for loopback only.
func ListenPeers(addr string, plain bool) (net.Listener, error) { return peer.Listen(addr, plain) }

// OpenPort begins to answer who this node is.
func OpenPort(cfg PortConfig) *Port {
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	p := &Port{cfg: cfg, book: newAddrBook()}
	p.hello.Store(&Hello{Self: cfg.Self, Joined: Joined{Groups: cfg.Groups, Voters: cfg.Voters}})
	self := peer.Identity{Node: cfg.Self.NodeID, Incarnation: cfg.Self.Incarnation}
	opts := []peer.Option{peer.WithLogger(cfg.Logger), peer.WithDial(p.dial), peer.WithIdentity(self)}
	if cfg.Security != nil {
		opts = append(opts, peer.WithSecurity(portSecurity{cfg.Security}))
	}
	p.mux = peer.NewMux(cfg.Listener, opts...)
	p.calls = peer.NewCalls(p.mux, wireErrors{}, cfg.Logger)
	p.calls.Handle(callWho, true, p.answerHello)
	p.calls.Handle(callJoin, true, p.answerJoin)
	p.calls.Serve()
	return p
}

// dial connects to a node wherever it is now.
func (p *Port) dial(ctx context.Context, id string) (net.Conn, error) {
	find := p.find.Load()
	if find == nil {
		return nil, fmt.Errorf("%w: node %q", ErrStarting, id)
	}
	addr, err := (*find)(id)
	if err != nil {
		return nil, err
	}
	return peer.DialTCP(ctx, addr)
}

// Close ends the port and all connections that are still its own.
func (p *Port) Close() error { return errors.Join(p.calls.Close(), p.mux.Close()) }

// CertificateEnd is when the certificate that the port shows, or its CA, ends; false when there
// is none.
func (p *Port) CertificateEnd() (time.Time, bool) {
	if p.cfg.Security == nil {
		return time.Time{}, false
	}
	return p.cfg.Security.NotAfter(), true
}

// belong makes the port one of a cluster's: from here on other nodes are let in.
func (p *Port) belong(j Joined) {
	h := *p.hello.Load()
	h.Joined = j
	p.hello.Store(&h)
	p.mux.SetIdentity(peer.Identity{Cluster: j.Cluster, Node: p.cfg.Self.NodeID, Incarnation: p.cfg.Self.Incarnation})
}

func (p *Port) answerHello(_ context.Context, _ string, _ []byte) ([]byte, error) {
	return json.Marshal(p.hello.Load())
}

// answerJoin lets a node in that names itself; its certificate was held against its id.
func (p *Port) answerJoin(ctx context.Context, from string, body []byte) ([]byte, error) {
	let := p.join.Load()
	if let == nil {
		return nil, ErrStarting
	}
	var m Member
	if err := json.Unmarshal(body, &m); err != nil {
		return nil, fmt.Errorf("usher: a request to join: %w", err)
	}
	if m.NodeID != from {
		return nil, fmt.Errorf("usher: node %q asks to join as %q", from, m.NodeID)
	}
	j, err := (*let)(ctx, m)
	if err != nil {
		return nil, err
	}
	return json.Marshal(j)
}

// helloWait bounds one question to an address.
const helloWait = 2 * time.Second

// ask finds out who is at an address.
func (p *Port) ask(ctx context.Context, addr string) (Hello, error) {
	ctx, cancel := context.WithTimeout(ctx, helloWait)
	defer cancel()
	from, raw, err := p.calls.CallAddr(ctx, addr, callWho, nil)
	if err != nil {
		return Hello{}, err
	}
	var h Hello
	if err := json.Unmarshal(raw, &h); err != nil {
		return Hello{}, fmt.Errorf("usher: the answer of %s: %w", addr, err)
	}
	if from != h.Self.NodeID {
		return Hello{}, fmt.Errorf("usher: %s is node %q and says it is %q", addr, from, h.Self.NodeID)
	}
	p.book.note(from, addr)
	return h, nil
}
