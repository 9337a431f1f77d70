package raftfsm

import (
	"testing"
	"time"
)

// TestReadyShowsWhatWasDecidedBefore: a replica that was away is not ready before it shows what was
// decided meanwhile, though its leader's heartbeats, which come first, do not tell of that.
func TestReadyShowsWhatWasDecidedBefore(t *testing.T) {
	t.Parallel()
	c := newTestCluster(t, 3, 1, LogStoreWAL)
	away := -1
	for i, n := range c.nodes {
		if !n.Group(1).IsLeader() {
			away = i
		}
	}
	c.close(away)
	for range 40 { // by then the leader tries it only now and then
		c.do(1, Command{Op: OpTick})
		time.Sleep(50 * time.Millisecond)
	}
	decided := c.leader(1).Applied()
	c.open(away)
	n := c.nodes[away]
	for deadline := time.Now().Add(60 * time.Second); !n.Group(1).ready.Load(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("it is never ready")
		}
	}
	if has := n.Group(1).Applied(); has < decided {
		t.Errorf("it is ready at entry %d; entry %d was decided before it started", has, decided)
	}
}
