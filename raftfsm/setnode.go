package raftfsm

import (
	"context"
	"errors"
	"fmt"
	"slices"
)

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
