package proptest_test

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"testing"
	"time"

	"github.com/usherhq/usher/raftfsm/peertls"
)

// certs are a small CA, and the certificates that nodes know each other by.
type certs struct {
	ca  *peertls.CA
	dir string
	now map[string]*peertls.Pair // by node
}

func newCerts(t *testing.T) *certs {
	t.Helper()
	ca, _, err := peertls.NewCA("proptest", time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	s := &certs{ca: ca, dir: t.TempDir(), now: map[string]*peertls.Pair{}}
	if err := ca.WriteCert(s.file("ca.crt"), false); err != nil {
		t.Fatal(err)
	}
	return s
}

func (s *certs) file(name string) string { return filepath.Join(s.dir, name) }

// issue gives a node a certificate, in place of the one it has.
func (s *certs) issue(t *testing.T, id string) {
	t.Helper()
	pair, err := s.ca.Issue(peertls.Request{NodeID: id, Life: time.Hour})
	if err == nil {
		err = pair.Write(s.file(id+".crt"), s.file(id+".key"), true)
	}
	if err != nil {
		t.Fatalf("a certificate for node %s: %v", id, err)
	}
	s.now[id] = pair
}

func (s *certs) flags(id string) []string {
	return []string{"--peer-cert", s.file(id + ".crt"), "--peer-key", s.file(id + ".key"), "--peer-ca", s.file("ca.crt")}
}

// shows wants a node to show the certificate that was issued last, to one that has one itself.
func (s *certs) shows(n *clusterNode) error {
	own, err := tls.X509KeyPair(s.now[n.id].Cert, s.now[n.id].Key)
	if err != nil {
		return err
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(s.ca.Cert())
	dialer := &net.Dialer{Timeout: 5 * time.Second}
	conn, err := tls.DialWithDialer(dialer, "tcp", n.raft, &tls.Config{ServerName: n.id, RootCAs: roots, Certificates: []tls.Certificate{own}})
	if err != nil {
		return fmt.Errorf("node %s: %w", n.id, err)
	}
	shown := conn.ConnectionState().PeerCertificates[0].Raw
	if err := conn.Close(); err != nil {
		return fmt.Errorf("node %s: %w", n.id, err)
	}
	block, _ := pem.Decode(s.now[n.id].Cert)
	if block == nil {
		return errors.New("no PEM in what was issued")
	}
	if !bytes.Equal(shown, block.Bytes) {
		return fmt.Errorf("node %s shows another certificate than the one issued last", n.id)
	}
	return nil
}

// renew replaces the certificates of all nodes while they run, and waits until they are in use.
func (c *cluster) renew() {
	c.t.Helper()
	for _, n := range c.nodes {
		c.certs.issue(c.t, n.id)
	}
	for _, n := range c.nodes {
		c.eventually(patience, func() error { return c.certs.shows(n) })
	}
}
