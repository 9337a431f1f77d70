package peertls

import (
	"context"
	"crypto/ecdsa"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/url"
	"testing"
	"testing/synctest"
	"time"
)

func ecdsaKey(t *testing.T, pair tls.Certificate) *ecdsa.PrivateKey {
	t.Helper()
	key, ok := pair.PrivateKey.(*ecdsa.PrivateKey)
	if !ok {
		t.Fatalf("a key of type %T", pair.PrivateKey)
	}
	return key
}

func TestHandshake(t *testing.T) {
	ca := newTestCA(t, "cluster")
	a, b := node(t, ca, "node-a"), node(t, ca, "node-b")
	for _, wanted := range []string{"node-b", ""} {
		c, s := meet(t, a.calls(wanted), b.Server)
		if err := echo(c, s); err != nil {
			t.Fatal(err)
		}
		if v := s.conn.ConnectionState(); v.Version != tls.VersionTLS13 || v.DidResume {
			t.Errorf("version %x, resumed %v", v.Version, v.DidResume)
		}
		for conn, id := range map[*tls.Conn]string{c.conn: "node-b", s.conn: "node-a"} {
			if err := Vouches(conn, id); err != nil {
				t.Error(err)
			}
			wantError(t, Vouches(conn, "node-c"), ErrPeerName, `"node-c"`)
		}
	}
}

// A node is who its certificate names, to the letter.
func TestWrongName(t *testing.T) {
	ca := newTestCA(t, "cluster")
	a, b := node(t, ca, "node-a"), node(t, ca, "node-b")
	for _, wanted := range []string{"node-c", "NODE-B", "node-b.", "node", "*"} {
		c, s := meet(t, a.calls(wanted), b.Server)
		wantError(t, c.err, ErrPeerName, "node-b")
		wantError(t, s.err, nil, "bad certificate")
	}
}

func TestVouches(t *testing.T) {
	ca := newTestCA(t, "cluster")
	ask := node(t, ca, "asker")
	pair := issueAs(t, ca, "*.example", func(c *x509.Certificate) {
		c.DNSNames = []string{"*.example", "usher-0"}
		c.URIs = []*url.URL{{Scheme: "usher", Opaque: "node:a/b?c"}, {Scheme: "other", Opaque: "node:x"}}
	})
	other := load(t, putPair(t, t.TempDir(), ca.Cert(), pair), nil)
	c, s := meet(t, ask.calls(""), other.Server)
	if err := echo(c, s); err != nil {
		t.Fatal(err)
	}
	for id, want := range map[string]bool{
		"usher-0": true, "a/b?c": true,
		"usher-1": false, "a.example": false, "x": false, "node:x": false, "usher:node:a/b?c": false, "a/b": false, "": false,
	} {
		if err := Vouches(c.conn, id); (err == nil) != want || err != nil && !errors.Is(err, ErrPeerName) {
			t.Errorf("%q: %v", id, err)
		}
	}
}

func TestWrongCA(t *testing.T) {
	ours, theirs := newTestCA(t, "cluster"), newTestCA(t, "cluster") // the name proves nothing
	a, stranger := node(t, ours, "node-a"), node(t, theirs, "node-b")

	c, _ := meet(t, a.calls("node-b"), stranger.Server)
	wantError(t, c.err, ErrUntrusted)

	// The other way round the stranger must take us, so that it is our server that refuses.
	careless := func(ctx context.Context, c net.Conn) (*tls.Conn, error) {
		cfg := stranger.current().clientConfig("")
		cfg.VerifyConnection = nil
		return shake(ctx, c, tls.Client(c, cfg))
	}
	c, s := meet(t, careless, a.Server)
	wantError(t, s.err, ErrUntrusted)
	wantRefused(t, c)
}

// wantRefused wants a client to hear at last that the server has refused it.
func wantRefused(t *testing.T, c side) {
	t.Helper()
	if c.err != nil {
		return
	}
	if err := c.conn.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	n, err := c.conn.Read(make([]byte, 1))
	var late net.Error
	if err == nil || errors.As(err, &late) && late.Timeout() {
		t.Errorf("the client reads %d bytes, %v", n, err)
	}
}

func TestNoClientCertificate(t *testing.T) {
	ca := newTestCA(t, "cluster")
	a, b := node(t, ca, "node-a"), node(t, ca, "node-b")
	bare := func(ctx context.Context, c net.Conn) (*tls.Conn, error) {
		cfg := a.current().clientConfig("node-b")
		cfg.GetClientCertificate = nil
		return shake(ctx, c, tls.Client(c, cfg))
	}
	c, s := meet(t, bare, b.Server)
	wantError(t, s.err, nil, "certificate")
	wantRefused(t, c)
}

