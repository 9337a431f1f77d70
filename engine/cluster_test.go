package engine_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/usherhq/usher/engine"
	"github.com/usherhq/usher/raftfsm"
)

func putHall(t *testing.T, e *engine.Engine) {
	t.Helper()
	if _, _, err := e.PutChart(t.Context(), "hall", smallChart(8)); err != nil {
		t.Fatal(err)
	}
}

// members are engines of one cluster, in this process, each as it would be alone in its own.
type members struct {
	t     *testing.T
	dir   string
	mu    sync.Mutex
	ports map[string]string
}

func newMembers(t *testing.T, ids ...string) *members {
	m := &members{t: t, dir: t.TempDir(), ports: map[string]string{}}
	for _, id := range ids {
		m.port(id)
	}
	return m
}

// port reserves an address for a node: it is listened on when the node is opened.
func (m *members) port(id string) string {
	m.t.Helper()
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.ports[id] == "" {
		ln, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			m.t.Fatal(err)
		}
		m.ports[id] = ln.Addr().String()
		if err := ln.Close(); err != nil {
			m.t.Fatal(err)
		}
	}
	return m.ports[id]
}

func (m *members) config(id string, expect int, join ...string) engine.Config {
	c := &engine.Cluster{NodeID: id, Listen: m.port(id), BootstrapExpect: expect, Insecure: true}
	for _, j := range join {
		c.Join = append(c.Join, m.port(j))
	}
	return engine.Config{Dir: filepath.Join(m.dir, id), Groups: 2, Cluster: c}
}

// open opens all at once: none is ready before a majority is.
func (m *members) open(cfgs ...engine.Config) []*engine.Engine {
	m.t.Helper()
	ctx, cancel := context.WithTimeout(m.t.Context(), time.Minute)
	defer cancel()
	all, errs := make([]*engine.Engine, len(cfgs)), make([]error, len(cfgs))
	var wg sync.WaitGroup
	for i, cfg := range cfgs {
		wg.Go(func() { all[i], errs[i] = engine.Open(ctx, cfg) })
	}
	wg.Wait()
	for _, e := range all {
		if e != nil {
			m.t.Cleanup(func() {
				if err := e.Close(); err != nil {
					m.t.Errorf("close: %v", err)
				}
			})
		}
	}
	if err := errors.Join(errs...); err != nil {
		m.t.Fatal(err)
	}
	return all
}

func clusterOf(t *testing.T, e *engine.Engine) *engine.ClusterView {
	t.Helper()
	v, err := e.ClusterStatus(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// until waits for what comes about by itself.
func until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !ok(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%s has not come about", what)
		}
	}
}

