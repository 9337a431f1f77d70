package raftfsm

import (
	"context"
	"encoding/json"
	"time"
)

// NodeStatus is how a node is, by its own account.
type NodeStatus struct {
	NodeID  string   `json:"node_id"`
	Version uint32   `json:"version"` // the highest cluster version that its program reads
	Ready   bool     `json:"ready"`
	Problem string   `json:"problem,omitempty"`
	Groups  []Status `json:"groups"`
}

// Status of a group's replica.
type Status struct {
	Group   int    `json:"group"`
	State   string `json:"state"` // Leader, Follower, Candidate, Shutdown
	Leader  string `json:"leader"`
	Term    uint64 `json:"term"`
	Commit  uint64 `json:"commit"`
	Applied uint64 `json:"applied"` // raft's: what is being applied counts
	Last    uint64 `json:"last"`    // of the log
	Ready   bool   `json:"ready"`
	Problem string `json:"problem,omitempty"`
	// Contact is how long ago the leader was heard, in milliseconds; 0 for the leader, −1
	// for never.
	Contact int64 `json:"contact_ms"`
	// Voters and Others are who votes and who only follows, as far as this replica knows.
	Voters []string `json:"voters"`
	Others []string `json:"others,omitempty"`
	// FSM is the last command in the replica's state, and Lag how many entries that are committed
	// are not in it.
	FSM uint64 `json:"fsm_applied"`
	Lag uint64 `json:"lag"`
	// Checksum is the digest that the replica noted last; absent when it has noted none since it
	// was started, or was given a snapshot.
	Checksum *NotedDigest `json:"checksum,omitempty"`
	// Settled: the leader has nothing left to do of what the directory wants.
	Settled bool `json:"settled"`
}

// Status tells how the node and its groups are.
func (n *Node) Status() NodeStatus {
	s := NodeStatus{NodeID: n.cfg.NodeID, Version: ClusterVersion}
	if err := n.Ready(); err != nil {
		s.Problem = err.Error()
	} else {
		s.Ready = true
	}
	for _, g := range n.groups {
		s.Groups = append(s.Groups, g.Status())
	}
	return s
}

// Status tells how a group's replica is.
func (g *Group) Status() Status {
	s := Status{
		Group: g.no, State: g.raft.State().String(), Leader: g.Leader(), Term: g.raft.CurrentTerm(),
		Commit: g.raft.CommitIndex(), Applied: g.raft.AppliedIndex(), Last: g.raft.LastIndex(),
		Ready: g.ready.Load(), Settled: g.settled.Load(), Contact: -1,
		FSM: g.Applied(), Lag: g.lag.Load(),
	}
	if d, ok := g.fsm.notes.newest(); ok {
		s.Checksum = &d
	}
	if err := g.fsm.haltedErr(); err != nil {
		s.Problem = err.Error()
	}
	if at := g.raft.LastContact(); g.IsLeader() {
		s.Contact = 0
	} else if !at.IsZero() {
		s.Contact = time.Since(at).Milliseconds()
	}
	if have, err := g.servers(); err == nil {
		s.Voters, s.Others = have.voters, have.others
	}
	return s
}

func (n *Node) answerStatus(context.Context, string, []byte) ([]byte, error) {
	return json.Marshal(n.Status())
}
