package raftfsm

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/hashicorp/raft"
)

const (
	reconcileEvery = 500 * time.Millisecond
	changeTimeout  = 5 * time.Second
	// caughtUpWithin is how many entries a node may be behind to become a voter: from then on
	// the group may have to wait for it.
	caughtUpWithin = 64
	// leadPause is how long a transfer that failed is not tried again.
	leadPause = 15 * time.Second
)

// tendGroups has the groups that this node leads become what the directory says, one step at
// a time.
func (n *Node) tendGroups() {
	ctx := n.life
	for sleep(ctx, reconcileEvery) {
		want := n.wanted()
		if want == nil {
			continue
		}
		for _, g := range n.groups {
			if ctx.Err() != nil {
				return
			}
			if !g.IsLeader() || !g.ready.Load() {
				g.settled.Store(false)
				continue
			}
			step, err := g.reconcile(ctx, want)
			g.settled.Store(err == nil && step == "")
			if err != nil && ctx.Err() == nil {
				g.warn(err)
			} else if step != "" {
				n.cfg.Logger.Info("usher: membership", "group", g.no, "step", step)
			}
		}
	}
}

// wanted is what the directory wants of all groups.
type wanted struct {
	members map[string]*Member
	order   []string // members by when they came
	voters  [][]string
	asked   map[string]asked // once a round: a node that says nothing costs its wait only once
}

type asked struct {
	status NodeStatus
	err    error
}

func (n *Node) wanted() *wanted {
	w := &wanted{members: map[string]*Member{}, asked: map[string]asked{}}
	err := n.Group(0).ViewDirectory(func(d *Directory) {
		for _, m := range d.Members() {
			w.members[m.NodeID] = m
			w.order = append(w.order, m.NodeID)
		}
		w.voters = d.voters
	})
	if err != nil || len(w.members) == 0 {
		return nil
	}
	return w
}

// servers is a group's configuration by suffrage.
type servers struct {
	voters, others []string
}

func (g *Group) servers() (s servers, err error) {
	f := g.raft.GetConfiguration()
	if err := f.Error(); err != nil {
		return s, err
	}
	for _, one := range f.Configuration().Servers {
		if one.Suffrage == raft.Voter {
			s.voters = append(s.voters, string(one.ID))
		} else {
			s.others = append(s.others, string(one.ID))
		}
	}
	return s, nil
}

func (g *Group) voterIDs() []string {
	s, err := g.servers()
	if err != nil {
		return nil
	}
	return s.voters
}

// reconcile takes the next step towards what is wanted, and says which; "" when there is none.
// In this order, so that a group is never weaker than it was: nodes that are missing come in
// without a vote; who is to vote and has caught up gets one; who was removed goes; who is to vote
// no more loses it, after it has given the lead away.
func (g *Group) reconcile(ctx context.Context, w *wanted) (string, error) {
	have, err := g.servers()
	if err != nil {
		return "", err
	}
	want := w.voters[g.no]
	all := slices.Concat(have.voters, have.others)
	for _, id := range w.order {
		if w.members[id].State != MemberRemoved && !slices.Contains(all, id) {
			return "node " + id + " comes in, without a vote", g.change(g.raft.AddNonvoter(raft.ServerID(id), raft.ServerAddress(id), 0, changeTimeout), "adding "+id)
		}
	}
	next, waits, short := g.toPromote(ctx, w, &have)
	if next != "" {
		return "node " + next + " has caught up and votes", g.change(g.raft.AddVoter(raft.ServerID(next), raft.ServerAddress(next), 0, changeTimeout), "giving a vote to "+next)
	}
	for _, id := range all {
		if m := w.members[id]; m == nil || m.State == MemberRemoved {
			return g.expel(ctx, w, id)
		}
	}
	if short || len(want) == 0 {
		return waits, nil
	}
	for _, id := range have.voters {
		if !slices.Contains(want, id) {
			return g.demote(ctx, w, id)
		}
	}
	return "", g.preferLeader(ctx, w)
}

// toPromote is who is to vote, does not yet, and has caught up. short says that somebody is to vote
// and does not; waits, that one of those still catches up: who does not answer is the planner's to
// replace.
func (g *Group) toPromote(ctx context.Context, w *wanted, have *servers) (next, waits string, short bool) {
	for _, id := range w.voters[g.no] {
		if slices.Contains(have.voters, id) {
			continue
		}
		short = true
		follows, answers := g.follows(ctx, w, id)
		if follows && slices.Contains(have.others, id) {
			return id, "", true
		}
		if answers && !follows {
			waits = "node " + id + " catches up"
		}
	}
	return "", waits, short
}

func (g *Group) change(f raft.IndexFuture, what string) error {
	if err := f.Error(); err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return nil
}

func (g *Group) demote(ctx context.Context, w *wanted, id string) (string, error) {
	if id == g.node.cfg.NodeID {
		return "node " + id + " gives the lead away, as it is to vote no more", g.transfer(g.heir(ctx, w))
	}
	return "node " + id + " votes no more", g.change(g.raft.DemoteVoter(raft.ServerID(id), 0, changeTimeout), "taking the vote of "+id)
}

func (g *Group) expel(ctx context.Context, w *wanted, id string) (string, error) {
	if id == g.node.cfg.NodeID {
		return "node " + id + " gives the lead away, as it was removed", g.transfer(g.heir(ctx, w))
	}
	return "node " + id + " goes", g.change(g.raft.RemoveServer(raft.ServerID(id), 0, changeTimeout), "removing "+id)
}

// heir is who is to lead: the first of the wanted voters that follows.
func (g *Group) heir(ctx context.Context, w *wanted) string {
	for _, id := range w.voters[g.no] {
		if id == g.node.cfg.NodeID {
			continue
		}
		if follows, _ := g.follows(ctx, w, id); follows {
			return id
		}
	}
	return ""
}

// preferLeader gives the lead to the first of the voters, so that leaders are spread. Not
// while seats are sold: writes would have to wait for a moment.
func (g *Group) preferLeader(ctx context.Context, w *wanted) error {
	to := w.voters[g.no][0]
	if to == g.node.cfg.NodeID || g.node.selling(g.no) || time.Now().Before(g.leadAgain) {
		return nil
	}
	if follows, _ := g.follows(ctx, w, to); !follows {
		return nil
	}
	if err := g.transfer(to); err != nil {
		g.leadAgain = time.Now().Add(leadPause)
		return err
	}
	return nil
}

// follows asks a node whether it has nearly all that is committed here.
func (g *Group) follows(ctx context.Context, w *wanted, id string) (follows, answers bool) {
	a, ok := w.asked[id]
	if !ok {
		a.status, a.err = g.node.statusOf(ctx, id)
		w.asked[id] = a
	}
	if a.err != nil || g.no >= len(a.status.Groups) {
		return false, a.err == nil
	}
	commit, r := g.raft.CommitIndex(), &a.status.Groups[g.no]
	return r.Leader == g.node.cfg.NodeID && r.Problem == "" && r.Applied+caughtUpWithin >= commit, true
}

func (n *Node) selling(group int) bool {
	f := n.cfg.Cluster.Selling
	return group > 0 && f != nil && f(group)
}

// statusWait bounds one question after a node's state.
const statusWait = 2 * time.Second

func (n *Node) statusOf(ctx context.Context, id string) (s NodeStatus, err error) {
	if id == n.cfg.NodeID {
		return n.Status(), nil
	}
	ctx, cancel := context.WithTimeout(ctx, statusWait)
	defer cancel()
	err = n.ask(ctx, id, callStatus, nil, &s)
	return s, err
}
