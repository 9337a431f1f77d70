package raftfsm

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// ClusterVersion is the newest version of what is in a cluster's logs that this program
// reads. A cluster's own version is raised, by an entry of the directory, once all of its
// nodes read it; until then nobody writes what the others could not read.
//
//	1  everything up to reservations over several groups
//	2  membership, checksums
//	3  waiting rooms
const ClusterVersion = 3

// ClusterConfig makes a node one of a cluster whose nodes come and go.
type ClusterConfig struct {
	// Port is open; the node closes it.
	Port *Port
	// Joined is what Assemble, or the node's own folder, says of the cluster.
	Joined Joined
	// Join are addresses at which nodes may be found when theirs have changed.
	Join []string
	// ReplaceAfter is how long a voter may be silent before its place is given to another
	// node; 0 means 10 min.
	ReplaceAfter time.Duration
	// Selling tells whether an event of a group is on sale now: such groups are not moved.
	// It is called every second or so.
	Selling func(group int) bool
}

const (
	registerEvery = 2 * time.Second
	probeEvery    = 3 * time.Second
	// replaceAfter: a machine that was only started anew is back by then.
	replaceAfter = 10 * time.Minute
)

// belong starts what a node of a cluster has to do besides its groups.
func (n *Node) belong() {
	n.port.mux.SetAllow(n.allow)
	n.calls.Handle(callPause, false, answering(n.answerPause))
	let, find := n.letIn, n.resolve
	n.port.join.Store(&let)
	n.port.find.Store(&find)
	n.port.belong(n.cfg.Cluster.Joined)
	n.wg.Go(n.register)
	n.wg.Go(n.probe)
	n.wg.Go(n.tendGroups)
	n.wg.Go(n.plan)
}

// allow refuses nodes that were removed, and data folders that are not the one a node's id
// belongs to.
func (n *Node) allow(node string, incarnation [16]byte) error {
	var m *Member
	if err := n.Group(0).ViewDirectory(func(d *Directory) { m = d.Member(node) }); err != nil || m == nil {
		return nil // it knows the cluster's name, so somebody let it in
	}
	switch {
	case m.State == MemberRemoved:
		return fmt.Errorf("node %q: %w", node, ErrNodeRemoved)
	case m.Incarnation != ID128(incarnation):
		return fmt.Errorf("node %q: %w", node, ErrNodeWiped)
	}
	return nil
}

// letIn enters a node that asks to join.
func (n *Node) letIn(ctx context.Context, m Member) (Joined, error) {
	if err := n.putMember(ctx, m); err != nil {
		return Joined{}, err
	}
	return n.cfg.Cluster.Joined, nil
}

func (n *Node) putMember(ctx context.Context, m Member) error {
	return n.ProposeDirectory(ctx, Command{Op: OpPutMember, Member: &PutMember{m}})
}

// ProposeDirectory runs a command about nodes in group 0, on whichever node that takes. It
// waits out elections until ctx ends. All of them may be repeated.
func (n *Node) ProposeDirectory(ctx context.Context, c Command) error {
	for {
		r := NewRequest()
		r.Cmd = c
		err := n.Propose(ctx, 0, r)
		if err == nil {
			err = r.Result.Err
			r.Free()
			return err
		}
		if !errors.Is(err, ErrNotLeader) && !errors.Is(err, ErrNoQuorum) {
			return err
		}
		if !sleep(ctx, 50*time.Millisecond) {
			return err
		}
	}
}

// certificateEnd is Port.CertificateEnd of a node that has a port.
func (n *Node) certificateEnd() (time.Time, bool) {
	if n.port == nil {
		return time.Time{}, false
	}
	return n.port.CertificateEnd()
}

// register sees to it that the directory has what this node says of itself.
func (n *Node) register() {
	ctx := n.life
	for sleep(ctx, n.registerPause()) {
		if !n.Group(0).ready.Load() {
			continue
		}
		if err := n.registerOnce(ctx); err != nil && ctx.Err() == nil {
			if errors.Is(err, ErrNodeRemoved) || errors.Is(err, ErrNodeWiped) {
				n.fail(fmt.Errorf("node %q: %w", n.cfg.NodeID, err))
				return
			}
			n.cfg.Logger.Debug("usher: the directory has not heard of this node's address yet", "err", err)
		}
	}
}

// registerPause is short until the node is in the directory.
func (n *Node) registerPause() time.Duration {
	var known bool
	err := n.Group(0).ViewDirectory(func(d *Directory) { known = d.Member(n.cfg.NodeID) != nil })
	if err != nil || known {
		return registerEvery
	}
	return registerEvery / 20
}

func (n *Node) registerOnce(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	self := n.port.cfg.Self
	var m *Member
	var cluster ID128
	if err := n.Group(0).ViewDirectory(func(d *Directory) { m, cluster = d.Member(n.cfg.NodeID), d.Cluster() }); err != nil {
		return err
	}
	j := &n.cfg.Cluster.Joined
	switch {
	case cluster.IsZero() && len(j.Founders) > 0:
		if !n.Group(0).IsLeader() {
			return nil
		}
		return n.ProposeDirectory(ctx, Command{Op: OpFound, Found: &Found{Cluster: j.Cluster, Voters: uint16(j.Voters), Members: j.Founders}})
	case cluster.IsZero():
		return nil // its replica of the directory is still empty
	case m == nil:
		return n.putMember(ctx, self)
	case m.State == MemberRemoved:
		return ErrNodeRemoved
	}
	was := *m
	was.State, was.Urgent, was.Since = self.State, self.Urgent, self.Since
	if was == self {
		return nil
	}
	return n.putMember(ctx, self)
}

// probe keeps the address book: who of the nodes and of the list is where.
func (n *Node) probe() {
	ctx := n.life
	for {
		n.probeOnce(ctx)
		if !sleep(ctx, probeEvery) {
			return
		}
	}
}

func (n *Node) probeOnce(ctx context.Context) {
	where := map[string]string{} // address → node that was last there
	for _, addr := range n.cfg.Cluster.Join {
		where[addr] = ""
	}
	_ = n.Group(0).ViewDirectory(func(d *Directory) {
		for _, m := range d.Members() {
			if m.State != MemberRemoved && m.Addr != "" && m.NodeID != n.cfg.NodeID {
				where[m.Addr] = m.NodeID
			}
		}
	})
	for id, addr := range n.port.book.all() {
		where[addr] = id
	}
	for addr, id := range where {
		if _, err := n.port.ask(ctx, addr); err != nil && id != "" {
			n.port.book.miss(id, addr)
		}
		if ctx.Err() != nil {
			return
		}
	}
}

// resolve gives the address of a node: what it said itself, else what the directory has, else
// what the founders were told.
func (n *Node) resolve(id string) (string, error) {
	if addr, ok := n.port.book.find(id); ok {
		return addr, nil
	}
	var addr string
	_ = n.Group(0).ViewDirectory(func(d *Directory) {
		if m := d.Member(id); m != nil {
			addr = m.Addr
		}
	})
	for i := range n.cfg.Cluster.Joined.Founders {
		if m := &n.cfg.Cluster.Joined.Founders[i]; addr == "" && m.NodeID == id {
			addr = m.Addr
		}
	}
	if addr == "" {
		return "", fmt.Errorf("%w: %s has no known address", ErrUnknownNode, id)
	}
	return addr, nil
}