// TestThreeEnginesAreOneCluster: seats claimed at any of them are claimed at all, also after the
// one that led is gone, and a fourth takes its place.
func TestThreeEnginesAreOneCluster(t *testing.T) {
	m := newMembers(t, "a", "b", "c")
	all := m.open(m.config("a", 3, "a", "b", "c"), m.config("b", 3, "c", "b", "a"), m.config("c", 3, "a", "b", "c"))
	ctx := t.Context()
	putHall(t, all[0])
	ev, err := all[1].CreateEvent(ctx, engine.EventSpec{VenueID: "hall", EventDate: "2027-01-01", ChartID: "hall"})
	if err != nil {
		t.Fatal(err)
	}
	hold := func(e *engine.Engine, seat, key string) (engine.Hold, error) {
		return e.Hold(ctx, engine.HoldRequest{EventID: ev.EventID, SeatIDs: []string{seat}, HolderID: "ada", IdempotencyKey: key})
	}
	for i, e := range all {
		h, err := hold(e, fmt.Sprintf("A-%d", i+1), fmt.Sprint("key", i))
		if err != nil {
			t.Fatalf("engine %d: %v", i, err)
		}
		for k, other := range all {
			if again, err := hold(other, fmt.Sprintf("A-%d", i+1), fmt.Sprint("key", i)); err != nil || again.HoldID != h.HoldID {
				t.Errorf("the same request at engine %d: %v, %v", k, again.HoldID, err)
			}
			if _, err := hold(other, fmt.Sprintf("A-%d", i+1), ""); !errors.Is(err, engine.ErrSeatsUnavailable) {
				t.Errorf("a taken seat at engine %d: %v", k, err)
			}
			if _, err := other.HoldByID(ctx, h.HoldID); err != nil {
				t.Errorf("the hold at engine %d: %v", k, err)
			}
		}
	}
	if v := clusterOf(t, all[2]); len(v.Nodes) != 3 || v.Cluster.IsZero() {
		t.Errorf("%+v", v)
	}

	// A backup made at any of them has what all of them sold, and starts another cluster.
	var backup bytes.Buffer
	if err := all[1].Backup(ctx, &backup); err != nil {
		t.Fatal(err)
	}
	restored := filepath.Join(t.TempDir(), "restored")
	if _, err := engine.Restore(ctx, bytes.NewReader(backup.Bytes()), restored, engine.RestoreOptions{}); err != nil {
		t.Fatal(err)
	}
	again := m.open(engine.Config{Dir: restored, Cluster: &engine.Cluster{Listen: m.port("again"), Insecure: true}})[0]
	if got, err := again.Event(ctx, ev.EventID); err != nil || got.Seats.Held != 3 {
		t.Errorf("restored: %+v, %v", got.Seats, err)
	}
	if v := clusterOf(t, again); len(v.Nodes) != 1 || v.Cluster == clusterOf(t, all[0]).Cluster {
		t.Errorf("restored: %+v", v)
	}

	// One goes; writes go on.
	if err := all[0].Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := hold(all[1], "A-4", "after"); err != nil {
		t.Fatal(err)
	}
	// A fourth comes; the one that is lost is taken out by force, as a sale is under way.
	four := m.open(m.config("d", 0, "b", "c"))[0]
	if _, err := four.HoldByID(ctx, mustHold(t, hold, all[2], "A-5").HoldID); err != nil {
		t.Error(err)
	}
	if err := four.RemoveNode(ctx, engine.NodeChange{NodeID: "a", DuringSales: true, Force: true}); err != nil {
		t.Fatal(err)
	}
	if err := four.AddNode(ctx, engine.NodeChange{NodeID: "d", DuringSales: true}); err != nil {
		t.Fatal(err)
	}
	until(t, "d votes everywhere in a's place", func() bool {
		for _, g := range clusterOf(t, four).Groups {
			if !slices.Contains(g.Voters, "d") || slices.Contains(g.Voters, "a") || !g.Quorum {
				return false
			}
		}
		return true
	})
	if _, err := hold(four, "A-6", "at the fourth"); err != nil {
		t.Fatal(err)
	}
	// Its folder, and a new one under its id, are refused.
	cfg := m.config("a", 3, "a", "b", "c")
	opening, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	if err := os.RemoveAll(cfg.Dir); err != nil {
		t.Fatal(err)
	}
	if _, err := engine.Open(opening, cfg); !errors.Is(err, engine.ErrNodeRemoved) {
		t.Errorf("a removed node under its id with a new folder: %v", err)
	}
}

