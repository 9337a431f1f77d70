package raftfsm

import "context"

// Propose until forwarding is merged.
func (n *Node) Propose(ctx context.Context, group int, r *Request) error {
	if g := n.Group(group); g.IsLeader() {
		return g.Propose(ctx, r)
	}
	return &OutcomeError{OutcomeNotApplied, ErrNotLeader}
}
