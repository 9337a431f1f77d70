package peer

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/raft"
	"go.uber.org/goleak"

	"github.com/usherhq/usher/raftfsm/peer/peertest"
)

// testCluster is the cluster of the muxes below.
var testCluster = [16]byte{1}

// newTestMux is a node whose id is its address.
func newTestMux(t testing.TB, opts ...Option) *Mux {
	t.Helper()
	return testMux(peertest.Listen(t), opts...)
}

func testMux(ln net.Listener, opts ...Option) *Mux {
	m := NewMux(ln, opts...)
	m.SetIdentity(Identity{Cluster: testCluster, Node: ln.Addr().String()})
	return m
}

func address(l raft.StreamLayer) raft.ServerAddress { return raft.ServerAddress(l.Addr().String()) }

func TestMuxRoutesGroups(t *testing.T) {
	defer goleak.VerifyNone(t)
	a, b := newTestMux(t), newTestMux(t)
	defer mustClose(t, a)
	defer mustClose(t, b)
	for _, group := range []uint16{0, 1, 65535} {
		from, to := a.Layer(group, nil), b.Layer(group, nil)
		out, err := from.Dial(address(to), time.Second)
		if err != nil {
			t.Fatal(err)
		}
		defer out.Close()
		in, err := to.Accept()
		if err != nil {
			t.Fatal(err)
		}
		defer in.Close()
		if _, err := out.Write([]byte{byte(group)}); err != nil {
			t.Fatal(err)
		}
		var got [1]byte
		if _, err := io.ReadFull(in, got[:]); err != nil || got[0] != byte(group) {
			t.Errorf("group %d got %v, %v", group, got, err)
		}
	}
}

// wantHangup says that the other side closes c within d.
func wantHangup(t *testing.T, what string, c net.Conn, d time.Duration) {
	t.Helper()
	if err := c.SetReadDeadline(time.Now().Add(d)); err != nil {
		t.Fatal(err)
	}
	_, err := c.Read(make([]byte, 1))
	var nerr net.Error
	if err == nil || errors.As(err, &nerr) && nerr.Timeout() {
		t.Errorf("%s: not hung up on: %v", what, err)
	}
}

func TestMuxRefuses(t *testing.T) {
	defer goleak.VerifyNone(t)
	m := newTestMux(t, withHandshake(200*time.Millisecond))
	defer mustClose(t, m)
	m.Layer(1, nil) // whose Accept nobody calls
	self := m.identity()
	foreign := Identity{Cluster: [16]byte{2}, Node: "a"}
	for name, head := range map[string][]byte{
		"unknown group":   headerOf(&hello{route{kindRaft, 9}, self, self.Node}),
		"unknown kind":    headerOf(&hello{route{kindCalls, 1}, self, self.Node}),
		"other cluster":   headerOf(&hello{route{kindRaft, 1}, foreign, self.Node}),
		"other node":      headerOf(&hello{route{kindRaft, 1}, self, "b"}),
		"no node":         headerOf(&hello{route{kindRaft, 1}, self, ""}),
		"misled call":     headerOf(&hello{route{kindCalls, 0}, self, "b"}),
		"half a hello":    headerOf(&hello{route{kindRaft, 1}, self, self.Node})[:30],
		"long id":         append([]byte("USHR\x02\x01\x00\x01"), bytes.Repeat([]byte{65}, 100)...),
		"other version":   []byte("USHR\x01\x01\x00\x01"),
		"HTTP":            []byte("GET / HTTP/1.1\r\n\r\n"),
		"silence":         nil,
		"half a header":   []byte("USHR"),
		"nobody accepts":  headerOf(&hello{route{kindRaft, 1}, self, self.Node}),
		"a closed prefix": []byte("USH"),
	} {
		c, err := net.Dial("tcp", m.addr().String())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.Write(head); err != nil {
			t.Fatal(err)
		}
		wantHangup(t, name, c, 3*time.Second)
		c.Close()
	}
}

