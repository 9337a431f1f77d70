package proptest_test

import (
	"math/rand/v2"
	"testing"
	"time"
)

// TestClusterStaysSurviveLeaders: clients reserve, extend, book, release and cancel stays over
// several nights, each night's event in another group, at a cluster whose nodes speak TLS. The
// leader of one of the groups after the other is killed and started again, USHER_PROPTEST_KILLS
// times (3 if not set), backups are made all the while, and in between all certificates change. In
// the end every stay is whole, on all nodes, and in the last backup too.
func TestClusterStaysSurviveLeaders(t *testing.T) {
	t.Parallel()
	c := &cluster{t: t, shards: len(killEvents), certs: newCerts(t)}
	c.found()
	l := c.loadOf(killEvents, (*clusterClient).stay)
	l.pause = 60 * time.Millisecond
	l.start()
	groups := l.apartGroups(c)
	b := c.keepBackups(l)
	kills := clusterInt(t, "USHER_PROPTEST_KILLS", 3)
	for i := range kills {
		c.killLeader(l, groups[i%len(groups)])
		if i == kills/2 {
			c.renewUnder(l)
		}
	}
	b.stop()
	c.verifyStays(l)
	b.verify()
}

// apartGroups are the events' groups, of which no two are the same.
func (l *load) apartGroups(c *cluster) (groups []int) {
	c.t.Helper()
	taken := map[int]string{}
	for _, event := range l.events {
		g := l.group(c, event)
		if other := taken[g]; other != "" {
			c.t.Fatalf("events %s and %s are both in group %d", other, event, g)
		}
		taken[g] = event
		groups = append(groups, g)
	}
	return groups
}

// killLeader kills who leads a group, starts it again, and waits until stays are granted.
func (c *cluster) killLeader(l *load, group int) {
	c.t.Helper()
	time.Sleep(time.Second + rand.N(time.Second))
	leader := c.leader(group)
	at := l.history.now()
	leader.kill(c.t)
	time.Sleep(500*time.Millisecond + rand.N(time.Second))
	leader.start(c.t)
	took := l.waitAccepted(c, "", at, patience)
	c.waitReady(leader)
	c.t.Logf("group %d: its leader %s was killed at %v; a stay was granted %v later, all was ready at %v", group, leader.id,
		at.Round(time.Millisecond), took.Round(time.Millisecond), l.history.now().Round(time.Millisecond))
}

// renewUnder changes all certificates and restarts a node, which has to connect by the new ones
// alone. No client that may ask twice is left without an answer for it.
func (c *cluster) renewUnder(l *load) {
	c.t.Helper()
	c.waitReady(c.nodes...)
	at := l.history.now()
	c.renew()
	renewed := l.history.now()
	n := c.nodes[rand.IntN(len(c.nodes))]
	n.stop(c.t)
	n.start(c.t)
	c.waitReady(n)
	ready := l.history.now()
	l.waitAccepted(c, n.id, ready, patience)
	c.t.Logf("certificates changed at %v and were in use at %v; node %s, restarted, was ready at %v and granted a stay at %v",
		at.Round(time.Millisecond), renewed.Round(time.Millisecond), n.id, ready.Round(time.Millisecond), l.history.now().Round(time.Millisecond))
	for _, call := range l.history.failures(at) {
		if !call.single {
			c.t.Errorf("left without an answer when certificates changed: %v", call)
		}
	}
}

// verifyStays ends the load, waits until all that was left halfway has come to an end, and holds
// every node against what the clients were told.
func (c *cluster) verifyStays(l *load) {
	c.t.Helper()
	l.end()
	nodes := c.running()
	c.settle(nodes)
	x := &census{c: c, l: l, node: nodes[0], stakes: l.stakes, open: l.history.open(), right: (*stake).mayBe}
	began := time.Now()
	c.eventually(patience, x.take)
	c.t.Logf("%d stays granted; nothing was pending %v after the load; %d were left without an answer", len(x.stakes), time.Since(began).Round(time.Millisecond), len(x.open))
	if err := x.close(); err != nil {
		c.t.Error(err)
	}
	l.stakes = x.stakes
	c.settle(nodes)
	c.sameMaps(l, nodes)
	for _, n := range nodes {
		x.node = n
		c.eventually(patience, x.take)
	}
	l.apart()
	l.enough()
	for _, n := range nodes {
		n.stop(c.t)
	}
	c.inspect(nodes)
}
