package raftfsm

import (
	"bytes"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/raft"
	"go.uber.org/goleak"

	"github.com/usherhq/usher/raftfsm/peer/peertest"
)

// tallyFSM counts what was applied and keeps a digest of it in order.
type tallyFSM struct {
	mu  sync.Mutex
	n   int
	sum uint32
}

func (f *tallyFSM) Apply(l *raft.Log) any {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.n++
	f.sum = crc32.Update(f.sum, castagnoli, l.Data)
	return nil
}

func (f *tallyFSM) state() (int, uint32) { f.mu.Lock(); defer f.mu.Unlock(); return f.n, f.sum }

func (f *tallyFSM) Snapshot() (raft.FSMSnapshot, error) {
	n, sum := f.state()
	return tallySnapshot{n, sum}, nil
}

func (f *tallyFSM) Restore(r io.ReadCloser) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	_, err := fmt.Fscan(r, &f.n, &f.sum)
	return errors.Join(err, r.Close())
}

type tallySnapshot struct {
	n   int
	sum uint32
}

func (s tallySnapshot) Persist(sink raft.SnapshotSink) error {
	if _, err := fmt.Fprintln(sink, s.n, s.sum); err != nil {
		return errors.Join(err, sink.Cancel())
	}
	return sink.Close()
}

func (tallySnapshot) Release() {}

// testNode is one real Raft over all of the plumbing: disk, wrappers, mux, transport.
type testNode struct {
	raft  *raft.Raft
	fsm   *tallyFSM
	trans *safeTransport
	log   *verifiedLog
	close func()
}

func raftConfig(id string) *raft.Config {
	c := raft.DefaultConfig()
	c.LocalID = raft.ServerID(id)
	c.HeartbeatTimeout, c.ElectionTimeout, c.LeaderLeaseTimeout = time.Second, time.Second, 500*time.Millisecond
	c.Logger = hclog.NewNullLogger()
	c.TrailingLogs = 50
	return c
}

func startNode(t *testing.T, dir, addr string, kind LogStoreKind) *testNode {
	t.Helper()
	s := mustOpen(t, dir, kind)
	ln, err := ListenPeers(addr, true)
	if err != nil {
		t.Fatal(err)
	}
	m := testMux(ln)
	cfg := raftConfig(addr)
	trans := newTransport(m.Layer(3, nil), transportConfig{Heartbeat: cfg.HeartbeatTimeout, Check: sumCheck})
	verified := newVerifiedLog(s.Log, sumCheck, trans.fence)
	watched := newWatchedLog(verified, 0, func(err error) { t.Error(err) })
	snaps, err := raft.NewFileSnapshotStore(dir, 2, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	n := &testNode{fsm: &tallyFSM{}, trans: trans, log: verified}
	n.raft, err = raft.NewRaft(cfg, n.fsm, watched, newFencedStable(s.Stable, trans.fence), snaps, trans)
	if err != nil {
		t.Fatal(err)
	}
	verified.Started()
	n.close = func() {
		if err := n.raft.Shutdown().Error(); err != nil {
			t.Error(err)
		}
		for _, c := range []io.Closer{trans, m, watched, s} {
			mustClose(t, c)
		}
	}
	return n
}

func eventually(t testing.TB, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		if ok() {
			return
		}
	}
	t.Fatal("never: " + what)
}

func leaderOf(t *testing.T, nodes []*testNode) int {
	t.Helper()
	at := -1
	eventually(t, "a leader", func() bool {
		for i, n := range nodes {
			if n != nil && n.raft.State() == raft.Leader {
				at = i
			}
		}
		return at >= 0
	})
	return at
}

func applyMany(t *testing.T, n *testNode, count int, tag string) {
	t.Helper()
	futures := make([]raft.ApplyFuture, count)
	for i := range futures {
		futures[i] = n.raft.Apply(command(0, fmt.Sprint(tag, i)).Data, 10*time.Second)
	}
	for _, f := range futures {
		if err := f.Error(); err != nil {
			t.Fatal(err)
		}
	}
}

