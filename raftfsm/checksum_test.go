package raftfsm

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/usherhq/usher/shard"
)

func TestJudge(t *testing.T) {
	three := []string{"a", "b", "c"}
	for name, c := range map[string]struct {
		voters  []string
		answers map[string]Digest
		result  string
		right   Digest
		wrong   []string
	}{
		"all equal":                   {three, map[string]Digest{"a": 1, "b": 1, "c": 1, "r": 1}, checksumEqual, 0, nil},
		"equal, one silent":           {three, map[string]Digest{"a": 1, "b": 1}, checksumEqual, 0, nil},
		"nobody answers":              {three, map[string]Digest{"a": 1}, checksumAlone, 0, nil},
		"one voter differs":           {three, map[string]Digest{"a": 1, "b": 2, "c": 1}, checksumDiverged, 1, []string{"b"}},
		"a read replica differs":      {three, map[string]Digest{"a": 1, "b": 1, "r": 2}, checksumDiverged, 1, []string{"r"}},
		"replicas do not outvote":     {three, map[string]Digest{"a": 1, "b": 1, "c": 2, "r": 2, "s": 2}, checksumDiverged, 1, []string{"c", "r", "s"}},
		"one to one, the third mute":  {three, map[string]Digest{"a": 1, "b": 2}, checksumSplit, 0, []string{"a", "b"}},
		"three ways":                  {three, map[string]Digest{"a": 1, "b": 2, "c": 3, "r": 1}, checksumSplit, 0, []string{"a", "b", "c", "r"}},
		"two of five are no majority": {[]string{"a", "b", "c", "d", "e"}, map[string]Digest{"a": 1, "b": 1, "c": 2}, checksumSplit, 0, []string{"a", "b", "c"}},
		"too few voters to tell":      {three, map[string]Digest{"a": 1, "r": 2}, checksumUnclear, 0, nil},
		"one voter, a replica":        {[]string{"a"}, map[string]Digest{"a": 1, "r": 2}, checksumDiverged, 1, []string{"r"}},
	} {
		v := judge(c.voters, c.answers)
		if v.result != c.result || v.right != c.right || !slices.Equal(v.wrong, c.wrong) {
			t.Errorf("%s: %+v", name, v)
		}
	}
}

func TestDigestNotesKeepTheNewest(t *testing.T) {
	var n digestNotes
	if _, ok := n.newest(); ok {
		t.Error("a note out of nothing")
	}
	for i := uint64(1); i <= digestsKept+2; i++ {
		n.add(10*i, i)
	}
	if d, ok := n.newest(); !ok || d != (NotedDigest{60, 6}) {
		t.Errorf("the newest is %+v", d)
	}
	if _, ok := n.at(20); ok {
		t.Error("kept for ever")
	}
	if d, ok := n.at(30); !ok || d != 3 {
		t.Errorf("at 30: %v, %v", d, ok)
	}
	n.forget()
	if _, ok := n.at(60); ok {
		t.Error("not forgotten")
	}
}

func TestDigestInJSON(t *testing.T) {
	raw, err := json.Marshal(NotedDigest{7, 0x00ff00ff00ff00ff})
	if err != nil || string(raw) != `{"index":7,"digest":"00ff00ff00ff00ff"}` {
		t.Errorf("%s, %v", raw, err)
	}
	var back NotedDigest
	if err := json.Unmarshal(raw, &back); err != nil || back.Digest != 0x00ff00ff00ff00ff {
		t.Errorf("%+v, %v", back, err)
	}
	for _, bad := range []string{"", "ff", "zzzzzzzzzzzzzzzz", "00ff00ff00ff00ff0"} {
		if new(Digest).UnmarshalText([]byte(bad)) == nil {
			t.Errorf("%q passes for a digest", bad)
		}
	}
}

// comparedByHand is a cluster of three whose replicas are compared when a test says so.
func comparedByHand(t *testing.T) (*testCluster, uint32) {
	t.Helper()
	c := newTestClusterOf(t, 3, 1, LogStoreWAL, func(cfg *Config) { cfg.ChecksumEvery = -1 })
	ev := c.event(1, "a:2026-01-01", 100)
	c.do(1, holdOf(ev, 1))
	return c, ev
}

// corrupt has one replica apply what the others do not.
func corrupt(g *Group, c Command) {
	g.fsm.mu.Lock()
	defer g.fsm.mu.Unlock()
	var out Result
	g.fsm.m.apply(g.fsm.m.now(), &c, &out)
}

