package proptest_test

import (
	"syscall"
	"testing"
	"time"
)

// TestClusterLeaderPaused stops the process of the hot event's leader for USHER_PROPTEST_PAUSE
// seconds (6 if not set), so that another one leads. The first calls after it wakes are writes
// that reached it while it slept: its old lead must decide none of them.
func TestClusterLeaderPaused(t *testing.T) {
	t.Parallel()
	c := newCluster(t, nil)
	l := c.newLoad()
	l.start()
	hot := l.hotGroup(c)
	time.Sleep(time.Second)
	old := c.leader(hot)
	l.use(others(c.nodes, old)...) // those that call the sleeper wait with it, and come to no other node
	at := l.history.now()
	old.signal(t, syscall.SIGSTOP)
	pause := time.Duration(clusterInt(t, "USHER_PROPTEST_PAUSE", 6)) * time.Second
	time.Sleep(pause - 500*time.Millisecond)
	waking := l.burst(old, 2*clusterClients)
	time.Sleep(500 * time.Millisecond)
	woke := l.history.now()
	old.signal(t, syscall.SIGCONT)
	waking.Wait()
	l.use(c.nodes...)
	t.Logf("accepted again %v after the pause began, by the sleeper %v after it woke",
		l.waitAccepted(c, "", at, patience), l.waitAccepted(c, old.id, woke, patience))
	if leader := c.leader(hot); leader == old {
		t.Logf("node %s, which slept, leads again", old.id)
	}
	tried := 0
	for _, call := range l.history.all() {
		if call.client >= clusterClients && call.tries[0].node == old.id && call.tries[0].end > woke {
			tried++
		}
	}
	if tried < clusterClients {
		t.Errorf("only %d writes were waiting for the sleeper when it woke", tried)
	}
	c.verify(l)
}
