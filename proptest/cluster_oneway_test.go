package proptest_test

import (
	"fmt"
	"slices"
	"testing"
	"time"
)

// TestClusterOneWay cuts one direction between the hot event's leader and the others, then the
// other one, for USHER_PROPTEST_CUT seconds each (7 if not set). After each healing every node
// takes writes again.
func TestClusterOneWay(t *testing.T) {
	t.Parallel()
	c := newCluster(t, newWires())
	l := c.newLoad()
	l.start()
	hot := l.hotGroup(c)
	cut := time.Duration(clusterInt(t, "USHER_PROPTEST_CUT", 7)) * time.Second
	for _, deaf := range []bool{true, false} {
		time.Sleep(time.Second)
		leader := c.leader(hot)
		from, to := ids(others(c.nodes, leader)), []string{leader.id}
		name := "deaf"
		if !deaf {
			from, to, name = to, from, "mute"
		}
		at := l.history.now()
		c.wires.stop(from, to)
		time.Sleep(cut)
		meanwhile := "none was accepted before it was healed"
		if first, ok := l.history.accepted(l.events[0], "", at); ok {
			meanwhile = fmt.Sprintf("one was accepted after %v", first-at)
		}
		healed := l.history.now()
		if c.wires.heal() == 0 {
			t.Errorf("nothing was on its way: node %s was not %s", leader.id, name)
		}
		var worst time.Duration
		for _, n := range c.nodes {
			worst = max(worst, l.waitAccepted(c, n.id, healed, 30*time.Second))
		}
		t.Logf("node %s, which led, was %s for %v: of the writes since %s; all nodes took some %v after that", leader.id, name, cut, meanwhile, worst)
		c.waitReady(c.nodes...)
	}
	c.verify(l)
}

func others(nodes []*clusterNode, but *clusterNode) []*clusterNode {
	return slices.DeleteFunc(slices.Clone(nodes), func(n *clusterNode) bool { return n == but })
}

func ids(nodes []*clusterNode) (out []string) {
	for _, n := range nodes {
		out = append(out, n.id)
	}
	return out
}
