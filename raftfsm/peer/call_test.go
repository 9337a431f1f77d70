package peer

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/usherhq/usher/raftfsm/peer/peertest"
)

// The kinds of calls that the nodes of these tests answer.
const (
	callEcho  = 16
	callFail  = 17
	callWait  = 18 // until its context ends
	callHello = 19 // open: who calls?
)

// errTold is an error that arrives as what it is.
var errTold = errors.New("told")

// testErrors has errors travel by their text; those below stay what they are.
type testErrors struct{}

func (testErrors) AppendError(buf []byte, err error) []byte { return append(buf, err.Error()...) }

func (testErrors) ReadError(b []byte) (told error, rest []byte, err error) {
	text := string(b)
	for _, known := range []error{errTold, ErrUnknownCall, ErrStranger, ErrOverload} {
		if text == known.Error() {
			return known, nil, nil
		}
		if strings.Contains(text, known.Error()) {
			return fmt.Errorf("%s (%w)", text, known), nil, nil
		}
	}
	return errors.New(text), nil, nil
}

func (testErrors) Overload() error { return fmt.Errorf("not done: %w", ErrOverload) }

// testCalls is a node that answers calls, and has no groups. Its id is its address.
func testCalls(t *testing.T, set ...func(*Calls)) *Calls {
	t.Helper()
	p := NewCalls(newTestMux(t), testErrors{}, slog.New(slog.DiscardHandler))
	p.Handle(callEcho, false, func(_ context.Context, _ string, body []byte) ([]byte, error) { return body, nil })
	p.Handle(callFail, false, func(_ context.Context, _ string, body []byte) ([]byte, error) {
		return nil, errTold
	})
	p.Handle(callWait, false, func(ctx context.Context, _ string, _ []byte) ([]byte, error) {
		<-ctx.Done()
		return []byte("ended"), nil
	})
	p.Handle(callHello, true, func(_ context.Context, from string, _ []byte) ([]byte, error) { return []byte(from), nil })
	for _, f := range set {
		f(p)
	}
	p.Serve()
	return p
}

func (p *Calls) id() string { return p.mux.identity().Node }

func (p *Calls) end(t *testing.T) {
	t.Helper()
	if err := p.Close(); err != nil {
		t.Error(err)
	}
	mustClose(t, p.mux)
}

func TestPeerCalls(t *testing.T) {
	defer goleak.VerifyNone(t)
	a, b := testCalls(t), testCalls(t)
	defer a.end(t)
	defer b.end(t)
	long := bytes.Repeat([]byte("usher"), maxCallBody/5)
	var wg sync.WaitGroup
	for caller := range handlersOfConn {
		wg.Go(func() {
			for i := range 20 {
				body := []byte{byte(i), byte(caller)}
				if i == 10 && caller%8 == 0 {
					body = append(body, long[:len(long)-2]...)
				}
				got, err := a.Call(t.Context(), b.id(), callEcho, body)
				if err != nil || !bytes.Equal(got, body) {
					t.Errorf("call %d of caller %d: %d bytes, %v", i, caller, len(got), err)
				}
			}
		})
	}
	wg.Wait()
	if _, err := a.Call(t.Context(), b.id(), callFail, nil); err != errTold {
		t.Errorf("a handler's error arrives as %v", err)
	}
	if _, err := a.Call(t.Context(), b.id(), 200, nil); !errors.Is(err, ErrUnknownCall) {
		t.Errorf("an unknown call: %v", err)
	}
	if _, err := a.Call(t.Context(), b.id(), callEcho, make([]byte, maxCallBody+1)); !errors.Is(err, errCallTooLong) || !errors.Is(err, ErrNotSent) {
		t.Errorf("a call that is too long: %v", err)
	}
	if n := len(a.links); n != 1 {
		t.Errorf("%d links", n)
	}
	if from, got, err := a.CallAddr(t.Context(), b.id(), callHello, nil); err != nil || from != b.id() || string(got) != a.id() {
		t.Errorf("by address: from %q, %q, %v", from, got, err)
	}
}

