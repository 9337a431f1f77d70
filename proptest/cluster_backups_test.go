package proptest_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/usherhq/usher/engine"
	"github.com/usherhq/usher/raftfsm"
	"github.com/usherhq/usher/transport"
)

// backupEvery is from one backup to the next.
const backupEvery = 2 * time.Second

// backups are made of a cluster under load, one after the other, each by any of its nodes.
type backups struct {
	c    *cluster
	l    *load
	stop func()
	end  chan struct{} // closed by stop
	work sync.WaitGroup

	// Of the goroutine that makes them, until stop has returned.
	made   int
	failed []error // nodes are killed
	last   []byte
	at     time.Duration // of the history: when the last one was asked for
}

func (c *cluster) keepBackups(l *load) *backups {
	b := &backups{c: c, l: l, end: make(chan struct{})}
	b.work.Go(b.run)
	b.stop = sync.OnceFunc(func() {
		close(b.end)
		b.work.Wait()
	})
	c.t.Cleanup(b.stop) // also when the test gives up
	return b
}

func (b *backups) run() {
	tick := time.NewTicker(backupEvery)
	defer tick.Stop()
	for {
		select {
		case <-b.end:
			return
		case <-tick.C:
		}
		b.any()
	}
}

// any makes a backup of any node, and of another one if that cannot.
func (b *backups) any() {
	nodes := b.l.open()
	for _, i := range rand.Perm(len(nodes)) {
		err := b.one(nodes[i])
		if err == nil {
			return
		}
		b.failed = append(b.failed, err)
	}
}

// one makes a backup of a node. What has come whole is right, whatever else happened meanwhile.
func (b *backups) one(n *clusterNode) error {
	at := b.l.history.now()
	a, err := (&killAPI{base: n.ops, client: b.c.client}).do(killWrite{method: http.MethodGet, path: "/backup"})
	if err == nil && a.status != http.StatusOK {
		err = fmt.Errorf("%d %s", a.status, a.body)
	}
	if err != nil {
		return fmt.Errorf("a backup of node %s: %w", n.id, err)
	}
	if _, err := engine.VerifyBackup(strings.NewReader(a.body)); err != nil {
		b.c.t.Errorf("a backup that node %s gave whole: %v", n.id, err)
		return nil
	}
	b.made, b.last, b.at = b.made+1, []byte(a.body), at
	return nil
}

// verify restores the last backup, opens what it made, and lets its keeper do what is due. All
// that had been acknowledged before the backup is in it, and every stay is whole.
func (b *backups) verify() {
	c := b.c
	c.t.Helper()
	b.stop()
	c.t.Logf("%d backups, the last one begun at %v, of %d bytes; %d could not be made:\n%.600v", b.made, b.at.Round(time.Millisecond), len(b.last), len(b.failed), errors.Join(b.failed...))
	if b.made < 2 {
		c.t.Fatalf("only %d backups could be made: this proves little", b.made)
	}
	file, dir := filepath.Join(c.folder, "last.backup"), filepath.Join(c.folder, "restored")
	if err := os.WriteFile(file, b.last, 0o600); err != nil {
		c.t.Fatal(err)
	}
	if out, err := c.usher("restore", "--file", file, "--data", dir); err != nil {
		c.t.Fatalf("%v: %s", err, out)
	}
	b.serve(dir, func(n *clusterNode, clock aheadClock) {
		x := &census{c: c, l: b.l, node: n, stakes: b.stakes(), open: b.l.history.open(), right: b.right}
		clock.pass(25 * time.Second) // the home gives up after 15, the others ask after 20
		c.eventually(patience, x.take)
		if err := x.close(); err != nil {
			c.t.Error(err)
		}
		c.eventually(patience, x.take)
	})
	if out, err := c.usher("check", "--data", dir, "--json"); err != nil || !strings.HasPrefix(out, `{"ok":true`) {
		c.t.Errorf("%v: %.2000s", err, out)
	}
}

// serve answers for a folder in this process, by a clock that can be moved on.
func (b *backups) serve(dir string, do func(*clusterNode, aheadClock)) {
	t := b.c.t
	t.Helper()
	clock := aheadClock{raftfsm.SystemClock(), new(atomic.Int64)}
	e, err := engine.Open(t.Context(), engine.Config{Dir: dir, Clock: clock})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := e.Close(); err != nil {
			t.Errorf("closing what was restored: %v", err)
		}
	}()
	srv, err := transport.New(transport.Config{Engine: transport.View(e)})
	if err != nil {
		t.Error(err)
		return
	}
	defer srv.Close()
	site := httptest.NewServer(srv.Handler())
	defer site.Close()
	do(&clusterNode{id: "restored", api: site.URL}, clock)
}

// stakes are those of the load, as the last backup may know them.
func (b *backups) stakes() (all []*stake) {
	for _, s := range b.l.stakes {
		one := *s
		one.late = len(s.acks) == 0 || s.acks[0].at >= b.at
		all = append(all, &one)
	}
	return all
}

// right tells whether a stake may have a status in the last backup: not what it had been before
// its last acknowledgement, if that came before the backup was asked for.
func (b *backups) right(s *stake, status string) error {
	age := map[string]int{"held": 1, "released": 2, "booked": 2, "cancelled": 3}
	least := ""
	for _, a := range s.acks {
		if a.at < b.at {
			least = a.status
		}
	}
	if least != "" && age[status] < age[least] {
		return fmt.Errorf("it is %s in a backup that was begun at %v", status, b.at)
	}
	return nil
}

// aheadClock is the machine's, and can be moved on.
type aheadClock struct {
	engine.Clock
	ahead *atomic.Int64
}

func (c aheadClock) pass(d time.Duration)     { c.ahead.Add(int64(d)) }
func (c aheadClock) plus() time.Duration      { return time.Duration(c.ahead.Load()) }
func (c aheadClock) Monotonic() time.Duration { return c.Clock.Monotonic() + c.plus() }
func (c aheadClock) Wall() time.Time          { return c.Clock.Wall().Add(c.plus()) }

func (c aheadClock) Boot() (string, time.Duration) {
	id, d := c.Clock.Boot()
	return id, d + c.plus()
}
