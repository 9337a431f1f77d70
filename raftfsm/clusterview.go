package raftfsm

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"
)

// ClusterView is the cluster as one node sees it, after it has asked all others.
type ClusterView struct {
	Cluster ID128        `json:"cluster"`
	Version uint32       `json:"version"`
	Voters  int          `json:"voters_per_group"`
	SeenBy  string       `json:"seen_by"`
	Nodes   []NodeView   `json:"nodes"`
	Groups  []GroupView  `json:"groups"`
	Problem string       `json:"problem,omitempty"`
	Status  []NodeStatus `json:"-"`
}

// NodeView is one node of it.
type NodeView struct {
	NodeID      string    `json:"node_id"`
	State       string    `json:"state"`  // active, draining, removed
	Health      string    `json:"health"` // ready, starting, silent; or the node's problem
	Addr        string    `json:"raft_addr"`
	API         string    `json:"api,omitempty"`
	Zone        string    `json:"zone,omitempty"`
	ReadReplica bool      `json:"read_replica,omitempty"`
	Version     uint32    `json:"version"`
	Leads       int       `json:"leads"` // groups
	Votes       int       `json:"votes"` // groups
	Since       time.Time `json:"since"`
}

// GroupView is one group of it.
type GroupView struct {
	Group  int      `json:"group"`
	Leader string   `json:"leader"`
	Term   uint64   `json:"term"`
	Voters []string `json:"voters"`           // as they are, by the leader's account
	Wanted []string `json:"wanted,omitempty"` // as they are to be, where that differs; the first is to lead
	Others []string `json:"read_replicas,omitempty"`
	Commit uint64   `json:"commit"`
	// Lag is how many entries each node that answers is behind the commit index.
	Lag     map[string]uint64 `json:"lag"`
	Selling bool              `json:"selling"`
	Quorum  bool              `json:"quorum"` // a leader that its voters follow
}

// ClusterStatus asks every node how it is.
func (n *Node) ClusterStatus(ctx context.Context) (*ClusterView, error) {
	out := &ClusterView{SeenBy: n.cfg.NodeID}
	var members []*Member
	var wanted [][]string
	err := n.Group(0).ViewDirectory(func(d *Directory) {
		out.Cluster, out.Version, out.Voters = d.Cluster(), d.version, d.perVote
		members, wanted = d.Members(), d.voters
	})
	if err != nil {
		return nil, err
	}
	if len(members) == 0 { // a lone node, or one that has not heard of the others yet
		members = []*Member{{NodeID: n.cfg.NodeID, State: MemberActive, Version: ClusterVersion}}
		if n.port != nil {
			out.Problem = "this node has no copy of the directory yet"
		}
	}
	statuses := n.askAll(ctx, members)
	for _, m := range members {
		out.Nodes = append(out.Nodes, viewNode(m, statuses[m.NodeID]))
	}
	for g := range n.groups {
		v := viewGroup(g, statuses)
		if g < len(wanted) && !slices.Equal(sorted(wanted[g]), sorted(v.Voters)) {
			v.Wanted = wanted[g]
		}
		v.Selling = n.cfg.Cluster != nil && n.selling(g)
		out.Groups = append(out.Groups, v)
	}
	out.count()
	return out, nil
}

func sorted(s []string) []string { return slices.Sorted(slices.Values(s)) }

func (n *Node) askAll(ctx context.Context, members []*Member) map[string]*NodeStatus {
	var mu sync.Mutex
	var wg sync.WaitGroup
	out := map[string]*NodeStatus{}
	for _, m := range members {
		if m.State == MemberRemoved {
			continue
		}
		wg.Go(func() {
			if s, err := n.statusOf(ctx, m.NodeID); err == nil {
				mu.Lock()
				defer mu.Unlock()
				out[m.NodeID] = &s
			}
		})
	}
	wg.Wait()
	return out
}

func viewNode(m *Member, s *NodeStatus) NodeView {
	v := NodeView{
		NodeID: m.NodeID, State: m.State.String(), Addr: m.Addr, API: m.API, Zone: m.Zone,
		ReadReplica: m.ReadReplica, Version: m.Version, Since: time.UnixMilli(m.Since).UTC(),
	}
	switch {
	case m.State == MemberRemoved:
		v.Health = "gone"
	case s == nil:
		v.Health = "silent"
	case s.Ready:
		v.Health = "ready"
	default:
		v.Health = s.Problem
	}
	return v
}