// TestPeerLongReply: a reply longer than a frame comes in parts.
func TestPeerLongReply(t *testing.T) {
	defer goleak.VerifyNone(t)
	want := bytes.Repeat([]byte("0123456789abcdef"), 3*maxFrame/16)
	a := testCalls(t)
	defer a.end(t)
	b := testCalls(t, func(p *Calls) {
		p.Handle(30, false, func(context.Context, string, []byte) ([]byte, error) { return want, nil })
	})
	defer b.end(t)
	got, err := a.Call(t.Context(), b.id(), 30, nil)
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("%d bytes, %v", len(got), err)
	}
}

// TestPeerStrangers: who is not of the cluster is answered open calls only.
func TestPeerStrangers(t *testing.T) {
	defer goleak.VerifyNone(t)
	a, b := testCalls(t), testCalls(t)
	defer a.end(t)
	defer b.end(t)
	a.mux.SetIdentity(Identity{Node: a.id()})
	if _, _, err := a.CallAddr(t.Context(), b.id(), callEcho, nil); !errors.Is(err, ErrStranger) {
		t.Errorf("a closed call without a cluster: %v", err)
	}
	if from, got, err := a.CallAddr(t.Context(), b.id(), callHello, nil); err != nil || from != b.id() || string(got) != a.id() {
		t.Errorf("an open call: from %q, %q, %v", from, got, err)
	}
	if _, err := a.Call(t.Context(), b.id(), callHello, nil); !errors.Is(err, ErrNotSent) || !errors.Is(err, errOtherNode) {
		t.Errorf("a node of another cluster was called: %v", err)
	}
	a.mux.SetIdentity(Identity{Cluster: testCluster, Node: a.id()})
	eventually(t, "a call once joined", func() bool {
		_, err := a.Call(t.Context(), b.id(), callEcho, nil)
		return err == nil
	})
	b.mux.SetAllow(func(string, [16]byte) error { return errors.New("it was removed") })
	a.mux.SetIdentity(Identity{Cluster: testCluster, Node: a.id(), Incarnation: [16]byte{1}}) // a new connection
	if _, err := a.Call(t.Context(), b.id(), callEcho, nil); !errors.Is(err, ErrStranger) || !strings.Contains(err.Error(), "removed") {
		t.Errorf("a node that was removed is told %v", err)
	}
}

// TestPeerOtherNode: an address that is somebody else's by now takes nobody's calls.
func TestPeerOtherNode(t *testing.T) {
	defer goleak.VerifyNone(t)
	a, b := testCalls(t), testCalls(t)
	defer a.end(t)
	defer b.end(t)
	at := b.mux.addr().String()
	a.mux.dial = func(ctx context.Context, _ string) (net.Conn, error) { return DialTCP(ctx, at) }
	if _, err := a.Call(t.Context(), "c", callEcho, nil); !errors.Is(err, ErrNotSent) {
		t.Errorf("%v", err)
	}
}

// TestPeerDies: a call under way when its peer goes away may have been handled; the next one has
// not, until the peer is back.
func TestPeerDies(t *testing.T) {
	defer goleak.VerifyNone(t)
	a, proxy := testCalls(t), peertest.NewProxy(t)
	defer a.end(t)
	defer proxy.Close()
	b := testCalls(t)
	defer b.end(t)
	proxy.Lead(b.id())
	a.mux.dial = func(ctx context.Context, _ string) (net.Conn, error) { return DialTCP(ctx, proxy.Addr()) }
	got := make(chan error)
	go func() {
		_, err := a.Call(t.Context(), b.id(), callWait, nil)
		got <- err
	}()
	eventually(t, "the call to arrive", func() bool { return len(b.slots) == 1 })
	proxy.Lead("")
	proxy.Cut()
	if err := <-got; !errors.Is(err, ErrBroken) {
		t.Errorf("under way: %v", err)
	}
	for range 3 {
		if _, err := a.Call(t.Context(), b.id(), callEcho, nil); !errors.Is(err, ErrNotSent) {
			t.Errorf("while it is away: %v", err)
		}
	}
	proxy.Lead(b.id())
	eventually(t, "a call when it is back", func() bool {
		_, err := a.Call(t.Context(), b.id(), callEcho, nil)
		return err == nil
	})
}

