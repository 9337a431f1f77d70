package engine

import "github.com/usherhq/usher/raftfsm"

// GroupStatus is how one replica of one group is.
type GroupStatus struct {
	Replica int `json:"replica"`
	raftfsm.Status
}

// Status tells how every group of every replica in this process is.
func (e *Engine) Status() []GroupStatus {
	var out []GroupStatus
	for i, n := range e.nodes {
		for no := range n.Groups() {
			out = append(out, GroupStatus{Replica: i, Status: n.Group(no).Status()})
		}
	}
	return out
}
