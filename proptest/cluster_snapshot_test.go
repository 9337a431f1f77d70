package proptest_test

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// keptEntries is what a group keeps of its log behind a snapshot: a follower that is further
// behind is sent the snapshot.
const keptEntries = 4096

// TestClusterLaggingFollowerGetsSnapshot stops a follower until the others have gone on by more
// than they keep of their logs (by USHER_PROPTEST_ENTRIES entries, 4,300 if not set), and have
// made snapshots. It catches up by one of these, and is as all others.
func TestClusterLaggingFollowerGetsSnapshot(t *testing.T) {
	t.Parallel()
	c := newCluster(t, nil)
	l := c.newLoad()
	l.events = l.events[:1] // one group's log is to grow
	l.pause = 2 * time.Millisecond
	l.start()
	hot := l.hotGroup(c)
	leader := c.leader(hot)
	rest := others(c.nodes, leader)
	slow := rest[1]
	rest[1] = leader
	l.use(rest...)
	slow.stop(t)
	behind := c.lastEntry(slow, hot)
	c.waitEntries(leader, hot, behind+uint64(clusterInt(t, "USHER_PROPTEST_ENTRIES", keptEntries+200)))
	l.stop()
	for _, n := range rest {
		n.stop(t)
	}
	c.compact(hot, rest...)
	if has := slow.snapshots(t, hot); len(has) > 0 {
		t.Fatalf("node %s has snapshots before it was sent one: %v", slow.id, has)
	}

	for _, n := range c.nodes {
		n.start(t)
	}
	c.waitReady(c.nodes...)
	l.pause = 20 * time.Millisecond
	l.use(c.nodes...)
	at := l.history.now()
	l.start()
	l.waitAccepted(c, slow.id, at, patience)
	time.Sleep(time.Second)
	if has := slow.snapshots(t, hot); !sameSnapshot(has, append(rest[0].snapshots(t, hot), rest[1].snapshots(t, hot)...)) {
		t.Errorf("node %s has snapshots %v: none that the others made", slow.id, has)
	}
	c.verify(l)
}

// sameSnapshot tells whether one of each list is of the same term and entry.
func sameSnapshot(some, others []string) bool {
	at := func(path string) string {
		name := filepath.Base(filepath.Dir(path)) // term-entry-milliseconds
		return name[:strings.LastIndexByte(name, '-')]
	}
	return slices.ContainsFunc(some, func(s string) bool {
		return slices.ContainsFunc(others, func(o string) bool { return at(s) == at(o) })
	})
}
