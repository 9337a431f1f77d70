package raftfsm

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"
	"time"
)

// testPort is a node that looks for a cluster.
type testPort struct {
	*Port
	addr string
}

func openTestPort(t *testing.T, id string, incarnation byte, change ...func(*PortConfig)) testPort {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	cfg := PortConfig{Listener: ln, Groups: 2, Voters: 3, Self: Member{NodeID: id, Incarnation: ID128{incarnation}, Addr: ln.Addr().String(), Version: ClusterVersion}}
	for _, c := range change {
		c(&cfg)
	}
	p := OpenPort(cfg)
	t.Cleanup(func() {
		if err := p.Close(); err != nil {
			t.Errorf("closing the port of %s: %v", id, err)
		}
	})
	return testPort{p, ln.Addr().String()}
}

func addrsOf(ports []testPort) (addrs []string) {
	for _, p := range ports {
		addrs = append(addrs, p.addr)
	}
	return addrs
}

// TestFoundersAgree: all come to the same cluster, whatever the order of their lists.
func TestFoundersAgree(t *testing.T) {
	var ports []testPort
	for i := range 3 {
		ports = append(ports, openTestPort(t, fmt.Sprintf("n%d", i), byte(i+1)))
	}
	addrs := addrsOf(ports)
	got := make([]Joined, 3)
	var wg sync.WaitGroup
	for i, p := range ports {
		list := append(append([]string{}, addrs[i:]...), addrs[:i]...)
		wg.Go(func() {
			time.Sleep(time.Duration(i) * 100 * time.Millisecond) // not all at once
			var err error
			if got[i], err = p.Assemble(t.Context(), AssembleConfig{Join: list, Expect: 3}); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	for i := range got {
		if got[i].Cluster.IsZero() || got[i].Cluster != got[0].Cluster || len(got[i].Founders) != 3 || got[i].Founders[0].NodeID != "n0" {
			t.Errorf("n%d is in %v of %v, n0 in %v", i, got[i].Cluster, got[i].Founders, got[0].Cluster)
		}
	}
	// A founder that has not heard of it yet comes to the same; a node that is none, and one whose
	// folder is another, ask to be let in.
	var asked []Member
	let := func(_ context.Context, m Member) (Joined, error) {
		asked = append(asked, m)
		if m.NodeID == "n1" {
			return Joined{}, ErrNodeWiped
		}
		return got[0], nil
	}
	ports[0].join.Store(&let)
	late := openTestPort(t, "n9", 9)
	j, err := late.Assemble(t.Context(), AssembleConfig{Join: addrs[:1], Expect: 1})
	if err != nil || j.Cluster != got[0].Cluster || len(j.Founders) != 0 || len(asked) != 1 || asked[0].NodeID != "n9" {
		t.Errorf("%+v, %v, asked %v", j, err, asked)
	}
	wiped := openTestPort(t, "n1", 77)
	if _, err := wiped.Assemble(t.Context(), AssembleConfig{Join: addrs[:1], Expect: 1}); !errors.Is(err, ErrNodeWiped) {
		t.Errorf("a wiped founder: %v", err)
	}
}

// TestNobodyFoundsAlone: while one of those that are to found it is missing, there is no cluster.
func TestNobodyFoundsAlone(t *testing.T) {
	a, b := openTestPort(t, "a", 1), openTestPort(t, "b", 2)
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	missing := free.Addr().String()
	if err := free.Close(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	told := make(chan string, 10)
	done := make(chan error, 1)
	go func() {
		_, err := a.Assemble(ctx, AssembleConfig{Join: []string{a.addr, b.addr, missing}, Expect: 3, Report: func(why string) { told <- why }})
		done <- err
	}()
	if why := <-told; !strings.Contains(why, missing) || !strings.Contains(why, "waiting for 1 of the 3") {
		t.Errorf("it waits, and says %q", why)
	}
	cancel()
	if err := <-done; !errors.Is(err, ErrStarting) || !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

func TestFoundersThatDoNotFit(t *testing.T) {
	for name, c := range map[string]struct {
		other testPort
		want  string
	}{
		"the same id":     {openTestPort(t, "a", 2), `both node "a"`},
		"other groups":    {openTestPort(t, "b", 2, func(c *PortConfig) { c.Groups = 4 }), "of 4 groups"},
		"other voters":    {openTestPort(t, "b", 2, func(c *PortConfig) { c.Voters = 5 }), "with 5 voters"},
		"a read replica":  {openTestPort(t, "b", 2, func(c *PortConfig) { c.Self.ReadReplica = true }), "read replica"},
		"too few of them": {openTestPort(t, "b", 2), "3 nodes are to found"},
	} {
		a := openTestPort(t, "a", 1)
		cfg := AssembleConfig{Join: []string{a.addr, c.other.addr}, Expect: 2}
		if strings.HasPrefix(name, "too few") {
			cfg.Expect = 3
		}
		if _, err := a.Assemble(t.Context(), cfg); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
