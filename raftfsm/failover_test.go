package raftfsm

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/usherhq/usher/shard"
)

// tally is what callers were told of their claims of single seats.
type tally struct {
	mu      sync.Mutex
	granted map[uint32]uint32 // seat → hold number
	unknown map[uint32]int
	twice   []uint32
}

func (y *tally) note(seat uint32, r *Request, err error) {
	y.mu.Lock()
	defer y.mu.Unlock()
	switch {
	case OutcomeOf(err) == OutcomeUnknown:
		y.unknown[seat]++
	case err == nil && r.Result.Err == nil:
		if _, ok := y.granted[seat]; ok {
			y.twice = append(y.twice, seat)
		}
		y.granted[seat] = r.Result.Number
	}
}

// TestLeaderDiesUnderLoad closes the leader while callers claim. What was acknowledged
// is in the state of the two that are left and was granted once; what ended with an
// unknown outcome may be there or not; and nothing else is.
func TestLeaderDiesUnderLoad(t *testing.T) {
	t.Parallel()
	const seats = 4000
	c := newTestCluster(t, 3, 1, LogStoreWAL)
	ev := c.event(1, "a:2026-01-01", seats)
	y := &tally{granted: make(map[uint32]uint32), unknown: make(map[uint32]int)}
	var mu sync.RWMutex // over c.nodes
	leader := func() *Group {
		mu.RLock()
		defer mu.RUnlock()
		for _, n := range c.nodes {
			if n != nil && n.Group(1).IsLeader() {
				return n.Group(1)
			}
		}
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	var callers sync.WaitGroup
	for caller := range 40 {
		callers.Go(func() {
			for seat := uint32(caller % 20); seat < seats && ctx.Err() == nil; seat += 20 { // two callers a seat
				g := leader()
				if g == nil {
					time.Sleep(5 * time.Millisecond)
					seat -= 20
					continue
				}
				r := NewRequest()
				r.Cmd = Command{Op: OpHold, Hold: shard.Hold{Event: ev, Seats: append(r.Seats(1)[:0], seat), TTL: shard.MaxTTL, Holder: r.Holder("h")}}
				err := g.Propose(ctx, r)
				if err != nil && OutcomeOf(err) == OutcomeNotApplied {
					time.Sleep(time.Millisecond)
					seat -= 20
					continue
				}
				y.note(seat, r, err)
			}
		})
	}
	time.Sleep(50 * time.Millisecond)
	dead := c.leader(1)
	for i, n := range c.nodes {
		if n.Group(1) == dead {
			mu.Lock()
			c.nodes[i] = nil
			mu.Unlock()
			if err := n.Close(); err != nil {
				t.Error(err)
			}
			defer func() { // it comes back and is as the others are
				c.open(i)
				c.waitReady()
				c.sameEverywhere(1)
			}()
			break
		}
	}
	callers.Wait()
	if ctx.Err() != nil {
		t.Fatal("the others did not take over in time")
	}
	c.sameEverywhere(1)
	if len(y.twice) > 0 {
		t.Errorf("seats %v were granted twice", y.twice)
	}
	lost := 0
	err := c.leader(1).View(func(s *shard.State) {
		e := s.Event(ev)
		for seat := range uint32(seats) {
			held := e.Status(seat) == shard.Held
			number, granted := y.granted[seat]
			switch {
			case granted && !held:
				t.Errorf("seat %d: hold %d was acknowledged and is lost", seat, number)
			case granted:
				if h, ok := e.HoldInfo(number); !ok || h.Seats[0] != seat || h.State != shard.HoldHeld {
					t.Errorf("seat %d: hold %d is %+v", seat, number, h)
				}
			case held && y.unknown[seat] == 0:
				t.Errorf("seat %d is held, and nobody was told so", seat)
			case !held && y.unknown[seat] == 0:
				t.Errorf("seat %d is free after all had tried", seat)
			case !held:
				lost++
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d granted, %d unknown, %d of these were not applied", len(y.granted), len(y.unknown), lost)
}

// TestSnapshotAndTrailingLog restarts a node on a snapshot and the entries behind it.
func TestSnapshotAndTrailingLog(t *testing.T) {
	t.Parallel()
	for _, nodes := range []int{1, 3} {
		t.Run(fmt.Sprint(nodes), func(t *testing.T) {
			t.Parallel()
			c := newTestCluster(t, nodes, 1, LogStoreWAL)
			ev := c.event(1, "a:2026-01-01", 100)
			claim := func(seat uint32) {
				t.Helper()
				if res := c.do(1, Command{Op: OpHold, Hold: shard.Hold{Event: ev, Seats: []uint32{seat}, TTL: shard.MaxTTL, Holder: []byte("h")}}); res.Err != nil {
					t.Fatal(res.Err)
				}
			}
			for seat := range uint32(10) {
				claim(seat)
			}
			c.sameEverywhere(1)
			for _, n := range c.nodes {
				for no := range n.Groups() {
					if err := n.Group(no).Snapshot(); err != nil {
						t.Fatal(err)
					}
				}
			}
			claim(10)
			victim := nodes - 1
			for v := 0; nodes > 1 && c.nodes[victim].Group(1).IsLeader(); v++ {
				victim = v
			}
			c.close(victim)
			if nodes > 1 {
				claim(11)
			}
			c.open(victim)
			c.waitReady()
			g := c.nodes[victim].Group(1)
			if g.Applied() < g.snapshotIndex() || g.snapshotIndex() == 0 {
				t.Errorf("applied %d, the snapshot is of %d", g.Applied(), g.snapshotIndex())
			}
			c.sameEverywhere(1)
			claim(12)
			c.sameEverywhere(1)
			if err := g.View(func(s *shard.State) {
				want := uint32(12)
				if nodes > 1 {
					want = 13
				}
				if got := s.Event(ev).Counts().Held; got != want {
					t.Errorf("%d seats are held, want %d", got, want)
				}
			}); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestReplicaHalts: an entry that cannot be applied stops the replica for good: nothing
// is read, proposed or snapshotted after it, and the node says why.
func TestReplicaHalts(t *testing.T) {
	tick := AppendCommand(beginEntry(nil), &Command{Op: OpTick})
	for what, data := range map[string][]byte{
		"unknown command":    endEntry(append(append([]byte(nil), tick...), 99), entryHead{Count: 2}),
		"another group's":    endEntry(AppendCommand(beginEntry(nil), &Command{Op: OpActivateEvent}), entryHead{Count: 1}),
		"bytes left over":    endEntry(append(append([]byte(nil), tick...), 0), entryHead{Count: 1}),
		"fewer than it says": endEntry(append([]byte(nil), tick...), entryHead{Count: 2}),
		"another version":    func() []byte { e := endEntry(append([]byte(nil), tick...), entryHead{Count: 1}); return reseal(e, 2) }(),
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			c := newTestCluster(t, 1, 1, LogStoreWAL)
			c.event(1, "a:2026-01-01", 10)
			n := c.nodes[0]
			g := n.Group(1)
			_ = g.raft.Apply(data, time.Second).Error() // committed it is; applied it is not
			select {
			case <-n.Done():
			case <-time.After(5 * time.Second):
				t.Fatal("the node goes on")
			}
			if err := n.Err(); !errors.Is(err, ErrHalted) {
				t.Errorf("the node ended with %v", err)
			}
			if err := g.View(func(*shard.State) { t.Error("a halted replica shows its state") }); !errors.Is(err, ErrHalted) {
				t.Errorf("View: %v", err)
			}
			r := NewRequest()
			r.Cmd.Op = OpTick
			if err := g.Propose(context.Background(), r); !errors.Is(err, ErrHalted) || OutcomeOf(err) != OutcomeNotApplied {
				t.Errorf("Propose: %v", err)
			}
			if err := g.Snapshot(); err == nil {
				t.Error("a halted replica makes a snapshot")
			}
			if s := g.Status(); s.Problem == "" {
				t.Errorf("status is %+v", s)
			}
		})
	}
}

// reseal gives an entry another version and a checksum that fits.
func reseal(e []byte, version byte) []byte {
	h := entryHead{Count: 1}
	out := endEntry(e[:len(e)-entryTrailer], h)[:len(e)-entryTrailer]
	out[0] = version
	return le32(out, checksum(out))
}

// A node that has failed while raft hangs tells its callers at once: those in the log
// that the outcome is unknown, those who come later that nothing was done.
func TestFailedNodeTellsItsCallers(t *testing.T) {
	c := newTestCluster(t, 1, 1, LogStoreWAL)
	ev := c.event(1, "a:2026-01-01", 10)
	g := c.nodes[0].Group(1)
	g.fsm.mu.RLock() // nothing can be applied: to its caller the same as a disk that hangs
	defer g.fsm.mu.RUnlock()
	answers := make(chan error, 1)
	claim := func() {
		r := NewRequest()
		r.Cmd = Command{Op: OpHold, Hold: shard.Hold{Event: ev, Seats: []uint32{1}, TTL: 60_000, Holder: []byte("h")}}
		answers <- g.Propose(context.Background(), r)
	}
	go claim()
	for deadline := time.Now().Add(5 * time.Second); g.raft.LastIndex() == g.fsm.applied.Load(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the claim is not in the log")
		}
	}
	disk := errors.New("the disk hangs")
	c.nodes[0].fail(disk)
	for _, want := range []Outcome{OutcomeUnknown, OutcomeNotApplied} {
		select {
		case err := <-answers:
			if !errors.Is(err, disk) || OutcomeOf(err) != want {
				t.Errorf("told %v, want %s", err, want)
			}
		case <-time.After(5 * time.Second):
			t.Fatal("a caller was left waiting")
		}
		go claim()
	}
	<-answers
}
