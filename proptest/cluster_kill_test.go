package proptest_test

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// TestClusterLeaderKilled kills the leader of the hot event's group under load through all
// nodes, USHER_PROPTEST_KILLS times (3 if not set), and starts it again. Nothing acknowledged is
// lost or doubled, and writes are accepted again soon.
func TestClusterLeaderKilled(t *testing.T) {
	t.Parallel()
	c := newCluster(t, nil)
	l := c.newLoad()
	l.start()
	hot := l.hotGroup(c)
	var took []time.Duration
	for range clusterInt(t, "USHER_PROPTEST_KILLS", 3) {
		time.Sleep(time.Second + rand.N(time.Second))
		leader := c.leader(hot)
		at := l.history.now()
		leader.kill(t)
		down := time.Second + rand.N(time.Second)
		time.Sleep(down)
		leader.start(t)
		took = append(took, l.waitAccepted(c, "", at, patience))
		c.waitReady(leader)
	}
	slices.Sort(took)
	t.Logf("from a kill to the next accepted write of the event: median %v, worst %v, all %v", took[len(took)/2], took[len(took)-1], took)
	if worst := took[len(took)-1]; worst > 15*time.Second {
		t.Errorf("no write was accepted for %v after a kill", worst)
	}
	c.verify(l)
}
