package raftfsm

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/hashicorp/raft"
)

type transferCall struct {
	Group int
	To    string
}

// Transfer has another node lead a group: to, or the most up to date one for "". It may be
// called at any node.
func (n *Node) Transfer(ctx context.Context, group int, to string) error {
	g, err := n.groupCalled(group)
	if err != nil {
		return err
	}
	if g.IsLeader() {
		return g.transfer(to)
	}
	leader := g.Leader()
	if leader == "" {
		return fmt.Errorf("group %d: %w", group, ErrNotLeader)
	}
	return n.ask(ctx, leader, callTransfer, transferCall{group, to}, nil)
}

func (n *Node) answerTransfer(_ context.Context, _ string, t transferCall) (any, error) {
	g, err := n.groupCalled(t.Group)
	if err != nil {
		return nil, err
	}
	return nil, g.transfer(t.To)
}

// transfer gives leadership away. Evidence is dropped first: who is told to lead at once
// does not wait for a timeout, and those who vote for it neither.
func (g *Group) transfer(to string) error {
	if !g.IsLeader() {
		return fmt.Errorf("group %d: %w", g.no, ErrNotLeader)
	}
	if to == g.node.cfg.NodeID {
		return nil
	}
	g.proposer.evidence.suspend()
	defer func() { g.proposer.evidence.resume(g.node.boot()) }()
	var err error
	if to == "" {
		err = g.raft.LeadershipTransfer().Error()
	} else {
		err = g.raft.LeadershipTransferToServer(raft.ServerID(to), raft.ServerAddress(to)).Error()
	}
	if err != nil {
		return fmt.Errorf("group %d: giving the lead to %q: %w", g.no, to, err)
	}
	return nil
}

// giveUp hands on what this node leads, before it is closed: nobody then waits for a timeout.
// That it fails is no reason to stay.
func (n *Node) giveUp() {
	if n.cfg.Cluster == nil {
		return
	}
	var wg sync.WaitGroup
	for _, g := range n.groups {
		wg.Go(func() {
			have, err := g.servers()
			if err != nil || len(have.voters) < 2 || !g.IsLeader() || g.fsm.haltedErr() != nil {
				return
			}
			if err := g.transfer(""); err != nil && !errors.Is(err, ErrNotLeader) {
				g.warn(err)
			}
		})
	}
	wg.Wait()
}
