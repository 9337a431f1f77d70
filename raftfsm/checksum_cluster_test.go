package raftfsm

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/usherhq/usher/shard"
)

// newMemberCluster is founders of a cluster whose nodes come and go, and a read replica of it.
func newMemberCluster(t *testing.T) *testCluster {
	t.Helper()
	c := &testCluster{tb: t}
	var ports []*Port
	var join []string
	for i := range 4 {
		p := openTestPort(t, fmt.Sprintf("n%d", i), byte(i+1), func(cfg *PortConfig) {
			cfg.Groups, cfg.Self.ReadReplica = 1, i == 3
		})
		ports = append(ports, p.Port)
		if i < 3 {
			join = append(join, p.addr)
		}
	}
	open := func(i int, j Joined) {
		n, err := OpenNode(Config{
			Dir: filepath.Join(t.TempDir(), fmt.Sprint(i)), NodeID: fmt.Sprintf("n%d", i), Groups: 1, ChecksumEvery: -1,
			Cluster: &ClusterConfig{Port: ports[i], Joined: j, Join: join},
		})
		if err != nil {
			t.Fatal(err)
		}
		c.nodes = append(c.nodes, n)
		t.Cleanup(func() {
			if err := n.Close(); err != nil {
				t.Errorf("closing %s: %v", n.ID(), err)
			}
		})
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	joined := make([]Joined, 3)
	var wg sync.WaitGroup
	for i := range joined {
		wg.Go(func() {
			var err error
			if joined[i], err = ports[i].Assemble(ctx, AssembleConfig{Join: join, Expect: 3}); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	for i := range joined {
		open(i, joined[i])
	}
	c.waitReady()
	j, err := ports[3].Assemble(ctx, AssembleConfig{Join: join})
	if err != nil {
		t.Fatal(err)
	}
	open(3, j)
	eventually(t, "all nodes are in, and the cluster's version is raised", func() bool {
		for group := range 2 {
			if !slices.ContainsFunc(c.nodes, func(n *Node) bool { return n.Group(group).settled.Load() }) {
				return false // the lead may still be moved
			}
		}
		for _, n := range c.nodes {
			s, err := n.Group(1).servers()
			if err != nil || len(s.voters) != 3 || !slices.Equal(s.others, []string{"n3"}) || !n.reads(checksumVersion) || n.Ready() != nil {
				return false
			}
		}
		return true
	})
	return c
}

// TestReadReplicaDiverged: it leaves, and nobody else is touched.
func TestReadReplicaDiverged(t *testing.T) {
	t.Parallel()
	c := newMemberCluster(t)
	ev := c.event(1, "a:2026-01-01", 100)
	c.sameEverywhere(1)
	for group := range 2 { // also the directory, which a snapshot may have brought to some
		if err := compareNow(t, c.leader(group)); err != nil {
			t.Fatal(err)
		}
	}
	victim := c.nodes[3]
	corrupt(victim.Group(1), holdOf(ev, 50))
	if err := compareNow(t, c.leader(1)); err != nil {
		t.Fatal(err)
	}
	ended(t, victim)
	if _, err := os.Stat(filepath.Join(victim.cfg.Dir, quarantineFile)); err != nil {
		t.Error(err)
	}
	for _, n := range c.nodes[:3] {
		if err := n.Err(); err != nil {
			t.Errorf("%s: %v", n.ID(), err)
		}
	}
	c.do(1, holdOf(ev, 1))
}

// TestNoMajorityInACluster stops the group and not the nodes: their other groups go on.
func TestNoMajorityInACluster(t *testing.T) {
	t.Parallel()
	c := newMemberCluster(t)
	ev := c.event(1, "a:2026-01-01", 100)
	c.sameEverywhere(1)
	leader := c.leader(1)
	for i, n := range c.nodes[:3] {
		if n != leader.node {
			corrupt(n.Group(1), holdOf(ev, uint32(50+i)))
		}
	}
	if err := compareNow(t, leader); err != nil {
		t.Fatal(err)
	}
	for _, n := range c.nodes {
		if err := n.Err(); err != nil {
			t.Errorf("%s ended: %v", n.ID(), err)
		}
		if err := n.Group(1).View(func(*shard.State) {}); !errors.Is(err, ErrDiverged) {
			t.Errorf("%s shows the group: %v", n.ID(), err)
		}
		if err := n.Group(0).ViewDirectory(func(*Directory) {}); err != nil {
			t.Errorf("%s: the directory: %v", n.ID(), err)
		}
		if s := n.Group(1).Status(); s.Problem == "" {
			t.Errorf("%s: status %+v", n.ID(), s)
		}
	}
	r := NewRequest()
	r.Cmd = holdOf(ev, 1)
	if err := leader.node.Propose(t.Context(), 1, r); OutcomeOf(err) != OutcomeNotApplied || !errors.Is(err, ErrHalted) {
		t.Errorf("a claim: %v", err)
	}
	eventually(t, "nobody leads it", func() bool {
		return !slices.ContainsFunc(c.nodes, func(n *Node) bool { return n.Group(1).IsLeader() })
	})
}
