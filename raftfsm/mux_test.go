package raftfsm

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
)

func listenLoopback(t testing.TB) net.Listener {
	t.Helper()
	ln, err := listenPlain("127.0.0.1:0", false)
	if err != nil {
		t.Fatal(err)
	}
	return ln
}

func address(l raft.StreamLayer) raft.ServerAddress { return raft.ServerAddress(l.Addr().String()) }

func TestMuxRoutesGroups(t *testing.T) {
	defer goleak.VerifyNone(t)
	a, b := newMux(listenLoopback(t)), newMux(listenLoopback(t))
	defer mustClose(t, a)
	defer mustClose(t, b)
	for _, group := range []uint16{0, 1, 65535} {
		from, to := a.layer(group, nil), b.layer(group, nil)
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
	m := newMux(listenLoopback(t), muxHandshakeTimeout(200*time.Millisecond))
	defer mustClose(t, m)
	m.layer(1, nil) // whose Accept nobody calls
	for name, head := range map[string][]byte{
		"unknown group":   muxHeader(muxRoute{muxRaft, 9}),
		"unknown kind":    muxHeader(muxRoute{muxForward, 1}),
		"other version":   []byte("USHR\x02\x01\x00\x01"),
		"HTTP":            []byte("GET / HTTP/1.1\r\n\r\n"),
		"silence":         nil,
		"half a header":   []byte("USHR"),
		"nobody accepts":  muxHeader(muxRoute{muxRaft, 1}),
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
	m := newMux(listenLoopback(t), muxMaxPending(4), muxHandshakeTimeout(time.Minute))
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
	m := newMux(nil)
	l := m.layer(3, nil)
	if _, err := l.Dial("127.0.0.1:1", time.Second); !errors.Is(err, errNoPeers) {
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
	m := newMux(listenLoopback(t))
	defer mustClose(t, m)
	first, second := m.layer(1, nil), m.layer(1, nil)
	if _, err := second.Accept(); err == nil || !strings.Contains(err.Error(), "already") {
		t.Errorf("the second of one group: %v", err)
	}
	mustClose(t, second)
	mustClose(t, first)
	if _, err := first.Dial(address(first), time.Second); err == nil {
		t.Error("a closed layer dials")
	}
	again := m.layer(1, nil) // a group that is restarted
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
	m := newMux(listenLoopback(t), muxDial(func(ctx context.Context, addr string) (net.Conn, error) {
		<-ctx.Done()
		return nil, ctx.Err()
	}))
	defer mustClose(t, m)
	if _, err := m.layer(1, nil).Dial("peer", 30*time.Millisecond); !errors.Is(err, context.DeadlineExceeded) {
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

func FuzzMuxHeader(f *testing.F) {
	f.Add(muxHeader(muxRoute{muxRaft, 7}))
	f.Add([]byte("USHR\x01"))
	f.Add([]byte("GET / HTTP/1.1"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		r := bytes.NewReader(raw)
		route, err := readMuxHeader(r)
		if read := len(raw) - r.Len(); read > muxHeaderLen {
			t.Fatalf("read %d bytes", read)
		}
		if err != nil {
			if !errors.Is(err, errMuxHeader) {
				t.Fatalf("an untyped error: %v", err)
			}
			return
		}
		if !bytes.Equal(muxHeader(route), raw[:muxHeaderLen]) {
			t.Fatalf("%x was read as %+v", raw[:muxHeaderLen], route)
		}
	})
}
