package engine

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"sync/atomic"
	"time"

	"github.com/usherhq/usher/engine/chart"
	"github.com/usherhq/usher/raftfsm"
	"github.com/usherhq/usher/raftfsm/peertls"
)

// Errors of membership.
var (
	ErrNodeWiped   = raftfsm.ErrNodeWiped
	ErrNodeRemoved = raftfsm.ErrNodeRemoved
	ErrUnknownNode = raftfsm.ErrUnknownNode
)

// Cluster makes an engine one node of a cluster. All nodes may be given the same Join and
// BootstrapExpect, at every start: a folder that has been in a cluster stays in it.
type Cluster struct {
	// NodeID names the node for ever; 1–64 of A-Z a-z 0-9 . _ -. Empty: a random one, kept in
	// the data folder. A folder that was lost comes back under another id.
	NodeID string
	// Listen is the address of the one port for other nodes, HOST:PORT. Listener, if not
	// nil, is used in its place; the engine closes it.
	Listen   string
	Listener net.Listener
	// Advertise is where other nodes reach that port, HOST:PORT; empty: Listen. Names are
	// resolved again at every connection.
	Advertise string
	// API tells people where the node's API is; may be empty.
	API string
	// Join are addresses of nodes, one's own included.
	Join []string
	// BootstrapExpect is how many nodes found the cluster: when so many of Join (the first in
	// the alphabet) are there and none belongs to a cluster, they do. 0: this node only joins.
	BootstrapExpect int
	// Zone names what fails together: a group's voters stand in different ones, if they can.
	Zone string
	// ReadReplica: the node serves maps, websockets and reads, and never votes.
	ReadReplica bool
	// TLS are the files of the port's certificates. Insecure is plaintext, on loopback only.
	TLS      PeerTLS
	Insecure bool
	// Voters is how many nodes vote in a group, 1, 3 or 5; 0 means 3. Fixed when the cluster is founded.
	Voters int
	// ReplaceAfter is how long a voter may be silent before another node takes its place; 0
	// means 10 min.
	ReplaceAfter time.Duration
}

// PeerTLS are files in PEM; they are read again when they change.
type PeerTLS struct{ CertFile, KeyFile, CAFile string }

// membership is the part of a folder's identity that is about its cluster.
type membership struct {
	Cluster     raftfsm.ID128    `json:"cluster"`
	Incarnation raftfsm.ID128    `json:"incarnation"`
	Voters      int              `json:"voters"`
	Founders    []raftfsm.Member `json:"founders,omitempty"`
	// Used: the groups have been opened. One that is missing later was lost.
	Used bool `json:"used"`
}

func (c *Cluster) check() error {
	switch {
	case c.NodeID != "" && !chart.IsID(c.NodeID):
		return &InvalidError{"Cluster.NodeID", fmt.Sprintf("%q: 1–64 of A-Z a-z 0-9 . _ - are possible", c.NodeID)}
	case c.Listen == "" && c.Listener == nil:
		return &InvalidError{"Cluster.Listen", "an address for the other nodes is needed"}
	case c.Zone != "" && !chart.IsID(c.Zone):
		return &InvalidError{"Cluster.Zone", fmt.Sprintf("%q: 1–64 of A-Z a-z 0-9 . _ - are possible", c.Zone)}
	case c.Voters != 0 && c.Voters != 1 && c.Voters != 3 && c.Voters != 5:
		return &InvalidError{"Cluster.Voters", fmt.Sprintf("%d, possible are 1, 3 and 5", c.Voters)}
	case c.ReadReplica && c.BootstrapExpect > 0 && len(c.Join) == 0:
		return &InvalidError{"Cluster.Join", "a read replica founds no cluster: it needs addresses of one"}
	case c.Insecure && c.TLS != (PeerTLS{}):
		return &InvalidError{"Cluster.Insecure", "certificates are given as well: which is it to be?"}
	case !c.Insecure && (c.TLS.CertFile == "" || c.TLS.KeyFile == "" || c.TLS.CAFile == ""):
		return &InvalidError{"Cluster.TLS", "certificate, key and CA are needed, or Insecure on loopback"}
	case c.ReplaceAfter < 0:
		return &InvalidError{"Cluster.ReplaceAfter", fmt.Sprintf("%v is negative", c.ReplaceAfter)}
	}
	if host, port, err := net.SplitHostPort(c.Advertise); c.Advertise != "" && (err != nil || host == "" || port == "" || port == "0") {
		return &InvalidError{"Cluster.Advertise", fmt.Sprintf("%q: want HOST:PORT as other nodes reach it", c.Advertise)}
	}
	for _, addr := range c.Join {
		if host, port, err := net.SplitHostPort(addr); err != nil || host == "" || port == "" {
			return &InvalidError{"Cluster.Join", fmt.Sprintf("%q: want HOST:PORT", addr)}
		}
	}
	return nil
}

