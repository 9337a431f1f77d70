package raftfsm

import (
	"context"
	"errors"
	"time"

	"github.com/usherhq/usher/raftfsm/placement"
)

const planEvery = time.Second

// plan is the planner's loop: the node that leads the directory looks at all nodes, and
// changes who is to vote where, by one move at a time: the next one waits until every group is
// what the directory says.
func (n *Node) plan() {
	ctx := n.life
	seen := map[string]time.Time{} // when a node last answered
	led := false
	for sleep(ctx, planEvery) {
		g := n.Group(0)
		if !g.IsLeader() || !g.ready.Load() {
			led = false
			continue
		}
		if !led {
			clear(seen) // a new leader knows of nobody's silence
			led = true
		}
		if err := n.planOnce(ctx, seen); err != nil && ctx.Err() == nil && !errors.Is(err, ErrNotLeader) {
			n.cfg.Logger.Warn("usher: placing voters", "err", err)
		}
	}
}

// view is the cluster as the planner sees it.
type view struct {
	members  []*Member
	voters   [][]string
	perVote  int
	version  uint32
	statuses map[string]*NodeStatus // of those that answered
}

func (n *Node) look(ctx context.Context) (*view, error) {
	v := &view{}
	err := n.Group(0).ViewDirectory(func(d *Directory) {
		v.members, v.voters, v.perVote, v.version = d.Members(), d.voters, d.perVote, d.version
	})
	if err != nil {
		return nil, err
	}
	v.statuses = n.askAll(ctx, v.members)
	return v, nil
}

func (n *Node) planOnce(ctx context.Context, seen map[string]time.Time) error {
	v, err := n.look(ctx)
	if err != nil || len(v.members) == 0 {
		return err
	}
	now := time.Now()
	for _, m := range v.members {
		if _, ok := v.statuses[m.NodeID]; ok || seen[m.NodeID].IsZero() {
			seen[m.NodeID] = now
		}
	}
	if err := n.upgrade(ctx, v); err != nil {
		return err
	}
	if !v.settled() {
		return nil
	}
	nodes := v.nodes(func(id string) bool { return now.Sub(seen[id]) > n.replaceAfter() })
	groups := make([]placement.Group, len(v.voters))
	for g := range groups {
		groups[g] = placement.Group{Voters: v.voters[g], Selling: n.selling(g)}
	}
	g, next, ok := placement.Next(nodes, groups, v.perVote)
	if !ok {
		return n.calm(ctx, v)
	}
	n.cfg.Logger.Info("usher: voters are to change", "group", g, "from", v.voters[g], "to", next)
	return n.ProposeDirectory(ctx, Command{Op: OpPlaceVoters, Voters: &PlaceVoters{Group: uint16(g), Voters: next, Was: v.voters[g]}})
}

func (n *Node) replaceAfter() time.Duration {
	if d := n.cfg.Cluster.ReplaceAfter; d > 0 {
		return d
	}
	return replaceAfter
}

// calm takes back that an active node's share is urgent, once it has it.
func (n *Node) calm(ctx context.Context, v *view) error {
	for _, m := range v.members {
		if m.Urgent && m.State == MemberActive {
			return n.ProposeDirectory(ctx, Command{Op: OpSetMember, SetState: &SetMember{NodeID: m.NodeID, State: MemberActive}})
		}
	}
	return nil
}

// upgrade raises the cluster's version once all nodes read it.
func (n *Node) upgrade(ctx context.Context, v *view) error {
	lowest := uint32(ClusterVersion)
	for _, m := range v.members {
		if m.State != MemberRemoved {
			lowest = min(lowest, m.Version)
		}
	}
	if lowest <= v.version {
		return nil
	}
	n.cfg.Logger.Info("usher: all nodes read it: the cluster's version is raised", "from", v.version, "to", lowest)
	return n.ProposeDirectory(ctx, Command{Op: OpRaiseVersion, Version: RaiseVersion{lowest}})
}

// settled tells whether every group has a leader that has nothing left to do. A node that is
// gone for now holds up only what it is to vote in.
func (v *view) settled() bool {
	for g := range v.voters {
		settled, term := false, uint64(0)
		for _, s := range v.statuses {
			if g < len(s.Groups) && s.Groups[g].State == "Leader" && s.Groups[g].Term >= term {
				settled, term = s.Groups[g].Settled, s.Groups[g].Term
			}
		}
		if !settled {
			return false
		}
	}
	return true
}

func (v *view) nodes(dead func(id string) bool) []placement.Node {
	var out []placement.Node
	for _, m := range v.members {
		if m.State == MemberRemoved {
			continue
		}
		_, answers := v.statuses[m.NodeID]
		out = append(out, placement.Node{
			ID: m.NodeID, Zone: m.Zone, Eligible: m.State == MemberActive && !m.ReadReplica,
			Dead: dead(m.NodeID), Answers: answers, Urgent: m.Urgent,
		})
	}
	return out
}