// nodeOf is a node's place in the cluster.
func (c *testCluster) nodeOf(g *Group) int { return slices.Index(c.nodes, g.node) }

func ended(t *testing.T, n *Node) {
	t.Helper()
	select {
	case <-n.Done():
	case <-time.After(10 * time.Second):
		t.Fatalf("node %s goes on", n.ID())
	}
	if err := n.Err(); !errors.Is(err, ErrDiverged) || !errors.Is(err, ErrHalted) {
		t.Errorf("node %s ended with %v", n.ID(), err)
	}
}

// counted reads a counter.
func counted(t *testing.T, c prometheus.Collector) float64 {
	t.Helper()
	r := prometheus.NewRegistry()
	if err := r.Register(c); err != nil {
		t.Fatal(err)
	}
	got, err := r.Gather()
	if err != nil {
		t.Fatal(err)
	}
	return got[0].Metric[0].GetCounter().GetValue()
}

func compareNow(t *testing.T, g *Group) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	_, err := g.compare(ctx)
	return err
}

func TestEqualReplicasGoOn(t *testing.T) {
	t.Parallel()
	c, ev := comparedByHand(t)
	for _, group := range []int{0, 1} {
		g := c.leader(group)
		if err := compareNow(t, g); err != nil {
			t.Fatal(err)
		}
		if got := counted(t, g.metrics.checksums[checksumEqual]); got != 1 {
			t.Errorf("group %d: %v comparisons found all equal", group, got)
		}
		s := g.Status()
		if s.Checksum == nil || s.Checksum.Index != s.FSM {
			t.Errorf("group %d: status %+v", group, s)
		}
	}
	c.do(1, holdOf(ev, 2))
	c.sameEverywhere(1)
	for _, n := range c.nodes {
		if err := n.Err(); err != nil {
			t.Errorf("%s: %v", n.ID(), err)
		}
	}
}

// TestLeaderComparesByItself, and only when there is something to compare.
func TestLeaderComparesByItself(t *testing.T) {
	t.Parallel()
	c := newTestClusterOf(t, 3, 1, LogStoreWAL, func(cfg *Config) { cfg.ChecksumEvery = 20 * time.Millisecond })
	c.event(1, "a:2026-01-01", 100)
	g := c.leader(1)
	equal := func() float64 { return counted(t, g.metrics.checksums[checksumEqual]) }
	for deadline := time.Now().Add(10 * time.Second); equal() == 0; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("nothing is compared")
		}
	}
	if _, err := g.compare(t.Context()); err != nil { // what was applied last is a checksum
		t.Fatal(err)
	}
	if at, _ := g.fsm.notes.newest(); g.comparable(at.Index) {
		t.Error("what has not changed is compared again")
	}
}

func TestFollowerDiverged(t *testing.T) {
	t.Parallel()
	c, ev := comparedByHand(t)
	leader := c.leader(1)
	c.sameEverywhere(1)
	victim := c.nodes[(c.nodeOf(leader)+1)%3].Group(1)
	corrupt(victim, holdOf(ev, 50))
	if err := compareNow(t, leader); err != nil {
		t.Fatal(err)
	}
	ended(t, victim.node)
	if err := victim.View(func(*shard.State) { t.Error("it shows its state") }); !errors.Is(err, ErrDiverged) {
		t.Errorf("View: %v", err)
	}
	if got := counted(t, leader.metrics.checksums[checksumDiverged]); got != 1 {
		t.Errorf("%v comparisons found it", got)
	}
	i := c.nodeOf(victim)
	raw, err := os.ReadFile(filepath.Join(c.cfgs[i].Dir, quarantineFile))
	var q quarantine
	if err != nil || json.Unmarshal(raw, &q) != nil || q.Group != 1 || q.NodeID != victim.node.ID() || q.Digest == q.Majority || q.Time.IsZero() {
		t.Errorf("the folder is marked: %s, %v", raw, err)
	}
	if at, _ := leader.fsm.notes.newest(); q.Index != at.Index || q.Majority != at.Digest {
		t.Errorf("marked with %+v, the leader has %+v", q, at)
	}
	c.do(1, holdOf(ev, 2)) // the two that are left go on
	c.close(i)
	cfg := c.cfgs[i]
	if n, err := OpenNode(withListener(t, cfg)); !errors.Is(err, ErrDiverged) || !strings.Contains(err.Error(), "remove the node") {
		t.Errorf("the folder opens: %v", err)
		if n != nil {
			_ = n.Close()
		}
	}
	lock, err := LockDir(cfg.Dir) // a refusal keeps nothing
	if err != nil {
		t.Fatal(err)
	}
	if err := lock.Close(); err != nil {
		t.Error(err)
	}
}

