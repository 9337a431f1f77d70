package proptest_test

import (
	"testing"
	"time"
)

// TestClusterRollingRestart ends one node after the other with SIGTERM and starts it again, as an
// upgrade does, USHER_PROPTEST_ROLLS times (once if not set). Clients that may ask another node
// once notice nothing.
func TestClusterRollingRestart(t *testing.T) {
	t.Parallel()
	c := newCluster(t, nil)
	l := c.newLoad()
	l.start()
	l.hotGroup(c)
	for range clusterInt(t, "USHER_PROPTEST_ROLLS", 1) {
		for _, n := range c.nodes {
			time.Sleep(time.Second)
			at := l.history.now()
			n.stop(t)
			n.start(t)
			c.waitReady(n)
			l.waitAccepted(c, n.id, at, patience)
		}
	}
	l.stop()
	for i, call := range l.history.failures(0) {
		if i < 10 {
			t.Errorf("a client was left without an answer: %v", call)
		}
	}
	c.verify(l)
}
