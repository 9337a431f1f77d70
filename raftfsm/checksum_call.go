package raftfsm

import (
	"context"
	"fmt"
)

// digestCall asks for a replica's digest at an entry.
type digestCall struct {
	Group int    `json:"group"`
	Index uint64 `json:"index"`
}

// digestAnswer has it, if it is known; Applied is the last entry in the replica's state.
type digestAnswer struct {
	Digest  Digest `json:"digest"`
	Known   bool   `json:"known"`
	Applied uint64 `json:"applied"`
}

// quarantineCall tells a replica that its digest at an entry is not what the others have.
type quarantineCall struct {
	Group    int     `json:"group"`
	Index    uint64  `json:"index"`
	Digest   Digest  `json:"digest"`             // the replica's own, as it told it
	Majority *Digest `json:"majority,omitempty"` // nil: no majority is right
}

// handleChecksums begins to compare, and to be compared; all groups are open.
func (n *Node) handleChecksums() {
	n.calls.Handle(callDigest, false, answering(n.answerDigest))
	n.calls.Handle(callQuarantine, false, answering(n.answerQuarantine))
	for _, g := range n.groups {
		g.wg.Go(g.checksums)
	}
}

func (n *Node) answerDigest(_ context.Context, _ string, c digestCall) (any, error) {
	g, err := n.groupCalled(c.Group)
	if err != nil {
		return nil, err
	}
	if err := g.fsm.haltedErr(); err != nil {
		return nil, err
	}
	a := digestAnswer{Applied: g.Applied()} // before the note: what is applied by now has one
	a.Digest, a.Known = g.fsm.notes.at(c.Index)
	return a, nil
}

// answerQuarantine believes nobody: only a replica that has itself noted the digest which it is
// told of, and is told another, stops.
func (n *Node) answerQuarantine(_ context.Context, from string, c quarantineCall) (any, error) {
	g, err := n.groupCalled(c.Group)
	if err != nil {
		return nil, err
	}
	own, ok := g.fsm.notes.at(c.Index)
	if !ok || own != c.Digest || c.Majority != nil && *c.Majority == own {
		return nil, fmt.Errorf("usher: group %d: node %q says that it has diverged at entry %d, where it has noted no digest %s", c.Group, n.cfg.NodeID, c.Index, c.Digest)
	}
	if !g.halt(divergence(c.Index, own, c.Majority)) {
		return nil, g.fsm.haltedErr()
	}
	n.cfg.Logger.Error("usher: this replica has diverged from the others and stops", "group", g.no, "index", c.Index, "digest", own, "told_by", from)
	return nil, g.leave(c.Index, own, c.Majority)
}
