package peertls

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

func newTestCA(t *testing.T, name string) *CA {
	t.Helper()
	ca, _, err := NewCA(name, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	return ca
}

// put writes a node's three files into dir, over those that are there.
func put(t *testing.T, dir string, ca *CA, r Request) Files {
	t.Helper()
	if r.Life == 0 {
		r.Life = 30 * time.Minute
	}
	pair, err := ca.Issue(r)
	if err != nil {
		t.Fatal(err)
	}
	return putPair(t, dir, ca.Cert(), pair)
}

func putPair(t *testing.T, dir string, roots []byte, pair *Pair) Files {
	t.Helper()
	f := Files{Cert: filepath.Join(dir, "cert.pem"), Key: filepath.Join(dir, "key.pem"), CA: filepath.Join(dir, "ca.pem")}
	for path, text := range map[string][]byte{f.Cert: pair.Cert, f.Key: pair.Key, f.CA: roots} {
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return f
}

// issueAs makes a certificate that usher cert would not make.
func issueAs(t *testing.T, ca *CA, nodeID string, change func(*x509.Certificate)) *Pair {
	t.Helper()
	_, own, err := NewCA(nodeID, time.Hour) // for its key
	if err != nil {
		t.Fatal(err)
	}
	pair, err := tls.X509KeyPair(own.Cert, own.Key)
	if err != nil {
		t.Fatal(err)
	}
	template, err := newTemplate(nodeID, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	template.DNSNames = []string{nodeID}
	template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth, x509.ExtKeyUsageServerAuth}
	change(template)
	signed, err := sign(template, ca.cert, ecdsaKey(t, pair), ca.key)
	if err != nil {
		t.Fatal(err)
	}
	return signed
}

// load reads files as a node would, but with a look at them at every handshake.
func load(t *testing.T, f Files, log *slog.Logger) *Security {
	t.Helper()
	s, err := Load(f, log)
	if err != nil {
		t.Fatal(err)
	}
	s.every = 0
	return s
}

func node(t *testing.T, ca *CA, id string) *Security {
	t.Helper()
	return load(t, put(t, t.TempDir(), ca, Request{NodeID: id}), nil)
}

// side is one end of a handshake.
type side struct {
	conn *tls.Conn
	err  error
}

// meet connects client and server over loopback TCP and runs both handshakes.
func meet(t *testing.T, client, server func(context.Context, net.Conn) (*tls.Conn, error)) (c, s side) {
	t.Helper()
	c, s, err := tryMeet(t.Context(), client, server)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { closeSides(c, s) })
	return c, s
}

func closeSides(sides ...side) {
	for _, s := range sides {
		if s.conn != nil {
			_ = s.conn.NetConn().Close() // the other end may be gone
		}
	}
}

func tryMeet(ctx context.Context, client, server func(context.Context, net.Conn) (*tls.Conn, error)) (c, s side, err error) {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return c, s, err
	}
	defer ln.Close()
	dialed, err := (&net.Dialer{}).DialContext(ctx, "tcp", ln.Addr().String())
	if err != nil {
		return c, s, err
	}
	accepted, err := ln.Accept()
	if err != nil {
		return c, s, errors.Join(err, dialed.Close())
	}
	var wg sync.WaitGroup
	wg.Go(func() { s.conn, s.err = server(ctx, accepted) })
	c.conn, c.err = client(ctx, dialed)
	wg.Wait()
	return c, s, nil
}

// calls is the client's side of meet, wanting a node.
func (s *Security) calls(nodeID string) func(context.Context, net.Conn) (*tls.Conn, error) {
	return func(ctx context.Context, c net.Conn) (*tls.Conn, error) { return s.Client(ctx, c, nodeID) }
}

// echo sends a line from one end to the other.
func echo(c, s side) error {
	if err := errors.Join(c.err, s.err); err != nil {
		return err
	}
	deadline := time.Now().Add(20 * time.Second)
	if err := errors.Join(c.conn.SetDeadline(deadline), s.conn.SetDeadline(deadline)); err != nil {
		return err
	}
	const line = "seat"
	if _, err := c.conn.Write([]byte(line)); err != nil {
		return err
	}
	got := make([]byte, len(line))
	if _, err := s.conn.Read(got); err != nil {
		return err
	}
	if string(got) != line {
		return fmt.Errorf("got %q", got)
	}
	return nil
}

func wantError(t *testing.T, err, target error, words ...string) {
	t.Helper()
	if err == nil {
		t.Fatal("no error")
	}
	if target != nil && !errors.Is(err, target) {
		t.Errorf("%v is not %v", err, target)
	}
	for _, word := range words {
		if !strings.Contains(err.Error(), word) {
			t.Errorf("%v does not say %q", err, word)
		}
	}
}

// heard collects what is logged.
type heard struct {
	mu   sync.Mutex
	text strings.Builder
}

func (h *heard) Write(b []byte) (int, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.text.Write(b)
}

func (h *heard) count(words string) int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return strings.Count(h.text.String(), words)
}