func TestMuxBoundsHandshakes(t *testing.T) {
	defer goleak.VerifyNone(t)
	m := newTestMux(t, withPending(4), withHandshake(time.Minute))
	var conns []net.Conn
	for range 5 {
		c, err := net.Dial("tcp", m.addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		conns = append(conns, c)
	}
	wantHangup(t, "the fifth", conns[4], 3*time.Second)
	begin := time.Now()
	mustClose(t, m)
	if took := time.Since(begin); took > 3*time.Second {
		t.Errorf("Close took %v", took)
	}
	wantHangup(t, "the first, after Close", conns[0], 3*time.Second)
}

func TestMuxWithoutPort(t *testing.T) {
	defer goleak.VerifyNone(t)
	m := NewMux(nil)
	l := m.Layer(3, nil)
	if _, err := l.Dial("127.0.0.1:1", time.Second); !errors.Is(err, ErrNoPort) {
		t.Errorf("Dial: %v", err)
	}
	done := make(chan error, 1)
	go func() { _, err := l.Accept(); done <- err }()
	select {
	case err := <-done:
		t.Fatalf("Accept returned: %v", err)
	case <-time.After(50 * time.Millisecond):
	}
	mustClose(t, m)
	if err := <-done; !errors.Is(err, net.ErrClosed) {
		t.Errorf("Accept after Close: %v", err)
	}
}

func TestMuxLayerLifetime(t *testing.T) {
	defer goleak.VerifyNone(t)
	m := newTestMux(t)
	defer mustClose(t, m)
	first, second := m.Layer(1, nil), m.Layer(1, nil)
	if _, err := second.Accept(); err == nil || !strings.Contains(err.Error(), "already") {
		t.Errorf("the second of one group: %v", err)
	}
	mustClose(t, second)
	mustClose(t, first)
	if _, err := first.Dial(address(first), time.Second); err == nil {
		t.Error("a closed layer dials")
	}
	again := m.Layer(1, nil) // a group that is restarted
	c, err := again.Dial(address(again), time.Second)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	in, err := again.Accept()
	if err != nil {
		t.Fatal(err)
	}
	in.Close()
}

func TestMuxDialObeysTimeout(t *testing.T) {
	m := newTestMux(t, WithDial(func(ctx context.Context, addr string) (net.Conn, error) {
		<-ctx.Done()
		return nil, ctx.Err()
	}))
	defer mustClose(t, m)
	if _, err := m.Layer(1, nil).Dial("peer", 30*time.Millisecond); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Dial: %v", err)
	}
}

func TestListenPlain(t *testing.T) {
	for _, addr := range []string{"0.0.0.0:0", ":0", "[::]:0", "192.0.2.1:0"} {
		if ln, err := listenPlain(addr, false); !errors.Is(err, errNotLoopback) {
			t.Errorf("%s: %v, %v", addr, ln, err)
		}
	}
	for addr, anywhere := range map[string]bool{"127.0.0.1:0": false, "localhost:0": false, "0.0.0.0:0": true} {
		ln, err := listenPlain(addr, anywhere)
		if err != nil {
			t.Errorf("%s: %v", addr, err)
			continue
		}
		mustClose(t, ln)
	}
}

// TestMuxIdentity: who is let through to a group changes with who this node is, and with who may
// talk to it.
func TestMuxIdentity(t *testing.T) {
	defer goleak.VerifyNone(t)
	a, b := newTestMux(t), NewMux(peertest.Listen(t))
	defer mustClose(t, a)
	defer mustClose(t, b)
	from, to := a.Layer(1, nil), b.Layer(1, nil)
	dial := func(name string, want bool) {
		t.Helper()
		out, err := from.Dial(address(to), time.Second)
		if err != nil {
			t.Fatal(err)
		}
		defer out.Close()
		if !want {
			wantHangup(t, name, out, 3*time.Second)
			return
		}
		in, err := to.Accept()
		if err != nil {
			t.Fatal(err)
		}
		in.Close()
	}
	b.SetIdentity(Identity{Node: string(address(to))})
	dial("of a node without a cluster", false)
	b.SetIdentity(Identity{Cluster: testCluster, Node: string(address(to))})
	dial("joined", true)
	wiped := [16]byte{9}
	b.SetAllow(func(node string, incarnation [16]byte) error {
		if node != string(address(from)) {
			t.Errorf("asked for node %q", node)
		}
		if incarnation == wiped {
			return errors.New("it was wiped")
		}
		return nil
	})
	dial("allowed", true)
	a.SetIdentity(Identity{Cluster: testCluster, Node: string(address(from)), Incarnation: wiped})
	dial("wiped", false)
}
