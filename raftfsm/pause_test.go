package raftfsm

import (
	"bytes"
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hashicorp/raft"
	"github.com/klauspost/compress/zstd"

	"github.com/usherhq/usher/shard"
)

func seatOf(event, seat uint32) Command {
	return Command{Op: OpHold, Hold: shard.Hold{Event: event, Seats: []uint32{seat}, TTL: 600_000, Holder: []byte("ada")}}
}

// thawed is the state that was frozen.
func thawed(t *testing.T, z *Frozen) *shard.State {
	t.Helper()
	var b bytes.Buffer
	if n, err := z.WriteTo(&b); err != nil || n != int64(b.Len()) {
		t.Fatalf("%d of %d bytes, %v", n, b.Len(), err)
	}
	r, err := zstd.NewReader(&b)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	s, err := shard.Restore(r)
	if err != nil {
		t.Fatal(err)
	}
	if hexDigest(s.Digest()) != z.Digest || s.Now() != z.Time {
		t.Errorf("the state is not what its manifest says: %+v", z.GroupManifest)
	}
	return s
}

// TestPauseStandsStill: while a group is paused nothing is decided; afterwards all that
// waited is.
func TestPauseStandsStill(t *testing.T) {
	t.Parallel()
	c := newTestCluster(t, 1, 1, LogStoreWAL)
	ev := c.event(1, "a:2026-01-01", 100)
	c.do(1, seatOf(ev, 0))
	g := c.leader(1)
	p, err := g.Pause(t.Context(), time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := g.Pause(t.Context(), time.Minute); !errors.Is(err, ErrPaused) {
		t.Errorf("paused twice: %v", err)
	}
	index, digest := g.Digest()
	var wg sync.WaitGroup
	var told atomic.Int64
	for seat := range uint32(20) {
		wg.Go(func() {
			res := c.do(1, seatOf(ev, seat+1))
			told.Add(1)
			if res.Err != nil {
				t.Error(res.Err)
			}
		})
	}
	awaitTrue(t, "20 claims to wait", func() bool { return g.proposer.underway.Load() >= 20 })
	if i, d := g.Digest(); i != index || d != digest || told.Load() != 0 {
		t.Errorf("while it was paused entry %d became %d, and %d were answered", index, i, told.Load())
	}
	for range 2 { // as often as anybody likes
		z, err := p.Freeze(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		s := thawed(t, z)
		if s.Event(ev).ActiveHolds() != 1 || z.Group != 1 || z.Index <= index || z.Term == 0 {
			t.Errorf("frozen: %+v", z.GroupManifest)
		}
	}
	p.Resume()
	p.Resume()
	wg.Wait()
	if _, err := p.Freeze(t.Context()); !errors.Is(err, ErrPauseEnded) {
		t.Errorf("frozen after it went on: %v", err)
	}
}

func awaitTrue(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); !ok(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("never came about: " + what)
		}
	}
}