// openMember opens the one replica of a node of a cluster. A new one first waits until it is
// of a cluster: ctx bounds that.
func (e *Engine) openMember(ctx context.Context, metrics *raftfsm.Metrics) error {
	c := e.cfg.Cluster
	id, err := loadMember(&e.cfg)
	if err != nil {
		return errors.Join(err, closeGiven(c))
	}
	port, err := e.openPort(c, id)
	if err != nil {
		return err
	}
	if err := e.assemble(ctx, port, id); err != nil {
		return errors.Join(err, port.Close())
	}
	known := id.Member.Used
	if !known {
		// Before the groups are made: a group that is missing later was lost, and must not be
		// made again. One that a crash kept from being made is told from it by its folder.
		if err := makeGroups(e.cfg.Dir, id.Groups); err != nil {
			return errors.Join(err, port.Close())
		}
		id.Member.Used = true
		if err := saveIdentity(id, filepath.Join(e.cfg.Dir, identityFile)); err != nil {
			return errors.Join(err, port.Close())
		}
	}
	cfg := raftfsm.Config{
		Dir: e.cfg.Dir, Lock: e.lock, NodeID: id.NodeIDs[0], Groups: id.Groups, LogStore: id.LogStore, Known: true,
		Changed: e.watchers.changed, MaxPending: e.cfg.MaxInFlight, Logger: e.cfg.Logger, Clock: e.cfg.Clock, Metrics: metrics,
		Cluster: &raftfsm.ClusterConfig{
			Port: port, Join: c.Join, ReplaceAfter: c.ReplaceAfter, Selling: e.selling,
			Joined: raftfsm.Joined{Cluster: id.Member.Cluster, Founders: id.Member.Founders, Groups: id.Groups, Voters: id.Member.Voters},
		},
	}
	e.lock = nil
	n, err := openNode(cfg, false)
	if n != nil {
		e.nodes = append(e.nodes, n)
	}
	e.local, e.late = e.nodes, make([]atomic.Uint64, id.Groups+1)
	return err
}

func closeGiven(c *Cluster) error {
	if c.Listener == nil {
		return nil
	}
	return c.Listener.Close()
}

func (e *Engine) openPort(c *Cluster, id *identity) (*raftfsm.Port, error) {
	ln := c.Listener
	var err error
	if ln == nil {
		if ln, err = raftfsm.ListenPeers(c.Listen, c.Insecure); err != nil {
			return nil, fmt.Errorf("usher: port for other nodes: %w", err)
		}
	}
	var security *peertls.Security
	if !c.Insecure {
		security, err = peertls.Load(peertls.Files{Cert: c.TLS.CertFile, Key: c.TLS.KeyFile, CA: c.TLS.CAFile}, e.cfg.Logger)
		if err == nil {
			err = security.BindTo(id.NodeIDs[0])
		}
		if err != nil {
			return nil, errors.Join(err, ln.Close())
		}
	} else if a, ok := ln.Addr().(*net.TCPAddr); ok && !a.IP.IsLoopback() {
		return nil, errors.Join(&InvalidError{"Cluster.Insecure", fmt.Sprintf("plaintext only on loopback: %s is not", a)}, ln.Close())
	}
	advertise := c.Advertise
	if advertise == "" {
		advertise = ln.Addr().String()
		if a, ok := ln.Addr().(*net.TCPAddr); ok && a.IP.IsUnspecified() {
			return nil, errors.Join(&InvalidError{"Cluster.Advertise", fmt.Sprintf("other nodes cannot reach %s: say where they find it", a)}, ln.Close())
		}
	}
	return raftfsm.OpenPort(raftfsm.PortConfig{
		Listener: ln, Security: security, Logger: e.cfg.Logger, Groups: id.Groups, Voters: id.Member.Voters,
		Self: raftfsm.Member{
			NodeID: id.NodeIDs[0], Incarnation: id.Member.Incarnation, Addr: advertise, API: c.API,
			Zone: c.Zone, ReadReplica: c.ReadReplica, Version: raftfsm.ClusterVersion,
		},
	}), nil
}

