package proptest_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/usherhq/usher/engine"
)

// TestClusterGrowsAndShrinks adds a fourth and a fifth node under load and then takes the first
// one out. Its process ends by itself, and clients that know the others notice nothing.
func TestClusterGrowsAndShrinks(t *testing.T) {
	t.Parallel()
	c := newCluster(t, nil)
	l := c.newLoad()
	l.start()
	l.hotGroup(c)
	for _, id := range []string{"n4", "n5"} {
		n := c.grow(id)
		if out, err := c.usher("cluster", "add", id, "--during-sales", "--admin", n.ops); err != nil || !strings.Contains(out, id) {
			t.Fatalf("adding %s: %v: %s", id, err, out)
		}
		l.use(c.nodes...)
		at := l.history.now()
		l.waitAccepted(c, id, at, patience)
	}
	c.waitVotes(c.nodes)

	first, rest := c.nodes[0], c.nodes[1:]
	l.use(rest...)
	from := first.wrote()
	began := time.Now()
	if out, err := c.usher("cluster", "remove", first.id, "--during-sales", "--admin", rest[0].ops); err != nil {
		t.Fatalf("removing %s: %v: %s", first.id, err, out)
	}
	t.Logf("node %s was removed in %v", first.id, time.Since(began).Round(time.Millisecond))
	if said := first.refused(t, from); !strings.Contains(said, "was removed from the cluster") {
		t.Errorf("node %s does not say that it was removed: %s", first.id, said)
	}
	c.waitVotes(rest)
	at := l.history.now()
	for _, n := range rest {
		l.waitAccepted(c, n.id, at, patience)
	}
	l.stop()
	for i, call := range l.history.failures(0) {
		if i < 10 {
			t.Errorf("a client was left without an answer: %v", call)
		}
	}
	c.verify(l)
}

// waitVotes waits until every group has three voters, all of them among the nodes, and each of
// the nodes votes somewhere.
func (c *cluster) waitVotes(nodes []*clusterNode) {
	c.t.Helper()
	c.eventually(2*patience, func() error {
		v, err := c.status(nodes[0])
		if err != nil {
			return err
		}
		return votesAmong(&v, ids(nodes))
	})
}

func votesAmong(v *engine.ClusterView, nodes []string) error {
	votes := map[string]int{}
	for _, g := range v.Groups {
		if len(g.Voters) != 3 || !g.Quorum || len(g.Wanted) > 0 {
			return fmt.Errorf("group %d: voters %v, to be %v, leader %q", g.Group, g.Voters, g.Wanted, g.Leader)
		}
		for _, id := range g.Voters {
			if !slices.Contains(nodes, id) {
				return fmt.Errorf("group %d: node %s votes", g.Group, id)
			}
			votes[id]++
		}
		for _, id := range nodes {
			if _, ok := g.Lag[id]; !ok {
				return fmt.Errorf("node %s does not answer", id)
			}
		}
	}
	for _, id := range nodes {
		if votes[id] == 0 {
			return fmt.Errorf("node %s votes nowhere: %v", id, votes)
		}
	}
	return nil
}