// TestPauseEndsByItself: whoever paused a group may be gone.
func TestPauseEndsByItself(t *testing.T) {
	t.Parallel()
	c := newTestCluster(t, 1, 1, LogStoreWAL)
	ev := c.event(1, "a:2026-01-01", 10)
	p, err := c.leader(1).Pause(t.Context(), 20*time.Millisecond)
	if err != nil {
		t.Fatal(err)
	}
	c.do(1, seatOf(ev, 1))
	if _, err := p.Freeze(t.Context()); !errors.Is(err, ErrPauseEnded) {
		t.Errorf("frozen after the lease: %v", err)
	}
	again, err := c.leader(1).Pause(t.Context(), time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	p.Resume() // the old one's end does not end the new one
	if _, err := again.Freeze(t.Context()); err != nil {
		t.Error(err)
	}
	again.Resume()
}

// TestPauseOfALostLeader: who no longer leads may not speak for the group, though it may
// not have heard of it; and who never led cannot pause it.
func TestPauseOfALostLeader(t *testing.T) {
	t.Parallel()
	c := newTestCluster(t, 3, 1, LogStoreWAL)
	ev := c.event(1, "a:2026-01-01", 10)
	g := c.leader(1)
	for _, n := range c.nodes {
		if f := n.Group(1); f != g {
			if _, err := f.Pause(t.Context(), time.Minute); !errors.Is(err, ErrNotLeader) {
				t.Errorf("a follower was paused: %v", err)
			}
		}
	}
	p, err := g.Pause(t.Context(), time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	if err := g.raft.LeadershipTransfer().Error(); err != nil {
		t.Fatal(err)
	}
	awaitTrue(t, "another leader", func() bool { return c.leader(1) != g })
	if res := c.do(1, seatOf(ev, 1)); res.Err != nil {
		t.Fatal(res.Err)
	}
	if _, err := p.Freeze(t.Context()); !errors.Is(err, ErrNotLeader) && !errors.Is(err, ErrPauseEnded) {
		t.Errorf("a deposed leader froze its state: %v", err)
	}
	p.Resume()
}

// TestPauseOfALeaderThatComesBack: it led, lost, and leads again. What was decided in
// between is in its state, and was not when the other groups paused.
func TestPauseOfALeaderThatComesBack(t *testing.T) {
	t.Parallel()
	c := newTestCluster(t, 3, 1, LogStoreWAL)
	ev := c.event(1, "a:2026-01-01", 10)
	g := c.leader(1)
	p, err := g.Pause(t.Context(), time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	if err := g.raft.LeadershipTransfer().Error(); err != nil {
		t.Fatal(err)
	}
	awaitTrue(t, "another leader", func() bool { return c.leader(1) != g })
	if res := c.do(1, seatOf(ev, 1)); res.Err != nil {
		t.Fatal(res.Err)
	}
	for deadline := time.Now().Add(20 * time.Second); !g.IsLeader(); time.Sleep(20 * time.Millisecond) {
		_ = c.leader(1).raft.LeadershipTransferToServer(raft.ServerID(g.node.cfg.NodeID), raft.ServerAddress(g.node.cfg.NodeID)).Error() // asked again until it leads
		if time.Now().After(deadline) {
			t.Fatal("it does not lead again")
		}
	}
	if _, err := p.Freeze(t.Context()); !errors.Is(err, ErrPauseEnded) {
		t.Errorf("frozen in a later term: %v", err)
	}
	p.Resume()
}

// TestPauseOfAClosedNode: whoever waits is told.
func TestPauseOfAClosedNode(t *testing.T) {
	t.Parallel()
	c := newTestCluster(t, 1, 1, LogStoreWAL)
	ev := c.event(1, "a:2026-01-01", 10)
	g := c.leader(1)
	p, err := g.Pause(t.Context(), time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	told := make(chan error, 1)
	go func() {
		r := NewRequest()
		r.Cmd = seatOf(ev, 1)
		told <- g.Propose(context.Background(), r)
	}()
	awaitTrue(t, "a claim that waits", func() bool { return g.proposer.underway.Load() > 0 })
	c.close(0)
	if err := <-told; OutcomeOf(err) != OutcomeNotApplied || !errors.Is(err, ErrClosed) {
		t.Errorf("who waited was told %v", err)
	}
	if _, err := p.Freeze(t.Context()); err == nil {
		t.Error("a closed node froze its state")
	}
	if _, err := g.Pause(t.Context(), time.Minute); err == nil {
		t.Error("a closed node was paused")
	}
	p.Resume()
}

// TestFrozenHasAllThatWasAcknowledged pauses a group under load, again and again.
func TestFrozenHasAllThatWasAcknowledged(t *testing.T) {
	t.Parallel()
	c := newTestCluster(t, 1, 1, LogStoreWAL)
	ev := c.event(1, "a:2026-01-01", 4000)
	g := c.leader(1)
	var acked atomic.Int64
	var wg sync.WaitGroup
	stop := make(chan struct{})
	for w := range uint32(8) {
		wg.Go(func() {
			for seat := w; seat < 4000; seat += 8 {
				select {
				case <-stop:
					return
				default:
				}
				if c.do(1, seatOf(ev, seat)).Err == nil {
					acked.Add(1)
				}
			}
		})
	}
	for range 15 {
		p, err := g.Pause(t.Context(), time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		before := acked.Load()
		z, err := p.Freeze(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		during := acked.Load()
		p.Resume()
		if got := int64(thawed(t, z).Event(ev).ActiveHolds()); got < during || before > during {
			t.Errorf("%d holds are frozen, %d had been acknowledged", got, during)
		}
	}
	close(stop)
	wg.Wait()
}