// assemble waits until the node is of a cluster, and notes which.
func (e *Engine) assemble(ctx context.Context, port *raftfsm.Port, id *identity) error {
	if !id.Member.Cluster.IsZero() {
		return nil
	}
	c := e.cfg.Cluster
	report := func(why string) { e.cfg.Logger.Info("usher: no cluster yet", "why", why) }
	if e.cfg.Assembling != nil {
		report = e.cfg.Assembling
	}
	expect := c.BootstrapExpect
	if expect == 0 && len(c.Join) == 0 && !c.ReadReplica {
		expect = 1 // nobody to wait for: the first of a cluster to be
	}
	j, err := port.Assemble(ctx, raftfsm.AssembleConfig{Join: c.Join, Expect: expect, Report: report})
	if err != nil {
		return err
	}
	if e.cfg.Groups != 0 && e.cfg.Groups != j.Groups {
		return &InvalidError{"Groups", fmt.Sprintf("the cluster has %d, %d were asked for", j.Groups, e.cfg.Groups)}
	}
	id.Groups, id.Member.Cluster, id.Member.Founders, id.Member.Voters = j.Groups, j.Cluster, j.Founders, j.Voters
	e.cfg.Logger.Info("usher: in a cluster", "cluster", j.Cluster, "founded_it", len(j.Founders) > 0, "groups", j.Groups)
	return saveIdentity(id, filepath.Join(e.cfg.Dir, identityFile))
}

// loadMember is loadIdentity for a node of a cluster. A folder of a node that was alone so far
// becomes the first of a cluster, under the id that it has.
func loadMember(cfg *Config) (*identity, error) {
	alone := *cfg
	alone.Replicas = 0
	id, err := loadIdentity(&alone)
	if err != nil {
		return nil, err
	}
	if len(id.NodeIDs) > 1 {
		return nil, &InvalidError{"Cluster", fmt.Sprintf("%s holds %d replicas of one process, which stay there", cfg.Dir, len(id.NodeIDs))}
	}
	c := cfg.Cluster
	voters := c.Voters
	if voters == 0 {
		voters = 3
	}
	switch {
	case id.Member != nil && id.Member.Cluster.IsZero() && (c.NodeID != "" && c.NodeID != id.NodeIDs[0] || id.Member.Voters != voters):
		// It has never been let in: nobody knows it under the name that it had.
		return freshMember(cfg, id, voters)
	case id.Member != nil:
		if c.NodeID != "" && c.NodeID != id.NodeIDs[0] {
			return nil, &InvalidError{"Cluster.NodeID", fmt.Sprintf("%s belongs to node %q, not %q", cfg.Dir, id.NodeIDs[0], c.NodeID)}
		}
		if c.Voters != 0 && c.Voters != id.Member.Voters {
			return nil, &InvalidError{"Cluster.Voters", fmt.Sprintf("the cluster was founded with %d, %d were asked for", id.Member.Voters, c.Voters)}
		}
		return id, nil
	case hasData(cfg.Dir):
		return id, convert(cfg, id, voters)
	}
	return freshMember(cfg, id, voters)
}

// freshMember makes the identity of a node that is of no cluster yet.
func freshMember(cfg *Config, id *identity, voters int) (*identity, error) {
	if cfg.Cluster.NodeID != "" {
		id.NodeIDs = []string{cfg.Cluster.NodeID}
	}
	id.Member = &membership{Voters: voters}
	if _, err := rand.Read(id.Member.Incarnation[:]); err != nil {
		return nil, err
	}
	return id, saveIdentity(id, filepath.Join(cfg.Dir, identityFile))
}

// convert makes a lone node's folder that of the first node of a cluster.
func convert(cfg *Config, id *identity, voters int) error {
	c := cfg.Cluster
	if c.NodeID != "" && c.NodeID != id.NodeIDs[0] {
		return &InvalidError{"Cluster.NodeID", fmt.Sprintf("%s was made by node %q, whose id it keeps; %q was asked for", cfg.Dir, id.NodeIDs[0], c.NodeID)}
	}
	if c.BootstrapExpect > 1 {
		return &InvalidError{"Cluster.BootstrapExpect", fmt.Sprintf("%s has data already: it is the first node of a cluster, which others join; %d are to found one", cfg.Dir, c.BootstrapExpect)}
	}
	m := &membership{Voters: voters, Used: true}
	if _, err := rand.Read(m.Incarnation[:]); err != nil {
		return err
	}
	if _, err := rand.Read(m.Cluster[:]); err != nil {
		return err
	}
	m.Founders = []raftfsm.Member{{NodeID: id.NodeIDs[0], Incarnation: m.Incarnation, Version: raftfsm.ClusterVersion, State: raftfsm.MemberActive}}
	id.Member = m
	return saveIdentity(id, filepath.Join(cfg.Dir, identityFile))
}
