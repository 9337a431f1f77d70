package peer

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"math/big"
	"net"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/usherhq/usher/raftfsm/peer/peertest"
)

// testSecurity is TLS with a certificate that names one node; who signed it is not looked at.
type testSecurity struct{ cert tls.Certificate }

var errNotVouched = errors.New("the certificate is another node's")

func newTestSecurity(t *testing.T, name string) *testSecurity {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), DNSNames: []string{name}, NotAfter: time.Now().Add(time.Hour)}
	raw, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	return &testSecurity{tls.Certificate{Certificate: [][]byte{raw}, PrivateKey: key}}
}

func (s *testSecurity) config() *tls.Config {
	return &tls.Config{Certificates: []tls.Certificate{s.cert}, ClientAuth: tls.RequireAnyClientCert, InsecureSkipVerify: true, MinVersion: tls.VersionTLS13}
}

func (s *testSecurity) Server(ctx context.Context, c net.Conn) (*tls.Conn, error) {
	sc := tls.Server(c, s.config())
	return sc, sc.HandshakeContext(ctx)
}

func (s *testSecurity) Client(ctx context.Context, c net.Conn, nodeID string) (*tls.Conn, error) {
	sc := tls.Client(c, s.config())
	err := sc.HandshakeContext(ctx)
	if err == nil && nodeID != "" {
		err = s.Vouches(sc, nodeID)
	}
	return sc, err
}

func (s *testSecurity) Vouches(c *tls.Conn, nodeID string) error {
	if got := c.ConnectionState().PeerCertificates[0].DNSNames; len(got) != 1 || got[0] != nodeID {
		return fmt.Errorf("%w: %v, not %s", errNotVouched, got, nodeID)
	}
	return nil
}

// secured is a node of the cluster whose certificate is made out to another name, if given.
func secured(t *testing.T, name string) *Calls {
	t.Helper()
	ln := peertest.Listen(t)
	if name == "" {
		name = ln.Addr().String()
	}
	p := NewCalls(testMux(ln, WithSecurity(newTestSecurity(t, name)), withHandshake(300*time.Millisecond)), testErrors{}, slog.New(slog.DiscardHandler))
	p.Handle(callEcho, false, func(_ context.Context, _ string, body []byte) ([]byte, error) { return body, nil })
	p.Handle(callHello, true, func(_ context.Context, from string, _ []byte) ([]byte, error) { return []byte(from), nil })
	p.Serve()
	return p
}

// TestPeerSecurity: a node is who its certificate says it is, on both ends.
func TestPeerSecurity(t *testing.T) {
	defer goleak.VerifyNone(t)
	a, b, liar := secured(t, ""), secured(t, ""), secured(t, "other")
	for _, p := range []*Calls{a, b, liar} {
		defer p.end(t)
	}
	if got, err := a.Call(t.Context(), b.id(), callEcho, []byte("x")); err != nil || string(got) != "x" {
		t.Errorf("%q, %v", got, err)
	}
	if from, _, err := a.CallAddr(t.Context(), b.id(), callHello, nil); err != nil || from != b.id() {
		t.Errorf("by address: %q, %v", from, err)
	}
	if _, err := a.Call(t.Context(), liar.id(), callEcho, nil); !errors.Is(err, errNotVouched) || !errors.Is(err, ErrNotSent) {
		t.Errorf("a node with another's certificate was called: %v", err)
	}
	if from, _, err := a.CallAddr(t.Context(), liar.id(), callHello, nil); !errors.Is(err, errNotVouched) {
		t.Errorf("a node with another's certificate calls itself %q: %v", from, err)
	}
	if _, err := liar.Call(t.Context(), b.id(), callEcho, nil); !errors.Is(err, ErrNotSent) {
		t.Errorf("a node with another's certificate calls: %v", err)
	}
	raft, err := liar.mux.Layer(1, nil).Dial(address(b.mux.Layer(1, nil)), time.Second)
	if err != nil {
		t.Fatal(err)
	}
	defer raft.Close()
	wantHangup(t, "raft of a node with another's certificate", raft, 3*time.Second)
	plain, err := net.Dial("tcp", b.id())
	if err != nil {
		t.Fatal(err)
	}
	defer plain.Close()
	if _, err := plain.Write(headerOf(&hello{route{kind: kindCalls}, a.mux.identity(), b.id()})); err != nil {
		t.Fatal(err)
	}
	if err := plain.SetReadDeadline(time.Now().Add(3 * time.Second)); err != nil {
		t.Fatal(err)
	}
	var buf [64]byte
	n, err := plain.Read(buf[:])
	if n > 0 && buf[0] == 'U' {
		t.Errorf("plaintext was answered: %q, %v", buf[:n], err)
	}
}
