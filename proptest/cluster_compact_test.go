package proptest_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/usherhq/usher/raftfsm"
)

// compact opens the folders of nodes that have ended, which are enough to lead, in this process,
// has them make a snapshot of a group each, and closes them: what a running node does by itself
// once some 16,000 entries have come and up to a minute has passed.
func (c *cluster) compact(group int, nodes ...*clusterNode) {
	c.t.Helper()
	open := make([]*raftfsm.Node, len(nodes))
	var opening errgroup.Group
	for i, n := range nodes {
		opening.Go(func() (err error) {
			open[i], err = c.openHere(n)
			return err
		})
	}
	err := opening.Wait()
	defer func() {
		for _, n := range open {
			if n == nil {
				continue
			}
			if err := n.Close(); err != nil {
				c.t.Errorf("closing node %s: %v", n.ID(), err)
			}
		}
	}()
	if err != nil {
		c.t.Fatal(err)
	}
	for _, n := range open {
		c.eventually(patience, n.Ready)
		if err := n.Group(group).Snapshot(); err != nil {
			c.t.Fatalf("node %s: a snapshot of group %d: %v", n.ID(), group, err)
		}
	}
}

// openHere opens a node as its own process would.
func (c *cluster) openHere(n *clusterNode) (*raftfsm.Node, error) {
	raw, err := os.ReadFile(filepath.Join(n.dir, "engine.json"))
	if err != nil {
		return nil, err
	}
	var id struct {
		Groups   int                  `json:"groups"`
		LogStore raftfsm.LogStoreKind `json:"log_store"`
		Member   struct {
			Cluster     raftfsm.ID128    `json:"cluster"`
			Incarnation raftfsm.ID128    `json:"incarnation"`
			Voters      int              `json:"voters"`
			Founders    []raftfsm.Member `json:"founders"`
		} `json:"member"`
	}
	if err := json.Unmarshal(raw, &id); err != nil {
		return nil, fmt.Errorf("%s of node %s: %w", "engine.json", n.id, err)
	}
	ln, err := raftfsm.ListenPeers(n.raft, true)
	if err != nil {
		return nil, err
	}
	m := &id.Member
	port := raftfsm.OpenPort(raftfsm.PortConfig{
		Listener: ln, Groups: id.Groups, Voters: m.Voters,
		Self: raftfsm.Member{NodeID: n.id, Incarnation: m.Incarnation, Addr: n.addr, API: n.api + "/", Version: raftfsm.ClusterVersion},
	})
	node, err := raftfsm.OpenNode(raftfsm.Config{
		Dir: n.dir, NodeID: n.id, Groups: id.Groups, LogStore: id.LogStore, Known: true,
		Cluster: &raftfsm.ClusterConfig{
			Port:   port,
			Joined: raftfsm.Joined{Cluster: m.Cluster, Founders: m.Founders, Groups: id.Groups, Voters: m.Voters},
		},
	})
	if err != nil {
		return nil, fmt.Errorf("node %s: %w", n.id, err) // the port has been closed
	}
	return node, nil
}

// snapshots are those of a group in a node's folder.
func (n *clusterNode) snapshots(t *testing.T, group int) []string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(n.dir, "groups", fmt.Sprintf("%02d", group), "snapshots", "*", "meta.json"))
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// waitEntries waits until a node has so many entries of a group committed.
func (c *cluster) waitEntries(n *clusterNode, group int, want uint64) {
	c.t.Helper()
	began := time.Now()
	c.eventually(5*patience, func() error {
		all, err := c.groups(n)
		if err != nil {
			return err
		}
		if has := all[group].Commit; has < want {
			return fmt.Errorf("group %d is at entry %d, %d are wanted", group, has, want)
		}
		return nil
	})
	c.t.Logf("group %d was at entry %d after %v", group, want, time.Since(began).Round(time.Millisecond))
}

// lastEntry is the end of a group's log in the folder of a node that has ended.
func (c *cluster) lastEntry(n *clusterNode, group int) uint64 {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	rep, err := raftfsm.Inspect(ctx, n.dir)
	if err == nil && len(rep.Problems) > 0 {
		err = errors.New(rep.Problems[0])
	}
	if err != nil {
		c.t.Fatalf("node %s: %v", n.id, err)
	}
	return rep.Replicas[0].Groups[group].Last
}
