package raftfsm

import (
	"context"
	"encoding/binary"
	"fmt"
)

// ReadIndex is an index of a group's log: a replica that has applied it shows all that the leader
// has answered before the call. Linearizable, the leader also proves that it is the leader still;
// otherwise one that was deposed a moment ago may answer. Errors wrap ErrNotLeader when no leader
// is known or it has changed, ErrNoQuorum when it cannot be reached.
func (n *Node) ReadIndex(ctx context.Context, group int, linearizable bool) (uint64, error) {
	g := n.Group(group)
	if g.IsLeader() {
		return g.readIndex(ctx, linearizable)
	}
	leader := g.Leader()
	if leader == "" || leader == n.cfg.NodeID {
		return 0, &OutcomeError{OutcomeNotApplied, ErrNotLeader}
	}
	return n.forwards.asks.ask(ctx, askKey{leader, group, linearizable})
}

// readIndex is the leader's.
func (g *Group) readIndex(ctx context.Context, linearizable bool) (uint64, error) {
	if err := g.fsm.haltedErr(); err != nil {
		return 0, err
	}
	index := g.Applied()
	if !linearizable || g.Current() {
		return index, nil
	}
	// An entry of its own proves it: everything decided before has been applied when this is.
	r := NewRequest()
	r.Cmd.Op = OpTick
	defer r.Free()
	if err := g.Propose(ctx, r); err != nil {
		return 0, err
	}
	return g.Applied(), nil
}

func (n *Node) serveReadIndex(ctx context.Context, _ string, body []byte) ([]byte, error) {
	if len(body) != 3 || body[2] > 1 {
		return nil, fmt.Errorf("raftfsm: a question for an index of %d bytes", len(body))
	}
	g, err := n.localLeader(int(binary.LittleEndian.Uint16(body)))
	if err != nil {
		return nil, err
	}
	index, err := g.readIndex(ctx, body[2] == 1)
	if err != nil {
		return nil, notHere(err)
	}
	return le64(nil, index), nil
}

// askIndex asks the node that leads.
func (n *Node) askIndex(ctx context.Context, k askKey) (uint64, error) {
	reply, err := n.calls.Call(ctx, k.node, callReadIndex, putBool(le16(nil, uint16(k.group)), k.linearizable))
	if err != nil {
		return 0, lostBatch(k.node, err)
	}
	if len(reply) != 8 {
		return 0, fmt.Errorf("%w: node %q: an index of %d bytes", ErrNoQuorum, k.node, len(reply))
	}
	return binary.LittleEndian.Uint64(reply), nil
}
