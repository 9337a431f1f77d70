package peertls

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// What is wrong with the files is said with the file's name, before a node starts.
func TestLoadRefuses(t *testing.T) {
	ca, other := newTestCA(t, "cluster"), newTestCA(t, "other")
	as := func(change func(*x509.Certificate)) *Pair { return issueAs(t, ca, "node-a", change) }
	good := as(func(*x509.Certificate) {})
	only := func(u x509.ExtKeyUsage) *Pair {
		return as(func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{u} })
	}
	cases := map[string]struct {
		pair   *Pair
		roots  []byte
		target error
		words  []string
	}{
		"expired":     {as(func(c *x509.Certificate) { c.NotAfter = time.Now().Add(-time.Second) }), ca.Cert(), ErrExpired, []string{"cert.pem"}},
		"not yet":     {as(func(c *x509.Certificate) { c.NotBefore = time.Now().Add(time.Minute) }), ca.Cert(), ErrNotYet, []string{"cert.pem"}},
		"for servers": {only(x509.ExtKeyUsageServerAuth), ca.Cert(), ErrUsage, []string{"cert.pem", "clientAuth"}},
		"for clients": {only(x509.ExtKeyUsageClientAuth), ca.Cert(), ErrUsage, []string{"cert.pem", "serverAuth"}},
		"another CA":  {good, other.Cert(), ErrUntrusted, []string{"cert.pem", "ca.pem"}},
		"no CA":       {good, good.Cert, nil, []string{"ca.pem", "not one of a CA"}},
		"another key": {&Pair{Cert: good.Cert, Key: as(func(*x509.Certificate) {}).Key}, ca.Cert(), ErrKey, []string{"key.pem", "cert.pem"}},
		"no key":      {&Pair{Cert: good.Cert, Key: good.Cert}, ca.Cert(), ErrKey, []string{"key.pem"}},
		"no cert":     {&Pair{Cert: good.Key, Key: good.Key}, ca.Cert(), nil, []string{"cert.pem"}},
		"damaged":     {&Pair{Cert: bytes.Replace(good.Cert, good.Cert[40:80], good.Cert[80:120], 1), Key: good.Key}, ca.Cert(), nil, []string{"cert.pem"}},
		"huge":        {&Pair{Cert: make([]byte, maxFile+1), Key: good.Key}, ca.Cert(), nil, []string{"cert.pem", "larger"}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			s, err := Load(putPair(t, t.TempDir(), c.roots, c.pair), nil)
			wantError(t, err, c.target, c.words...)
			if s != nil {
				t.Error("it is given all the same")
			}
		})
	}
	f := putPair(t, t.TempDir(), ca.Cert(), good)
	for i, change := range []func(*Files){
		func(f *Files) { f.Cert = "" }, func(f *Files) { f.Key = "" }, func(f *Files) { f.CA = "" },
		func(f *Files) { f.Cert += "-" }, func(f *Files) { f.Key = filepath.Dir(f.Key) }, func(f *Files) { f.CA += "/x" },
	} {
		bad := f
		change(&bad)
		if _, err := Load(bad, nil); err == nil {
			t.Errorf("change %d: no error", i)
		}
	}
	s := load(t, f, nil)
	wantError(t, s.BindTo("node-b"), ErrPeerName, "cert.pem", "node-a")
}

