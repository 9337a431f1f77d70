package engine

import (
	"context"
	"errors"
	"fmt"

	"github.com/usherhq/usher/raftfsm"
)

// ClusterView is a cluster as one node sees it.
type ClusterView = raftfsm.ClusterView

// NodeChange is an operator's word about a node.
type NodeChange struct {
	NodeID string
	// DuringSales moves its voters also in groups that are selling.
	DuringSales bool
	// Force removes a node whose place nobody can take: its groups are left with fewer voters.
	Force bool
}

// ClusterStatus asks every node how it is. Without a cluster it tells of this process.
func (e *Engine) ClusterStatus(ctx context.Context) (*ClusterView, error) {
	return e.nodes[0].ClusterStatus(ctx)
}

// AddNode has a node that has joined, or was drained, vote: its share of the groups is moved
// to it. Groups that are selling are left alone unless DuringSales.
func (e *Engine) AddNode(ctx context.Context, c NodeChange) error {
	return e.setNode(ctx, c, raftfsm.MemberActive)
}

// DrainNode has a node vote and lead no more; it goes on serving reads. It returns before that
// has come about.
func (e *Engine) DrainNode(ctx context.Context, c NodeChange) error {
	return e.setNode(ctx, c, raftfsm.MemberDraining)
}

// RemoveNode drains a node, waits until it votes nowhere, and takes it out of the cluster for
// good; until ctx ends.
func (e *Engine) RemoveNode(ctx context.Context, c NodeChange) error {
	return e.setNode(ctx, c, raftfsm.MemberRemoved)
}

func (e *Engine) setNode(ctx context.Context, c NodeChange, s raftfsm.MemberState) error {
	if c.NodeID == "" {
		return &InvalidError{"node_id", "is required"}
	}
	return e.nodes[0].SetNode(ctx, c.NodeID, s, c.DuringSales, c.Force)
}

// TransferLead has another node lead a group, or with group −1 all groups that from leads.
// to "" is whichever is most up to date. It gives the groups that were moved.
func (e *Engine) TransferLead(ctx context.Context, group int, from, to string) (moved []int, err error) {
	n := e.nodes[0]
	if group >= 0 {
		if err := n.Transfer(ctx, group, to); err != nil {
			return nil, err
		}
		return []int{group}, nil
	}
	if from == "" {
		return nil, &InvalidError{"group", "a group, or a node to take the lead from, is required"}
	}
	var errs []error
	for g := range n.Groups() {
		if n.Group(g).Leader() != from {
			continue
		}
		if err := n.Transfer(ctx, g, to); err != nil {
			errs = append(errs, err)
			continue
		}
		moved = append(moved, g)
	}
	if len(errs) > 0 {
		err = fmt.Errorf("%d groups were moved: %w", len(moved), errors.Join(errs...))
	}
	return moved, err
}
