package engine

import (
	"context"
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"sync/atomic"

	"github.com/usherhq/usher/raftfsm"
	"github.com/usherhq/usher/raftfsm/peertls"
)

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
	e.late = make([]atomic.Uint64, id.Groups+1)
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