// TestPeerSilent: a peer that takes calls and says nothing is hung up on, long before its calls'
// deadlines; one that is only slow is not.
func TestPeerSilent(t *testing.T) {
	defer goleak.VerifyNone(t)
	soon := func(p *Calls) { p.quiet, p.silence = 100*time.Millisecond, 400*time.Millisecond }
	a, b, proxy := testCalls(t, soon), testCalls(t), peertest.NewProxy(t)
	defer b.end(t)
	defer a.end(t)
	defer proxy.Close()
	proxy.Lead(b.id())
	a.mux.dial = func(ctx context.Context, _ string) (net.Conn, error) { return DialTCP(ctx, proxy.Addr()) }
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	slow, leave := context.WithTimeout(ctx, time.Second)
	defer leave()
	if _, err := a.Call(slow, b.id(), callWait, nil); !errors.Is(err, ErrBroken) || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a slow peer: %v", err)
	}
	proxy.Mute()
	if _, err := a.Call(ctx, b.id(), callEcho, nil); !errors.Is(err, errSilent) || !errors.Is(err, ErrBroken) {
		t.Errorf("a silent peer: %v", err)
	}
}

func TestPeerOverload(t *testing.T) {
	defer goleak.VerifyNone(t)
	a, b := testCalls(t), testCalls(t)
	defer b.end(t)
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	for range handlersOfConn {
		wg.Go(func() {
			if _, err := a.Call(ctx, b.id(), callWait, nil); !errors.Is(err, ErrBroken) {
				t.Errorf("a call whose caller left: %v", err)
			}
		})
	}
	eventually(t, "all handlers at work", func() bool { return len(b.slots) == handlersOfConn })
	if _, err := a.Call(t.Context(), b.id(), callEcho, nil); !errors.Is(err, ErrOverload) || !strings.HasPrefix(err.Error(), "not done") {
		t.Errorf("one more: %v", err)
	}
	cancel()
	wg.Wait()
	a.end(t)
	eventually(t, "the handlers end with the connection", func() bool { return len(b.slots) == 0 })
}

// TestPeerCloseAnswers: a node that closes answers what it is at work on, and tells its own
// callers that they are left without an answer.
func TestPeerCloseAnswers(t *testing.T) {
	defer goleak.VerifyNone(t)
	a, b := testCalls(t), testCalls(t)
	type answer struct {
		body []byte
		err  error
	}
	fromA, fromB := make(chan answer, 1), make(chan answer, 1)
	go func() { got, err := a.Call(t.Context(), b.id(), callWait, nil); fromA <- answer{got, err} }()
	go func() { got, err := b.Call(t.Context(), a.id(), callWait, nil); fromB <- answer{got, err} }()
	eventually(t, "both calls to arrive", func() bool { return len(a.slots) == 1 && len(b.slots) == 1 })
	b.end(t)
	if got := <-fromA; got.err != nil || string(got.body) != "ended" {
		t.Errorf("the caller of a node that closed was told %q, %v", got.body, got.err)
	}
	if got := <-fromB; !errors.Is(got.err, ErrBroken) || !errors.Is(got.err, ErrClosed) {
		t.Errorf("a caller of the node that closed was told %v", got.err)
	}
	if _, err := b.Call(t.Context(), a.id(), callEcho, nil); !errors.Is(err, ErrNotSent) || !errors.Is(err, ErrClosed) {
		t.Errorf("a call of a closed node: %v", err)
	}
	a.end(t)
}

// TestPeerGarbage: who speaks something else, or too much, is hung up on.
func TestPeerGarbage(t *testing.T) {
	defer goleak.VerifyNone(t)
	b := testCalls(t)
	defer b.end(t)
	for name, raw := range map[string][]byte{
		"too long":  {0xff, 0xff, 0xff, 0xff},
		"too short": {1, 0, 0, 0, 0},
		"bad sum":   {13, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, callEcho, 1, 2, 3, 4},
	} {
		c, err := b.mux.dialNode(t.Context(), route{kind: kindCalls}, b.id())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := readHeader(c); err != nil {
			t.Fatal(err)
		}
		if _, err := c.Write(raw); err != nil {
			t.Fatal(err)
		}
		wantHangup(t, name, c, 3*time.Second)
		c.Close()
	}
}
