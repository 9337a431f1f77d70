package proptest_test

import (
	"sync"
	"syscall"
	"testing"
	"time"
)

// pauseBaits is how many seats are held when the leader falls asleep, given back while it sleeps,
// and wanted of it when it wakes: what it remembers of them is wrong.
const pauseBaits = 2 * clusterClients

// TestClusterLeaderPaused stops the process of the hot event's leader for USHER_PROPTEST_PAUSE
// seconds (6 if not set), so that another one leads. The first calls after it wakes are writes
// that reached it while it slept: its old lead must decide none of them.
func TestClusterLeaderPaused(t *testing.T) {
	t.Parallel()
	c := newCluster(t, nil)
	l := c.newLoad()
	l.start()
	hot := l.hotGroup(c)
	owner := l.visitor(0, nil)
	for i := range pauseBaits {
		l.history.add(owner.holdOf(l.events[0], bait(i)))
	}
	old := c.leader(hot)
	l.use(others(c.nodes, old)...) // those that call the sleeper wait with it, and come to no other node
	at := l.history.now()
	old.signal(t, syscall.SIGSTOP)
	pause := time.Duration(clusterInt(t, "USHER_PROPTEST_PAUSE", 6)) * time.Second
	meanwhile := l.waitAccepted(c, "", at, patience)
	for len(owner.held) > 0 {
		l.history.add(owner.release(owner.any(&owner.held)))
	}
	time.Sleep(pause - 500*time.Millisecond - (l.history.now() - at))
	waking := l.takeBaits(old)
	time.Sleep(500 * time.Millisecond)
	woke := l.history.now()
	old.signal(t, syscall.SIGCONT)
	waking.Wait()
	l.use(c.nodes...)
	t.Logf("node %s slept %v; accepted again %v after it had fallen asleep, by itself %v after it woke",
		old.id, woke-at, meanwhile, l.waitAccepted(c, old.id, woke, patience))
	l.wantTried(old, woke)
	c.verify(l)
}

func bait(i int) string { return killSeat(clusterRows, i) } // of no row that others want

// takeBaits has a client for each bait want it of a node.
func (l *load) takeBaits(at *clusterNode) *sync.WaitGroup {
	var wg sync.WaitGroup
	for i := range pauseBaits {
		wg.Go(func() { l.history.add(l.visitor(1+i, at).holdOf(l.events[0], bait(i))) })
	}
	return &wg
}

// wantTried wants most of the baits to have waited for the node when it woke.
func (l *load) wantTried(at *clusterNode, woke time.Duration) {
	l.t.Helper()
	tried := 0
	for _, call := range l.history.all() {
		first := &call.tries[0]
		if call.client > clusterClients && first.node == at.id && first.start < woke && first.end > woke {
			tried++
		}
	}
	if tried < pauseBaits/2 {
		l.t.Errorf("only %d writes were waiting for node %s when it woke", tried, at.id)
	}
}
