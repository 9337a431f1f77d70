package peertls

import (
	"bytes"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

// serial tells which certificate a handshake would show.
func serial(s *Security) string { return s.current().leaf.SerialNumber.String() }

func TestReloadLeaf(t *testing.T) {
	ca := newTestCA(t, "cluster")
	dir := t.TempDir()
	a := node(t, ca, "node-a")
	log := &heard{}
	b := load(t, put(t, dir, ca, Request{NodeID: "node-b", Life: 10 * time.Minute}), slog.New(slog.NewTextHandler(log, nil)))
	before, end := serial(b), b.NotAfter()
	open, openS := meet(t, a.calls("node-b"), b.Server)

	put(t, dir, ca, Request{NodeID: "node-b", Life: 20 * time.Minute})
	c, s := meet(t, a.calls("node-b"), b.Server)
	if err := echo(c, s); err != nil {
		t.Fatal(err)
	}
	if shown := c.conn.ConnectionState().PeerCertificates[0].SerialNumber.String(); shown == before {
		t.Error("the old certificate is still shown")
	}
	if !b.NotAfter().After(end) {
		t.Errorf("NotAfter went from %v to %v", end, b.NotAfter())
	}
	if err := echo(open, openS); err != nil {
		t.Errorf("the connection from before: %v", err)
	}
	if n := log.count("new ones are in use"); n != 1 {
		t.Errorf("told %d times", n)
	}
}

// A cluster gets a new CA in three steps, without an end to any connection: all trust
// both, all get new certificates, nobody trusts the old.
func TestReloadCA(t *testing.T) {
	old, next := newTestCA(t, "old"), newTestCA(t, "new")
	both := append(bytes.Clone(old.Cert()), next.Cert()...)
	dirA, dirB := t.TempDir(), t.TempDir()
	a := load(t, put(t, dirA, old, Request{NodeID: "node-a"}), nil)
	b := load(t, put(t, dirB, old, Request{NodeID: "node-b"}), nil)
	straggler := node(t, old, "node-c")
	open, openS := meet(t, a.calls("node-b"), b.Server)
	step := func(dir, id string, by *CA, roots []byte) {
		pair, err := by.Issue(Request{NodeID: id, Life: 20 * time.Minute})
		if err != nil {
			t.Fatal(err)
		}
		putPair(t, dir, roots, pair)
		for _, pair := range [][2]*Security{{a, b}, {b, a}} {
			c, s := meet(t, pair[0].calls(""), pair[1].Server)
			if err := echo(c, s); err != nil {
				t.Fatalf("%s under %s: %v", id, by.cert.Subject, err)
			}
		}
	}
	for _, roots := range []struct {
		by    *CA
		roots []byte
	}{{old, both}, {next, both}, {next, next.Cert()}} {
		step(dirA, "node-a", roots.by, roots.roots)
		step(dirB, "node-b", roots.by, roots.roots)
	}
	_, s := meet(t, straggler.calls(""), a.Server)
	if s.err == nil {
		t.Error("a certificate of the old CA is taken")
	}
	if err := echo(open, openS); err != nil {
		t.Errorf("the connection from before: %v", err)
	}
}

func TestBrokenFilesKeepTheOld(t *testing.T) {
	ca, other := newTestCA(t, "cluster"), newTestCA(t, "other")
	dir := t.TempDir()
	log := &heard{}
	f := put(t, dir, ca, Request{NodeID: "node-a"})
	s := load(t, f, slog.New(slog.NewTextHandler(log, nil)))
	if err := s.BindTo("node-a"); err != nil {
		t.Fatal(err)
	}
	good := serial(s)
	breaks := map[string]func(){
		"cert.pem: no certificate": func() { write(t, f.Cert, "garbage") },
		"cert.pem: no such file":   func() { remove(f.Cert) },
		"key.pem: the private key": func() { write(t, f.Key, "garbage") },
		"ca.pem: no certificate":   func() { write(t, f.CA, "") },
		"not signed by the CA":     func() { write(t, f.CA, string(other.Cert())) },
		`does not name the node`:   func() { put(t, dir, ca, Request{NodeID: "node-b"}) },
	}
	for say, harm := range breaks {
		before := log.count("stay in use")
		harm()
		for range 3 {
			if serial(s) != good {
				t.Errorf("%s: the certificate changed", say)
			}
		}
		if n := log.count("stay in use") - before; n != 1 {
			t.Errorf("%s: told %d times", say, n)
		}
		if log.count(say) != 1 {
			t.Errorf("the log does not say %q: %s", say, log.text.String())
		}
		put(t, dir, ca, Request{NodeID: "node-a"})
		next := serial(s)
		if next == good {
			t.Errorf("%s: what was mended is not taken", say)
		}
		good = next
	}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// Kubernetes shows a Secret as links into a folder behind one link, which it swaps.
func TestSwappedLink(t *testing.T) {
	ca := newTestCA(t, "cluster")
	dir := t.TempDir()
	version := func(name string) {
		at := filepath.Join(dir, name)
		if err := os.Mkdir(at, 0o700); err != nil {
			t.Fatal(err)
		}
		put(t, at, ca, Request{NodeID: "node-a"})
		link := filepath.Join(dir, "..tmp")
		if err := os.Symlink(name, link); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(link, filepath.Join(dir, "..data")); err != nil {
			t.Fatal(err)
		}
	}
	version("..1")
	for _, name := range []string{"cert.pem", "key.pem", "ca.pem"} {
		if err := os.Symlink(filepath.Join("..data", name), filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	s := load(t, Files{filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem"), filepath.Join(dir, "ca.pem")}, nil)
	first := serial(s)
	version("..2")
	if err := os.RemoveAll(filepath.Join(dir, "..1")); err != nil {
		t.Fatal(err)
	}
	if serial(s) == first {
		t.Error("the swap was not seen")
	}
}

// Files are looked at rarely, and read only when they look different.
func TestLookedAtRarely(t *testing.T) {
	ca := newTestCA(t, "cluster")
	dir := t.TempDir()
	f := put(t, dir, ca, Request{NodeID: "node-a"})
	s := load(t, f, nil)
	s.every = time.Hour
	first := serial(s)
	put(t, dir, ca, Request{NodeID: "node-a"})
	if serial(s) != first {
		t.Error("looked at before it was due")
	}
	now := time.Now()
	young := f.lookAt(now)
	if young.holds(f.lookAt(now)) {
		t.Error("files just written are believed to be what was read")
	}
	for _, path := range f.paths() {
		if err := os.Chtimes(path, now, now.Add(-time.Minute)); err != nil {
			t.Fatal(err)
		}
	}
	old := f.lookAt(now)
	if !old.holds(f.lookAt(now)) {
		t.Error("files that nobody touched are read again")
	}
	// Another file of the same size and time, as unpacking an archive makes it.
	key, err := os.ReadFile(f.Key)
	if err != nil {
		t.Fatal(err)
	}
	write(t, f.Key+"+", string(key))
	if err := errors.Join(os.Chtimes(f.Key+"+", now, now.Add(-time.Minute)), os.Rename(f.Key+"+", f.Key)); err != nil {
		t.Fatal(err)
	}
	if old.holds(f.lookAt(now)) {
		t.Error("another file looks as the one before")
	}
	old = f.lookAt(now)
	if err := os.Rename(f.Key, f.Key+"-"); err != nil {
		t.Fatal(err)
	}
	if old.holds(f.lookAt(now)) {
		t.Error("a file that is gone looks as before")
	}
}

// Connections are made from many goroutines while the files change under them.
func TestReloadUnderLoad(t *testing.T) {
	ca := newTestCA(t, "cluster")
	dir := t.TempDir()
	a := node(t, ca, "node-a")
	b := load(t, put(t, dir, ca, Request{NodeID: "node-b"}), nil)
	first := serial(b)
	var wg sync.WaitGroup
	for range 3 {
		wg.Go(func() {
			for range 15 {
				c, s, err := tryMeet(t.Context(), a.calls("node-b"), b.Server)
				if err == nil {
					err = echo(c, s)
				}
				closeSides(c, s)
				if err != nil {
					t.Error(err)
				}
				_ = b.NotAfter()
			}
		})
	}
	for range 10 {
		put(t, dir, ca, Request{NodeID: "node-b"})
	}
	wg.Wait()
	if serial(b) == first {
		t.Error("nothing was reloaded")
	}
}
