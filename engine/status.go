package engine

import "github.com/usherhq/usher/raftfsm"

// GroupStatus is how one replica of one group is.
type GroupStatus struct {
	ReplicaStatus
	Replica int `json:"replica"` // which of this process's
}

// ReplicaStatus is how a replica sees its group and itself.
type ReplicaStatus = raftfsm.Status

// Status tells how every group of every replica in this process is.
func (e *Engine) Status() []GroupStatus {
	var out []GroupStatus
	for i, n := range e.nodes {
		for no := range n.Groups() {
			out = append(out, GroupStatus{n.Group(no).Status(), i})
		}
	}
	return out
}