// TestClusterOnThePlumbing elects, writes, loses its leader, restarts it behind a snapshot, and
// comes out with the same state everywhere.
func TestClusterOnThePlumbing(t *testing.T) {
	eachKind(t, func(t *testing.T, kind LogStoreKind) {
		defer goleak.VerifyNone(t)
		var nodes []*testNode
		var dirs, addrs []string
		for i := range 3 {
			ln := peertest.Listen(t)
			addrs = append(addrs, ln.Addr().String())
			mustClose(t, ln)
			dirs = append(dirs, filepath.Join(t.TempDir(), fmt.Sprint(i)))
			nodes = append(nodes, startNode(t, dirs[i], addrs[i], kind))
		}
		var conf raft.Configuration
		for _, a := range addrs {
			conf.Servers = append(conf.Servers, raft.Server{ID: raft.ServerID(a), Address: raft.ServerAddress(a)})
		}
		if err := nodes[0].raft.BootstrapCluster(conf).Error(); err != nil {
			t.Fatal(err)
		}
		old := leaderOf(t, nodes)
		applyMany(t, nodes[old], 200, "a")
		nodes[old].close()
		nodes[old] = nil

		next := leaderOf(t, nodes)
		applyMany(t, nodes[next], 300, "b")
		if err := nodes[next].raft.Snapshot().Error(); err != nil { // leaves fewer entries than the old leader misses
			t.Fatal(err)
		}
		nodes[old] = startNode(t, dirs[old], addrs[old], kind)
		applyMany(t, nodes[next], 10, "c")
		eventually(t, "510 entries on all", func() bool {
			for _, n := range nodes {
				if count, _ := n.fsm.state(); count != 510 {
					return false
				}
			}
			return true
		})
		_, want := nodes[next].fsm.state()
		for i, n := range nodes {
			if _, got := n.fsm.state(); got != want {
				t.Errorf("node %d: digest %08x, the leader's %08x", i, got, want)
			}
			n.close()
		}
		for _, dir := range dirs { // what `usher check` does
			s, err := openStores(dir, kind, 0, true)
			if err != nil {
				t.Fatal(err)
			}
			if err := newVerifiedLog(s.Log, sumCheck, nil).VerifyAll(t.Context()); err != nil {
				t.Error(err)
			}
			mustClose(t, s)
		}
	})
}

// crashers are requests, each a sequence, that end a process in which Raft has its own transport.
func crashers() map[string]func(to *raft.NetworkTransport, target raft.ServerAddress) {
	send := func(req *raft.AppendEntriesRequest) func(*raft.NetworkTransport, raft.ServerAddress) {
		req.LeaderCommitIndex = 1
		return func(tr *raft.NetworkTransport, target raft.ServerAddress) {
			_ = tr.AppendEntries("x", target, req, &raft.AppendEntriesResponse{}) // the answer does not matter
		}
	}
	bad := badAppends()
	return map[string]func(*raft.NetworkTransport, raft.ServerAddress){
		"nil entry":         send(bad["nil entry"]),
		"unknown type":      send(bad["unknown type"]),
		"bad configuration": send(bad["bad configuration"]),
		"bad snapshot": func(tr *raft.NetworkTransport, target raft.ServerAddress) {
			req := goodInstall()
			req.RPCHeader, req.Configuration, req.Size = heartbeat.RPCHeader, []byte{0xc1}, 0
			_ = tr.InstallSnapshot("x", target, &req, &raft.InstallSnapshotResponse{}, bytes.NewReader(nil))
		},
	}
}

// TestTransportKeepsCrashersOut sends each crasher to a real Raft in a process of its own, bare (to
// know that it still crashes) and behind the safe transport.
func TestTransportKeepsCrashersOut(t *testing.T) {
	if which := os.Getenv("USHER_TEST_CRASH"); which != "" {
		crashMe(t, which, os.Getenv("USHER_TEST_BARE") != "")
		return
	}
	for name := range crashers() {
		for _, bare := range []string{"", "bare"} {
			t.Run(name+" "+bare, func(t *testing.T) {
				t.Parallel()
				cmd := exec.Command(os.Args[0], "-test.run=^TestTransportKeepsCrashersOut$")
				cmd.Env = append(os.Environ(), "USHER_TEST_CRASH="+name, "USHER_TEST_BARE="+bare)
				out, err := cmd.CombinedOutput()
				crashed := err != nil && strings.Contains(string(out), "panic")
				if bare == "" && err != nil {
					t.Errorf("behind the safe transport: %v\n%s", err, out)
				}
				if bare != "" && !crashed {
					t.Errorf("bare Raft did not crash: %v\n%s", err, out)
				}
			})
		}
	}
}

func crashMe(t *testing.T, which string, bare bool) {
	m, client := newTestMux(t), newTestMux(t)
	store := raft.NewInmemStore()
	var trans raft.Transport
	layer := m.Layer(1, nil)
	netCfg := raft.NetworkTransportConfig{Stream: layer, MaxPool: 1, Timeout: time.Second, Logger: hclog.NewNullLogger()}
	if bare {
		trans = raft.NewNetworkTransportWithConfig(&netCfg)
	} else {
		trans = newTransport(layer, transportConfig{Heartbeat: time.Second})
	}
	r, err := raft.NewRaft(raftConfig("victim"), &tallyFSM{}, store, store, raft.NewInmemSnapshotStore(), trans)
	if err != nil {
		t.Fatal(err)
	}
	netCfg.Stream = client.Layer(1, nil)
	crashers()[which](raft.NewNetworkTransportWithConfig(&netCfg), address(layer))
	if r.State() == raft.Shutdown {
		t.Error("Raft has stopped")
	}
	time.Sleep(100 * time.Millisecond) // a panic on another goroutine
}