func TestLeaderDiverged(t *testing.T) {
	t.Parallel()
	c, ev := comparedByHand(t)
	leader := c.leader(1)
	c.sameEverywhere(1)
	corrupt(leader, holdOf(ev, 50))
	if err := compareNow(t, leader); err != nil {
		t.Fatal(err)
	}
	ended(t, leader.node)
	r := NewRequest()
	r.Cmd = holdOf(ev, 2)
	if err := leader.Propose(context.Background(), r); !errors.Is(err, ErrDiverged) || OutcomeOf(err) != OutcomeNotApplied {
		t.Errorf("it proposes: %v", err)
	}
	if _, err := os.Stat(filepath.Join(leader.node.cfg.Dir, quarantineFile)); err != nil {
		t.Error(err)
	}
	c.close(c.nodeOf(leader))
	if res := c.do(1, holdOf(ev, 50)); res.Err != nil { // the seat was never held
		t.Errorf("the others: %v", res.Err)
	}
	c.sameEverywhere(1)
}

// TestNoMajority: everybody stops, and no folder is marked: people decide who is right.
func TestNoMajority(t *testing.T) {
	t.Parallel()
	c, ev := comparedByHand(t)
	leader := c.leader(1)
	c.sameEverywhere(1)
	for i, n := range c.nodes {
		if n != leader.node {
			corrupt(n.Group(1), holdOf(ev, uint32(50+i)))
		}
	}
	if err := compareNow(t, leader); err != nil {
		t.Fatal(err)
	}
	for _, n := range c.nodes {
		ended(t, n) // replicas of a fixed list end; nodes of a cluster lose one group
		if _, err := os.Stat(filepath.Join(n.cfg.Dir, quarantineFile)); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%s is marked: %v", n.ID(), err)
		}
		if err := n.Group(1).View(func(*shard.State) {}); !errors.Is(err, ErrDiverged) || !strings.Contains(err.Error(), "no majority") {
			t.Errorf("%s: %v", n.ID(), err)
		}
	}
}

// TestOneToOne is with the third one away.
func TestOneToOne(t *testing.T) {
	t.Parallel()
	c, ev := comparedByHand(t)
	leader := c.leader(1)
	c.sameEverywhere(1)
	c.close((c.nodeOf(leader) + 2) % 3)
	other := c.nodes[(c.nodeOf(leader)+1)%3].Group(1)
	corrupt(other, holdOf(ev, 50))
	if err := compareNow(t, leader); err != nil {
		t.Fatal(err)
	}
	ended(t, leader.node)
	ended(t, other.node)
	if got := counted(t, leader.metrics.checksums[checksumSplit]); got != 1 {
		t.Errorf("%v comparisons found no majority", got)
	}
}

// TestFalseAlarmIsNotBelieved: who has not itself noted what it is accused of goes on.
func TestFalseAlarmIsNotBelieved(t *testing.T) {
	t.Parallel()
	c, ev := comparedByHand(t)
	leader := c.leader(1)
	if err := compareNow(t, leader); err != nil {
		t.Fatal(err)
	}
	at, _ := leader.fsm.notes.newest()
	victim := c.nodes[(c.nodeOf(leader)+1)%3]
	other := at.Digest + 1
	for name, q := range map[string]quarantineCall{
		"another digest":         {1, at.Index, other, &at.Digest},
		"another entry":          {1, at.Index + 1, at.Digest, &other},
		"the majority's own":     {1, at.Index, at.Digest, &at.Digest},
		"another group":          {0, at.Index, at.Digest, &other},
		"no such group":          {7, at.Index, at.Digest, &other},
		"split, another digest":  {1, at.Index, other, nil},
		"a group below nothing":  {-1, at.Index, at.Digest, &other},
		"an entry of long ago":   {1, 1, at.Digest, &other},
		"nothing that is a note": {},
	} {
		if err := leader.tellDiverged(t.Context(), victim.ID(), q); err == nil {
			t.Errorf("%s: believed", name)
		}
	}
	if err := victim.Err(); err != nil {
		t.Error(err)
	}
	c.do(1, holdOf(ev, 2))
	c.sameEverywhere(1)
}