func TestOldTLSRefused(t *testing.T) {
	ca := newTestCA(t, "cluster")
	a, b := node(t, ca, "node-a"), node(t, ca, "node-b")
	old := func(ctx context.Context, c net.Conn) (*tls.Conn, error) {
		cfg := a.current().clientConfig("node-b")
		cfg.MinVersion, cfg.MaxVersion = tls.VersionTLS12, tls.VersionTLS12
		return shake(ctx, c, tls.Client(c, cfg))
	}
	c, s := meet(t, old, b.Server)
	wantError(t, s.err, nil, "version")
	wantError(t, c.err, nil, "version")

	oldServer := func(ctx context.Context, c net.Conn) (*tls.Conn, error) {
		cfg := b.current().server.Clone()
		cfg.MinVersion, cfg.MaxVersion = tls.VersionTLS12, tls.VersionTLS12
		return shake(ctx, c, tls.Server(c, cfg))
	}
	c, s = meet(t, a.calls("node-b"), oldServer)
	wantError(t, c.err, nil, "version")
	wantError(t, s.err, nil, "version")
}

// A certificate for one side only is none for the other.
func TestPeersUsage(t *testing.T) {
	ca := newTestCA(t, "cluster")
	a := node(t, ca, "node-a")
	for _, usage := range []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth} {
		pair := issueAs(t, ca, "node-b", func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{usage} })
		half := node(t, ca, "node-b")
		m := *half.current()
		var err error
		if m.own, err = tls.X509KeyPair(pair.Cert, pair.Key); err != nil {
			t.Fatal(err)
		}
		m.server = m.serverConfig()
		half.inUse.Store(&m)
		half.every = time.Hour // or it would read its files again
		if usage == x509.ExtKeyUsageServerAuth {
			_, s := meet(t, half.calls("node-a"), a.Server)
			wantError(t, s.err, ErrUsage, "clientAuth")
		} else {
			c, _ := meet(t, a.calls("node-b"), half.Server)
			wantError(t, c.err, ErrUsage, "serverAuth")
		}
	}
}

// Certificates end while nodes run. In the bubble a day is a moment; a pipe stands for the
// connection there.
func TestExpiredPeer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ca, _, err := NewCA("cluster", 48*time.Hour)
		if err != nil {
			t.Fatal(err)
		}
		a := load(t, put(t, t.TempDir(), ca, Request{NodeID: "node-a", Life: 47 * time.Hour}), nil)
		b := load(t, put(t, t.TempDir(), ca, Request{NodeID: "node-b", Life: time.Hour}), nil)
		if got := time.Until(b.NotAfter()); got > time.Hour || got < 59*time.Minute {
			t.Errorf("it lasts for %v", got)
		}
		time.Sleep(2 * time.Hour)
		c, s := pipe(t, a.calls("node-b"), b.Server)
		wantError(t, c.err, ErrExpired)
		wantError(t, s.err, nil)
		_, s = pipe(t, b.calls("node-a"), a.Server)
		wantError(t, s.err, ErrExpired)
	})
}

// pipe is meet without sockets. A side that has failed closes its end, which frees the other.
func pipe(t *testing.T, client, server func(context.Context, net.Conn) (*tls.Conn, error)) (c, s side) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	near, far := net.Pipe()
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.conn, s.err = server(ctx, far)
	}()
	c.conn, c.err = client(ctx, near)
	reading := make(chan struct{})
	go func() { // a pipe has no buffer: a server's refusal waits for a reader
		defer close(reading)
		_, _ = io.Copy(io.Discard, near)
	}()
	<-done
	_ = near.Close() // one that has failed is closed
	<-reading
	closeSides(s)
	return c, s
}

// Who says nothing is given up when ctx ends, and the connection is closed.
func TestHandshakeEndsWithContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := node(t, newTestCA(t, "cluster"), "node-a")
		for _, shake := range []func(context.Context, net.Conn) (*tls.Conn, error){a.Server, a.calls("node-b")} {
			near, far := net.Pipe()
			ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
			conn, err := shake(ctx, near)
			cancel()
			if conn != nil || !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("%v, %v", conn, err)
			}
			if _, err := near.Write([]byte("x")); err == nil {
				t.Error("the connection is open")
			}
			_ = far.Close()
		}
	})
}

// A session that goes on would not show a certificate again, so none does, though a client
// would like it.
func TestNoResumption(t *testing.T) {
	ca := newTestCA(t, "cluster")
	a, b := node(t, ca, "node-a"), node(t, ca, "node-b")
	cache := tls.NewLRUClientSessionCache(4)
	eager := func(ctx context.Context, c net.Conn) (*tls.Conn, error) {
		cfg := a.current().clientConfig("node-b")
		cfg.SessionTicketsDisabled, cfg.ClientSessionCache, cfg.ServerName = false, cache, "node-b"
		return shake(ctx, c, tls.Client(c, cfg))
	}
	for range 2 {
		c, s := meet(t, eager, b.Server)
		if err := errors.Join(echo(c, s), echo(s, c)); err != nil { // tickets come with what is read
			t.Fatal(err)
		}
		if s.conn.ConnectionState().DidResume {
			t.Error("the session went on")
		}
	}
}