func mustHold(t *testing.T, hold func(*engine.Engine, string, string) (engine.Hold, error), e *engine.Engine, seat string) engine.Hold {
	t.Helper()
	h, err := hold(e, seat, "")
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// TestLoneNodeBecomesACluster: what a node sold alone is there when others join it.
func TestLoneNodeBecomesACluster(t *testing.T) {
	m := newMembers(t, "b")
	dir := filepath.Join(m.dir, "first")
	alone, err := engine.Open(t.Context(), engine.Config{Dir: dir, Groups: 2})
	if err != nil {
		t.Fatal(err)
	}
	putHall(t, alone)
	ev, err := alone.CreateEvent(t.Context(), engine.EventSpec{VenueID: "hall", EventDate: "2027-01-01", ChartID: "hall"})
	if err != nil {
		t.Fatal(err)
	}
	h, err := alone.Hold(t.Context(), engine.HoldRequest{EventID: ev.EventID, SeatIDs: []string{"A-1"}, HolderID: "ada"})
	if err != nil {
		t.Fatal(err)
	}
	if err := alone.Close(); err != nil {
		t.Fatal(err)
	}
	first := engine.Config{Dir: dir, Cluster: &engine.Cluster{Listen: m.port("first"), Insecure: true}}
	one := m.open(first)[0]
	b := m.open(m.config("b", 0, "first"))[0]
	if got, err := b.HoldByID(t.Context(), h.HoldID); err != nil || got.FencingToken != h.FencingToken {
		t.Errorf("%+v, %v", got, err)
	}
	if v := clusterOf(t, one); len(v.Nodes) != 2 || v.SeenBy == "first" || !strings.HasPrefix(v.SeenBy, "node-") {
		t.Errorf("%+v", v)
	}
	if _, err := engine.Open(t.Context(), engine.Config{Dir: filepath.Join(m.dir, "b")}); err == nil || !strings.Contains(err.Error(), "another process") && !strings.Contains(err.Error(), "in use") {
		t.Errorf("a member's folder, opened twice: %v", err)
	}
}

func TestClusterConfigIsChecked(t *testing.T) {
	good := func() *engine.Cluster { return &engine.Cluster{NodeID: "a", Listen: "127.0.0.1:0", Insecure: true} }
	for field, change := range map[string]func(*engine.Cluster){
		"Cluster.NodeID":       func(c *engine.Cluster) { c.NodeID = "a b" },
		"Cluster.Listen":       func(c *engine.Cluster) { c.Listen = "" },
		"Cluster.Zone":         func(c *engine.Cluster) { c.Zone = "no zone" },
		"Cluster.Voters":       func(c *engine.Cluster) { c.Voters = 2 },
		"Cluster.TLS":          func(c *engine.Cluster) { c.Insecure = false },
		"Cluster.Insecure":     func(c *engine.Cluster) { c.TLS.CertFile = "x" },
		"Cluster.Advertise":    func(c *engine.Cluster) { c.Advertise = "nowhere" },
		"Cluster.Join":         func(c *engine.Cluster) { c.Join = []string{"x"} },
		"Cluster.ReplaceAfter": func(c *engine.Cluster) { c.ReplaceAfter = -1 },
	} {
		c := good()
		change(c)
		_, err := engine.Open(t.Context(), engine.Config{Dir: t.TempDir(), Cluster: c})
		var bad *engine.InvalidError
		if !errors.As(err, &bad) || bad.Field != field {
			t.Errorf("%s: %v", field, err)
		}
	}
	if _, err := engine.Open(t.Context(), engine.Config{Dir: t.TempDir(), Replicas: 3, Cluster: good()}); err == nil {
		t.Error("three replicas in one process as one member")
	}
	open := good()
	open.Listen = "0.0.0.0:0"
	if _, err := engine.Open(t.Context(), engine.Config{Dir: t.TempDir(), Cluster: open}); err == nil || !strings.Contains(err.Error(), "loopback") {
		t.Errorf("plaintext for all the world: %v", err)
	}
}

// TestAllAddressesChange: a cluster whose nodes all come back at other addresses finds itself by
// the new list, before there is a majority to ask.
func TestAllAddressesChange(t *testing.T) {
	m := newMembers(t, "a", "b", "c")
	ids := []string{"a", "b", "c"}
	configs := func() (cfgs []engine.Config) {
		for _, id := range ids {
			cfgs = append(cfgs, m.config(id, 3, ids...))
		}
		return cfgs
	}
	all := m.open(configs()...)
	putHall(t, all[0])
	for _, e := range all {
		if err := e.Close(); err != nil {
			t.Fatal(err)
		}
	}
	m.ports = map[string]string{}
	for _, id := range []string{"x", "y", "z"} {
		m.port(id) // so that none is where it was
	}
	all = m.open(configs()...)
	if _, err := all[1].CreateEvent(t.Context(), engine.EventSpec{VenueID: "hall", EventDate: "2027-01-01", ChartID: "hall"}); err != nil {
		t.Fatal(err)
	}
	until(t, "the directory has the new addresses", func() bool {
		for _, n := range clusterOf(t, all[2]).Nodes {
			if n.Addr != m.port(n.NodeID) {
				return false
			}
		}
		return true
	})
}

// TestReadReplica: it shows what was sold, takes claims for the leader, and never votes.
func TestReadReplica(t *testing.T) {
	m := newMembers(t, "a", "r")
	a := m.open(m.config("a", 1, "a"))[0]
	putHall(t, a)
	ev, err := a.CreateEvent(t.Context(), engine.EventSpec{VenueID: "hall", EventDate: "2027-01-01", ChartID: "hall"})
	if err != nil {
		t.Fatal(err)
	}
	cfg := m.config("r", 0, "a")
	cfg.Cluster.ReadReplica = true
	r := m.open(cfg)[0]
	h := hold(t, r, ev.EventID, "A-1")
	if got, err := r.HoldByID(t.Context(), h.HoldID); err != nil || got.HoldID != h.HoldID {
		t.Errorf("what it was told itself: %+v, %v", got, err)
	}
	sm, err := r.SeatMap(t.Context(), ev.EventID, h.Version)
	if err != nil || sm.Version < h.Version {
		t.Errorf("min_version: %v", err)
	}
	for _, g := range clusterOf(t, r).Groups {
		if slices.Contains(g.Voters, "r") || !slices.Contains(g.Others, "r") {
			t.Errorf("group %d: voters %v, read replicas %v", g.Group, g.Voters, g.Others)
		}
	}
	if err := r.AddNode(t.Context(), engine.NodeChange{NodeID: "r", DuringSales: true}); err != nil {
		t.Fatal(err)
	}
	if err := a.RemoveNode(t.Context(), engine.NodeChange{NodeID: "a", Force: true}); err == nil || !strings.Contains(err.Error(), "nobody is left to vote") {
		t.Errorf("the only voter was removed: %v", err)
	}

	// Its folder says so as well.
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	rep, err := raftfsm.Inspect(t.Context(), cfg.Dir)
	if err != nil || len(rep.Problems) > 0 {
		t.Fatal(err, rep)
	}
	for _, g := range rep.Replicas[0].Groups {
		if !slices.Equal(g.Voters, []string{"a"}) {
			t.Errorf("group %d's voters are %v", g.Group, g.Voters)
		}
	}
}

// TestDeadVoterIsReplaced: a voter that is silent for too long gives its place to a node that
// follows, also while a sale is under way; it stays a member, and follows when it is back.
func TestDeadVoterIsReplaced(t *testing.T) {
	m := newMembers(t, "a", "b", "c", "d")
	var cfgs []engine.Config
	for _, id := range []string{"a", "b", "c", "d"} {
		cfg := m.config(id, 3, "a", "b", "c", "d") // who of them founds it is for the ports to say
		cfg.Cluster.ReplaceAfter = 2 * time.Second
		cfgs = append(cfgs, cfg)
	}
	all := m.open(cfgs...)
	putHall(t, all[0])
	ev, err := all[0].CreateEvent(t.Context(), engine.EventSpec{VenueID: "hall", EventDate: "2027-01-01", ChartID: "hall"})
	if err != nil {
		t.Fatal(err)
	}
	votes := func(e *engine.Engine, id string) (n int) {
		for _, g := range clusterOf(t, e).Groups {
			if slices.Contains(g.Voters, id) {
				n++
			}
		}
		return n
	}
	var selling *raftGroup
	until(t, "every group has three voters", func() bool {
		for _, g := range clusterOf(t, all[0]).Groups {
			if len(g.Voters) != 3 || g.Leader == "" {
				return false
			}
			if g.Selling {
				selling = &raftGroup{g.Group, g.Voters}
			}
		}
		return selling != nil
	})
	victim := slices.Index([]string{"a", "b", "c", "d"}, selling.voters[0])
	id := selling.voters[0]
	witness := all[(victim+1)%4]
	if err := all[victim].Close(); err != nil {
		t.Fatal(err)
	}
	until(t, id+" votes nowhere", func() bool { return votes(witness, id) == 0 })
	hold(t, witness, ev.EventID, "A-1")
	back := m.open(cfgs[victim])[0]
	if got, err := back.Event(t.Context(), ev.EventID); err != nil || got.Seats.Held != 1 {
		t.Errorf("%+v, %v", got.Seats, err)
	}
	if n := votes(back, id); n > 0 && slices.Contains(clusterOf(t, back).Groups[selling.no].Voters, id) {
		t.Errorf("it votes in the group that sells again: nobody was missing there")
	}
}

type raftGroup struct {
	no     int
	voters []string
}

// TestReplicasOfOneProcessAreSeen: what usher cluster shows of a demo.
func TestReplicasOfOneProcessAreSeen(t *testing.T) {
	e, _ := open(t, engine.Config{Replicas: 3, Groups: 2})
	v := clusterOf(t, e)
	if len(v.Nodes) != 3 || !v.Cluster.IsZero() {
		t.Errorf("%+v", v)
	}
	for _, g := range v.Groups {
		if !g.Quorum || len(g.Voters) != 3 || len(g.Lag) != 3 {
			t.Errorf("%+v", g)
		}
		to := g.Voters[0]
		if to == g.Leader {
			to = g.Voters[1]
		}
		if moved, err := e.TransferLead(t.Context(), g.Group, "", to); err != nil || len(moved) != 1 {
			t.Errorf("group %d to %s: %v", g.Group, to, err)
		}
	}
}