// A CA of three levels, as companies have: the node's file has the middle one.
func TestIntermediate(t *testing.T) {
	root := newTestCA(t, "root")
	between := issueAs(t, root, "between", func(c *x509.Certificate) {
		c.IsCA, c.BasicConstraintsValid, c.ExtKeyUsage = true, true, nil
		c.KeyUsage = x509.KeyUsageCertSign
		c.NotAfter = time.Now().Add(20 * time.Minute)
	})
	// The small CA forbids what is tested here.
	root.cert.MaxPathLenZero, root.cert.MaxPathLen = false, 1
	self, err := sign(root.cert, root.cert, ecdsaKey(t, tls.Certificate{PrivateKey: root.key}), root.key)
	if err != nil {
		t.Fatal(err)
	}
	middle, err := parseCA("cert", between.Cert, "key", between.Key)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := middle.Issue(Request{NodeID: "node-a", Life: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	if !leaf.NotAfter.Equal(middle.NotAfter()) {
		t.Errorf("it ends on %v, its CA on %v", leaf.NotAfter, middle.NotAfter())
	}
	full := &Pair{Cert: append(bytes.Clone(leaf.Cert), between.Cert...), Key: leaf.Key}
	a := load(t, putPair(t, t.TempDir(), self.Cert, full), nil)
	c, s := meet(t, a.calls("node-a"), a.Server)
	if err := echo(c, s); err != nil {
		t.Fatal(err)
	}
	_, err = Load(putPair(t, t.TempDir(), self.Cert, leaf), nil)
	wantError(t, err, ErrUntrusted)
}

func TestIssue(t *testing.T) {
	ca := newTestCA(t, "cluster")
	pair, err := ca.Issue(Request{NodeID: "node_a.1", Hosts: []string{"seats.example", "10.0.0.7", "::1"}, Life: 24 * time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	certs, err := parseCertificates("cert", pair.Cert)
	if err != nil {
		t.Fatal(err)
	}
	leaf := certs[0]
	if leaf.IsCA || len(leaf.IPAddresses) != 2 || len(leaf.DNSNames) != 2 || leaf.DNSNames[0] != "node_a.1" || leaf.DNSNames[1] != "seats.example" {
		t.Errorf("CA %v, %v, %v", leaf.IsCA, leaf.DNSNames, leaf.IPAddresses)
	}
	if len(leaf.URIs) != 1 || leaf.URIs[0].String() != "usher:node:node_a.1" {
		t.Errorf("URIs %v", leaf.URIs)
	}
	if !leaf.NotAfter.Equal(pair.NotAfter) || leaf.NotAfter.After(ca.NotAfter()) {
		t.Errorf("ends %v, told %v, the CA %v", leaf.NotAfter, pair.NotAfter, ca.NotAfter())
	}
	for _, r := range []Request{
		{NodeID: "", Life: time.Hour}, {NodeID: "a/b", Life: time.Hour}, {NodeID: "..", Life: time.Hour}, {NodeID: "-a", Life: time.Hour},
		{NodeID: "a b", Life: time.Hour}, {NodeID: "a"}, {NodeID: "a", Life: -1},
		{NodeID: "a", Hosts: []string{""}, Life: time.Hour}, {NodeID: "a", Hosts: []string{"*.example"}, Life: time.Hour},
		{NodeID: "a", Hosts: []string{"a:80"}, Life: time.Hour},
	} {
		if _, err := ca.Issue(r); err == nil {
			t.Errorf("%+v was issued", r)
		}
	}
	for _, name := range []string{"", string(make([]byte, maxName+1))} {
		if _, _, err := NewCA(name, time.Hour); err == nil {
			t.Errorf("a CA named %q was made", name)
		}
	}
}

func TestWriteKeepsWhatIsThere(t *testing.T) {
	ca, pair, err := NewCA("cluster", time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	cert, key := filepath.Join(dir, "ca.pem"), filepath.Join(dir, "ca-key.pem")
	if err := pair.Write(cert, key, false); err != nil {
		t.Fatal(err)
	}
	for path, mode := range map[string]os.FileMode{cert: 0o644, key: 0o600} {
		if info, err := os.Stat(path); err != nil || info.Mode() != mode {
			t.Errorf("%s: %v, %v", path, info.Mode(), err)
		}
	}
	loaded, err := LoadCA(cert, key)
	if err != nil || !bytes.Equal(loaded.Cert(), ca.Cert()) {
		t.Fatalf("read back: %v", err)
	}
	next, more, err := NewCA("cluster", time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	wantError(t, more.Write(cert, filepath.Join(dir, "new-key.pem"), false), ErrExists, cert)
	wantError(t, more.Write(filepath.Join(dir, "new.pem"), key, false), ErrExists, key)
	wantError(t, place(cert, key, false), ErrExists)
	wantError(t, next.WriteCert(cert, false), ErrExists, cert)
	if err := ca.WriteCert(cert, false); err != nil {
		t.Errorf("the same again: %v", err)
	}
	if still, err := LoadCA(cert, key); err != nil || !bytes.Equal(still.Cert(), ca.Cert()) {
		t.Errorf("what was there is not: %v", err)
	}
	if err := more.Write(cert, key, true); err != nil {
		t.Fatal(err)
	}
	if now, err := LoadCA(cert, key); err != nil || !bytes.Equal(now.Cert(), next.Cert()) {
		t.Errorf("it was not replaced: %v", err)
	}
	wantError(t, more.Write(filepath.Join(dir, "no", "a.pem"), filepath.Join(dir, "no", "b.pem"), false), os.ErrNotExist)
	if left, err := os.ReadDir(dir); err != nil || len(left) != 2 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func TestLoadCARefuses(t *testing.T) {
	ca, own, err := NewCA("cluster", time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := ca.Issue(Request{NodeID: "node-a", Life: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	paths := map[string][]byte{"ca": own.Cert, "ca-key": own.Key, "leaf": leaf.Cert, "leaf-key": leaf.Key}
	for name, text := range paths {
		write(t, filepath.Join(dir, name), string(text))
	}
	for _, try := range [][2]string{{"leaf", "leaf-key"}, {"ca", "leaf-key"}, {"ca", "none"}, {"none", "ca-key"}, {"ca-key", "ca-key"}} {
		if _, err := LoadCA(filepath.Join(dir, try[0]), filepath.Join(dir, try[1])); err == nil {
			t.Errorf("%v was taken for a CA", try)
		}
	}
	_, err = LoadCA(filepath.Join(dir, "ca"), filepath.Join(dir, "leaf-key"))
	if !errors.Is(err, ErrKey) {
		t.Error(err)
	}
}
