package proptest_test

import (
	"os"
	"strings"
	"testing"
)

// TestClusterWipedNode deletes a node's folder. Under its old id it may have acknowledged what it
// has forgotten, so it is refused; under a new one it joins, and takes the old one's place.
func TestClusterWipedNode(t *testing.T) {
	t.Parallel()
	c := newCluster(t, nil)
	l := c.newLoad()
	l.start()
	l.hotGroup(c)
	wiped, rest := c.nodes[2], c.nodes[:2]
	wiped.kill(t)
	if err := os.RemoveAll(wiped.dir); err != nil {
		t.Fatal(err)
	}
	from := wiped.wrote()
	wiped.start(t)
	if said := wiped.refused(t, from); !strings.Contains(said, "give the node a new id") || !strings.Contains(said, `"n3"`) {
		t.Errorf("a wiped node does not say what is wrong: %s", said)
	}
	l.use(rest...)

	n4 := c.grow("n4")
	l.use(rest[0], rest[1], n4)
	if out, err := c.usher("cluster", "add", "n4", "--during-sales", "--admin", n4.ops); err != nil {
		t.Fatalf("adding n4: %v: %s", err, out)
	}
	if out, err := c.usher("cluster", "remove", "n3", "--during-sales", "--admin", n4.ops); err != nil {
		t.Fatalf("removing n3: %v: %s", err, out)
	}
	c.waitVotes([]*clusterNode{rest[0], rest[1], n4})
	at := l.history.now()
	l.waitAccepted(c, "n4", at, patience)
	c.verify(l)
}