// viewGroup believes the leader of the highest term.
func viewGroup(g int, statuses map[string]*NodeStatus) GroupView {
	v := GroupView{Group: g, Lag: map[string]uint64{}}
	for id, s := range statuses {
		if g >= len(s.Groups) {
			continue
		}
		if r := &s.Groups[g]; r.State == "Leader" && r.Term >= v.Term {
			v.Leader, v.Term, v.Voters, v.Others, v.Commit = id, r.Term, r.Voters, r.Others, r.Commit
		}
	}
	follow := 0
	for id, s := range statuses {
		if g >= len(s.Groups) {
			continue
		}
		r := &s.Groups[g]
		v.Lag[id] = v.Commit - min(v.Commit, r.Applied)
		if slices.Contains(v.Voters, id) && r.Leader == v.Leader {
			follow++
		}
	}
	v.Quorum = v.Leader != "" && follow > len(v.Voters)/2
	return v
}

func (v *ClusterView) count() {
	for g := range v.Groups {
		for i := range v.Nodes {
			if v.Nodes[i].NodeID == v.Groups[g].Leader {
				v.Nodes[i].Leads++
			}
			if slices.Contains(v.Groups[g].Voters, v.Nodes[i].NodeID) {
				v.Nodes[i].Votes++
			}
		}
	}
}

// SetNode changes what the cluster makes of a node, at any node. A node is removed for good:
// with force also while it votes somewhere and nobody can take its place.
func (n *Node) SetNode(ctx context.Context, id string, state MemberState, urgent, force bool) error {
	if n.cfg.Cluster == nil {
		return errors.New("usher: this node is alone: there is no cluster to change")
	}
	if state != MemberActive {
		if err := n.sparable(id, state == MemberRemoved && !force); err != nil {
			return err
		}
	}
	if state == MemberRemoved && !force {
		if err := n.ProposeDirectory(ctx, Command{Op: OpSetMember, SetState: &SetMember{NodeID: id, State: MemberDraining, Urgent: urgent}}); err != nil {
			return fmt.Errorf("node %q: %w", id, err)
		}
		if err := n.waitEmpty(ctx, id); err != nil {
			return err
		}
	}
	if err := n.ProposeDirectory(ctx, Command{Op: OpSetMember, SetState: &SetMember{NodeID: id, State: state, Urgent: urgent}}); err != nil {
		return fmt.Errorf("node %q: %w", id, err)
	}
	return nil
}

// sparable refuses to have nobody left who votes, or, if there is to be a substitute, too few.
func (n *Node) sparable(id string, replaced bool) error {
	left, wanted, votes := 0, 0, false
	err := n.Group(0).ViewDirectory(func(d *Directory) {
		wanted = d.perVote
		for _, v := range d.voters {
			votes = votes || slices.Contains(v, id)
		}
		for _, m := range d.Members() {
			if m.NodeID != id && m.State == MemberActive && !m.ReadReplica {
				left++
			}
		}
	})
	if err == nil && left == 0 {
		err = fmt.Errorf("usher: without node %q nobody is left to vote", id)
	}
	if err == nil && replaced && votes && left < wanted {
		err = fmt.Errorf("usher: %d nodes are to vote in a group, and without %q there are %d: add one first, or force it", wanted, id, left)
	}
	return err
}

// waitEmpty waits until a node votes nowhere. The error says what holds it.
func (n *Node) waitEmpty(ctx context.Context, id string) error {
	for {
		v, err := n.ClusterStatus(ctx)
		if err != nil {
			return err
		}
		var in, selling []int
		for _, g := range v.Groups {
			if slices.Contains(g.Voters, id) || slices.Contains(g.Wanted, id) || g.Leader == "" {
				in = append(in, g.Group)
				if g.Selling {
					selling = append(selling, g.Group)
				}
			}
		}
		if len(in) == 0 {
			return nil
		}
		if !sleep(ctx, reconcileEvery) {
			err := fmt.Errorf("node %q is draining, and still votes in groups %v", id, in)
			if len(selling) > 0 {
				err = fmt.Errorf("%w; groups %v are selling and are left alone unless told to move during sales", err, selling)
			} else {
				err = fmt.Errorf("%w; is there a node that could take its place?", err)
			}
			return err
		}
	}
}
