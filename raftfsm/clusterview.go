package raftfsm

import (
	"context"
	"slices"
	"sync"
	"time"
)

// ClusterView is the cluster as one node sees it, after it has asked all others.
type ClusterView struct {
	Cluster ID128       `json:"cluster"`
	Version uint32      `json:"version"`
	Voters  int         `json:"voters_per_group"`
	SeenBy  string      `json:"seen_by"`
	Nodes   []NodeView  `json:"nodes"`
	Groups  []GroupView `json:"groups"`
	Problem string      `json:"problem,omitempty"`
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
	if len(members) == 0 {
		members = n.fixedMembers()
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

// fixedMembers stands for the members of a node that is of no cluster, or has not heard of it yet:
// those that vote with it, or itself alone.
func (n *Node) fixedMembers() (all []*Member) {
	ids := n.Group(0).voterIDs()
	if n.cfg.Cluster != nil || len(ids) == 0 {
		ids = []string{n.cfg.NodeID}
	}
	for _, id := range ids {
		all = append(all, &Member{NodeID: id, State: MemberActive, Version: ClusterVersion})
	}
	return all
}

func sorted(s []string) []string { return slices.Sorted(slices.Values(s)) }

// askAll has the state of all nodes that answer.
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
