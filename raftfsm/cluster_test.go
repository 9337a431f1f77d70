package raftfsm

import (
	"context"
	"crypto/sha256"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/usherhq/usher/shard"
)

// testCluster is nodes of one process over loopback TCP, or one alone.
type testCluster struct {
	tb    testing.TB
	mu    sync.Mutex
	addrs map[string]string
	cfgs  []Config
	nodes []*Node
}

func newTestCluster(tb testing.TB, n, groups int, store LogStoreKind) *testCluster {
	tb.Helper()
	return newTestClusterOf(tb, n, groups, store, func(*Config) {})
}

func newTestClusterOf(tb testing.TB, n, groups int, store LogStoreKind, change func(*Config)) *testCluster {
	tb.Helper()
	c := &testCluster{tb: tb, addrs: make(map[string]string)}
	base := tb.TempDir()
	var ids []string
	for i := range n {
		ids = append(ids, fmt.Sprintf("node-%d", i))
	}
	for i, id := range ids {
		c.cfgs = append(c.cfgs, Config{Dir: fmt.Sprintf("%s/%d", base, i), NodeID: id, Groups: groups, LogStore: store, Voters: ids, Resolve: c.resolve})
		change(&c.cfgs[i])
		c.nodes = append(c.nodes, nil)
	}
	for i := range n {
		c.open(i)
	}
	tb.Cleanup(func() {
		for i := range c.nodes {
			c.close(i)
		}
	})
	c.waitReady()
	return c
}

func (c *testCluster) resolve(id string) (string, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.addrs[id], nil
}

func (c *testCluster) open(i int) {
	c.tb.Helper()
	cfg := c.cfgs[i]
	if len(c.cfgs) > 1 {
		cfg = withListener(c.tb, cfg)
		c.mu.Lock()
		c.addrs[cfg.NodeID] = cfg.Listener.Addr().String()
		c.mu.Unlock()
	}
	n, err := OpenNode(cfg)
	if err != nil {
		c.tb.Fatal(err)
	}
	c.nodes[i] = n
}

func (c *testCluster) close(i int) {
	if n := c.nodes[i]; n != nil {
		c.nodes[i] = nil
		if err := n.Close(); err != nil {
			c.tb.Errorf("close node %d: %v", i, err)
		}
	}
}

func (c *testCluster) waitReady() {
	c.tb.Helper()
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		var err error
		for _, n := range c.nodes {
			if n != nil && err == nil {
				err = n.Ready()
			}
		}
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			c.tb.Fatal(err)
		}
	}
}

// withListener gives a node its port.
func withListener(tb testing.TB, cfg Config) Config {
	tb.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	cfg.Listener = ln
	return cfg
}

// leader of a group; waits for one.
func (c *testCluster) leader(group int) *Group {
	c.tb.Helper()
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); time.Sleep(2 * time.Millisecond) {
		for _, n := range c.nodes {
			if n != nil && n.Group(group).IsLeader() {
				return n.Group(group)
			}
		}
	}
	c.tb.Fatalf("group %d has no leader", group)
	return nil
}

// do runs one command on the group's leader.
func (c *testCluster) do(group int, cmd Command) Result {
	c.tb.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	r := NewRequest()
	r.Cmd = cmd
	if err := c.leader(group).Propose(ctx, r); err != nil {
		c.tb.Fatal(err)
	}
	return r.Result
}

// event makes an event of so many seats in the group.
func (c *testCluster) event(group int, id string, seats uint32) uint32 {
	c.tb.Helper()
	blob := []byte(fmt.Sprint("chart of ", seats))
	sum := sha256.Sum256(blob)
	if res := c.do(group, Command{Op: OpChartChunk, Chunk: shard.ChartChunk{Sum: sum, Blob: sum, Seats: seats, Size: uint32(len(blob)), Data: blob}}); res.Err != nil {
		c.tb.Fatal(res.Err)
	}
	res := c.do(group, Command{Op: OpCreateEvent, Create: shard.CreateEvent{ID: id, Chart: sum}})
	if res.Err != nil {
		c.tb.Fatal(res.Err)
	}
	return res.Event
}

func TestOneNodeRestart(t *testing.T) {
	t.Parallel()
	for _, store := range []LogStoreKind{LogStoreWAL, LogStoreBolt} {
		t.Run(string(store), func(t *testing.T) {
			c := newTestCluster(t, 1, 2, store)
			ev := c.event(1, "a:2026-01-01", 100)
			res := c.do(1, Command{Op: OpHold, Hold: shard.Hold{Event: ev, Seats: []uint32{1, 2}, TTL: 60_000, Holder: []byte("h")}})
			if res.Err != nil || res.Number != 1 {
				t.Fatalf("hold: %+v", res)
			}
			index, digest := c.nodes[0].Group(1).Digest()
			c.close(0)
			c.open(0)
			c.waitReady()
			if err := c.nodes[0].Group(1).Check(); err != nil {
				t.Fatal(err)
			}
			if err := c.nodes[0].Group(1).View(func(s *shard.State) {
				if h, ok := s.Event(ev).HoldInfo(1); !ok || h.State != shard.HoldHeld {
					t.Errorf("after the restart the hold is %+v, %v", h, ok)
				}
			}); err != nil {
				t.Fatal(err)
			}
			again, _ := c.nodes[0].Group(1).Digest()
			if again < index {
				t.Errorf("entry %d (%x) before, %d after the restart", index, digest, again)
			}
		})
	}
}

// TestCrowd has many callers claim the same seats of three replicas: each is granted
// once, and all replicas end equal.
func TestCrowd(t *testing.T) {
	t.Parallel()
	c := newTestCluster(t, 3, 1, LogStoreWAL)
	ev := c.event(1, "a:2026-01-01", 500)
	var wins atomic.Int64
	var owner [500]atomic.Int64
	var wg sync.WaitGroup
	for caller := range 200 {
		wg.Go(func() {
			for seat := range uint32(500) {
				r := NewRequest()
				r.Cmd = Command{Op: OpHold, Hold: shard.Hold{Event: ev, Seats: append(r.Seats(1)[:0], (seat+uint32(caller))%500), TTL: 600_000, Holder: r.Holder("h")}}
				if err := c.leader(1).Propose(context.Background(), r); err != nil {
					t.Error(err)
					return
				}
				if r.Result.Err == nil {
					wins.Add(1)
					if !owner[r.Cmd.Hold.Seats[0]].CompareAndSwap(0, int64(caller)+1) {
						t.Errorf("seat %d granted twice", r.Cmd.Hold.Seats[0])
					}
				}
				r.Free()
			}
		})
	}
	wg.Wait()
	if wins.Load() != 500 {
		t.Errorf("%d wins for 500 seats", wins.Load())
	}
	c.sameEverywhere(1)
}

// sameEverywhere waits until all replicas of a group have applied the same, and
// compares their digests. A leader may let 10 s pass before it tries a node again that was
// away for long.
func (c *testCluster) sameEverywhere(group int) {
	c.tb.Helper()
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		type at struct{ index, digest uint64 }
		seen := map[at]bool{}
		for _, n := range c.nodes {
			if n == nil {
				continue
			}
			if err := n.Group(group).Check(); err != nil {
				c.tb.Fatal(err)
			}
			index, digest := n.Group(group).Digest()
			seen[at{index, digest}] = true
		}
		if len(seen) == 1 {
			return
		}
		if time.Now().After(deadline) {
			c.tb.Fatalf("replicas differ: %v", seen)
		}
	}
}
