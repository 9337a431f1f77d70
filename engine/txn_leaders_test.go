package engine

import (
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/usherhq/usher/shard"
)

// trio is a cluster of three engines of this process, of which one or another is stopped.
type trio struct {
	t    *testing.T
	cfgs []Config
	all  []*Engine
}

func newTrio(t *testing.T, clock aheadClock) *trio {
	t.Helper()
	tr := &trio{t: t, all: make([]*Engine, 3)}
	dir, join := t.TempDir(), []string(nil)
	var held []net.Listener
	for range 3 {
		ln, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		held, join = append(held, ln), append(join, ln.Addr().String())
	}
	for i, ln := range held {
		if err := ln.Close(); err != nil {
			t.Fatal(err)
		}
		id := fmt.Sprint("n", i)
		tr.cfgs = append(tr.cfgs, Config{Dir: filepath.Join(dir, id), Groups: 3, Clock: clock, Cluster: &Cluster{
			NodeID: id, Listen: join[i], Join: join, BootstrapExpect: 3, Insecure: true,
		}})
	}
	tr.open(0, 1, 2)
	t.Cleanup(func() {
		for _, e := range tr.all {
			if e != nil {
				closeEngine(t, e)
			}
		}
	})
	return tr
}

func (tr *trio) open(which ...int) {
	tr.t.Helper()
	errs := make([]error, len(tr.all))
	var wg sync.WaitGroup
	for _, i := range which {
		wg.Go(func() { tr.all[i], errs[i] = Open(tr.t.Context(), tr.cfgs[i]) })
	}
	wg.Wait()
	if err := errors.Join(errs...); err != nil {
		tr.t.Fatal(err)
	}
}

func (tr *trio) close(i int) {
	tr.t.Helper()
	closeEngine(tr.t, tr.all[i])
	tr.all[i] = nil
}

// leads is which of them leads a group.
func (tr *trio) leads(group int) int {
	tr.t.Helper()
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		for i, e := range tr.all {
			if e != nil && e.leader(group) != nil {
				return i
			}
		}
	}
	tr.t.Fatalf("nobody leads group %d", group)
	return 0
}

// other is one that runs and is not i.
func (tr *trio) other(i int) int {
	for k := range tr.all {
		if k != i && tr.all[k] != nil {
			return k
		}
	}
	return -1
}

// TestLeadersDieBetweenSteps: a reservation over three groups whose coordinator stops after each of
// its steps, as does the node that leads its home, or another of its groups. The others bring
// it to an end: all nights are held, or none, on every node.
func TestLeadersDieBetweenSteps(t *testing.T) {
	clock := newAheadClock()
	tr := newTrio(t, clock)
	_, refs := nightsIn(t, tr.all[0], 64)
	seat := uint32(0)
	for stop := 1; stop <= 5; stop++ {
		for _, victim := range []int{0, 2} { // the home, the last to be prepared
			dies := tr.leads(refs[victim].group)
			coordinator := tr.all[tr.other(dies)]
			x := stayOf(t, coordinator, refs, seat)
			seat++
			steps := txnSteps(x)
			for i := 0; i < stop && i < len(steps); i++ {
				if err := steps[i].do(t.Context(), x); err != nil {
					t.Fatalf("%s: %v", steps[i].name, err)
				}
			}
			tr.close(dies)
			clock.pass(askAfter + time.Second)
			want := stop >= len(steps)
			witness := tr.all[tr.other(dies)]
			for _, ref := range refs {
				awaitSeat(t, witness, ref, seat-1, want)
			}
			awaitQuiet(t, witness)
			tr.open(dies)
			for _, ref := range refs {
				awaitSeat(t, tr.all[dies], ref, seat-1, want)
			}
		}
	}
}

// TestLeadersChangeBeforeEachStep: a coordinator that lives goes on, whoever leads by then.
func TestLeadersChangeBeforeEachStep(t *testing.T) {
	tr := newTrio(t, newAheadClock())
	_, refs := nightsIn(t, tr.all[0], 8)
	x := stayOf(t, tr.all[0], refs, 3)
	for _, step := range txnSteps(x) {
		for _, ref := range refs {
			if err := tr.all[tr.leads(ref.group)].nodes[0].Transfer(t.Context(), ref.group, ""); err != nil {
				t.Fatal(err)
			}
		}
		if err := step.do(t.Context(), x); err != nil {
			t.Fatalf("%s: %v", step.name, err)
		}
	}
	tr.all[0].tell(t.Context(), x.home, x.bundle)
	for _, ref := range refs {
		for _, e := range tr.all {
			awaitSeat(t, e, ref, 3, true)
		}
	}
	awaitQuiet(t, tr.all[1])
}

func stayOf(t *testing.T, e *Engine, refs []*eventRef, seat uint32) *txn {
	t.Helper()
	c := &claim{e: e, req: &HoldRequest{HolderID: "ada"}, mode: ModeDirect, ttl: 50 * time.Minute}
	for _, ref := range refs {
		own, err := e.event(t.Context(), ref.id)
		if err != nil {
			t.Fatal(err)
		}
		c.refs = append(c.refs, own)
		c.items = append(c.items, shard.Item{Event: own.no, Seats: []uint32{seat}})
	}
	return &txn{claim: c, home: refs[0].group, parts: make([]shard.Part, 3), given: make([]shard.Granted, 3)}
}

func awaitSeat(t *testing.T, e *Engine, ref *eventRef, seat uint32, held bool) {
	t.Helper()
	var is shard.Status
	for deadline := time.Now().Add(20 * time.Second); (is == shard.Held) != held || is == 255; time.Sleep(5 * time.Millisecond) {
		if err := e.reader(ref.group).View(func(s *shard.State) {
			is = 255
			if ev := s.Event(ref.no); ev != nil {
				is = ev.Status(seat)
			}
		}); err != nil {
			t.Fatal(err)
		}
		if time.Now().After(deadline) {
			t.Fatalf("seat %d of %s is %d at %s, held is to be %v", seat, ref.id, is, e.nodes[0].ID(), held)
		}
	}
}
