package raftfsm

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/usherhq/usher/raftfsm/peer/peertest"
	"github.com/usherhq/usher/shard"
)

// followers of a group, and the node that leads it.
func (c *testCluster) roles(group int) (leader int, followers []int) {
	c.tb.Helper()
	g := c.leader(group)
	for i, n := range c.nodes {
		if n == nil {
			continue
		}
		if n.Group(group) == g {
			leader = i
		} else {
			followers = append(followers, i)
		}
	}
	return leader, followers
}

// forward runs one command of a group through a node that does not lead it, as soon as that
// knows a leader.
func (c *testCluster) forward(node, group int, cmd Command) (Result, error) {
	c.tb.Helper()
	n := c.nodes[node]
	eventually(c.tb, "a leader to be known", func() bool { return n.Group(group).Leader() != "" })
	r := NewRequest()
	r.Cmd = cmd
	err := n.Propose(c.tb.Context(), group, r)
	return r.Result, err
}

func holdOf(event uint32, seats ...uint32) Command {
	return Command{Op: OpHold, Hold: shard.Hold{Event: event, Seats: seats, TTL: shard.MaxTTL, Holder: []byte("h")}}
}

// TestForwardedCommands: what a follower is asked is decided by the leader, and told with all that
// belongs to it; it can then be read at the follower.
func TestForwardedCommands(t *testing.T) {
	t.Parallel()
	c := newTestCluster(t, 3, 2, LogStoreWAL)
	ev := c.event(1, "a:2026-01-01", 500)
	_, followers := c.roles(1)
	n := c.nodes[followers[0]]
	res, err := c.forward(followers[0], 1, holdOf(ev, 1, 2))
	if err != nil || res.Err != nil || res.Number != 1 || res.Token == 0 || res.Expires == 0 || res.Now == 0 {
		t.Fatalf("%+v, %v", res, err)
	}
	if n.Floor(1) == 0 {
		t.Error("no floor came with the answer")
	}
	if err := n.Group(1).WaitApplied(t.Context(), n.Floor(1)); err != nil {
		t.Fatal(err)
	}
	if err := n.Group(1).View(func(s *shard.State) {
		if st := s.Event(ev).Status(2); st != shard.Held {
			t.Errorf("at the follower seat 2 is %v", st)
		}
	}); err != nil {
		t.Error(err)
	}
	res, err = c.forward(followers[1], 1, holdOf(ev, 2, 3))
	if err != nil || !errors.Is(res.Err, shard.ErrSeatsUnavailable) || len(res.Conflicts) != 1 || res.Conflicts[0].Seat != 2 {
		t.Errorf("a seat that is held: %+v, %v", res, err)
	}
	res, err = c.forward(followers[0], 1, Command{Op: OpClaim, Claim: &shard.Claim{Items: []shard.Item{{Event: ev, Seats: []uint32{7}}}, TTL: shard.MaxTTL, Holder: []byte("h")}})
	if err != nil || res.Err != nil || len(res.Granted) != 1 || len(res.Granted[0].Seats) != 1 {
		t.Errorf("a claim: %+v, %v", res, err)
	}
	if res, err = c.forward(followers[0], 1, holdOf(ev, make([]uint32, shard.MaxSeatsPerHold+1)...)); err != nil || !errors.Is(res.Err, shard.ErrBadRequest) {
		t.Errorf("a hold beyond all bounds: %+v, %v", res, err)
	}
	if _, err := c.forward(followers[0], 1, Command{Op: OpExpire, Expire: shard.Expire{Limit: 1}}); !errors.Is(err, ErrNotLeader) || OutcomeOf(err) != OutcomeNotApplied {
		t.Errorf("a sweep was handed on: %v", err)
	}
	if res, err = c.forward(followers[0], 0, Command{Op: OpActivateEvent, Activate: ActivateEvent{EventID: "none"}}); err != nil || !errors.Is(res.Err, shard.ErrUnknownEvent) {
		t.Errorf("a command of the directory: %+v, %v", res, err)
	}
}

// TestForwardOneHop: a node that leads no more says so, and hands nothing on.
func TestForwardOneHop(t *testing.T) {
	t.Parallel()
	c := newTestCluster(t, 3, 1, LogStoreWAL)
	ev := c.event(1, "a:2026-01-01", 10)
	_, followers := c.roles(1)
	from, to := c.nodes[followers[0]], c.nodes[followers[1]]
	r := NewRequest()
	r.Cmd = holdOf(ev, 1)
	err := from.forwards.lane(to.ID(), 1).propose(t.Context(), r)
	if !errors.Is(err, ErrNotLeader) || OutcomeOf(err) != OutcomeNotApplied {
		t.Errorf("a follower that was taken for the leader: %v", err)
	}
	r = NewRequest()
	r.Cmd = holdOf(ev, 1)
	err = from.forwards.lane("nobody", 1).propose(t.Context(), r)
	if !errors.Is(err, ErrNoQuorum) && !errors.Is(err, ErrNotLeader) || OutcomeOf(err) != OutcomeNotApplied {
		t.Errorf("a node that does not exist: %v", err)
	}
}

// TestForwardTurnsBack: what waits for the connection to a node that leads no more is told so when
// there is another leader, and can ask that.
func TestForwardTurnsBack(t *testing.T) {
	t.Parallel()
	c := newTestCluster(t, 3, 1, LogStoreWAL)
	ev := c.event(1, "a:2026-01-01", 10)
	_, followers := c.roles(1)
	c.close(followers[0])
	silent := peertest.Listen(t) // takes connections, and says nothing
	defer mustClose(t, silent)
	resolve := c.cfgs[followers[0]].Resolve
	c.cfgs[followers[0]].Resolve = func(id string) (string, error) {
		if id == "stopped" {
			return silent.Addr().String(), nil
		}
		return resolve(id)
	}
	c.open(followers[0])
	n := c.nodes[followers[0]]
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	r := NewRequest()
	r.Cmd = holdOf(ev, 1)
	if err := n.forwards.lane("stopped", 1).propose(ctx, r); OutcomeOf(err) != OutcomeNotApplied {
		t.Errorf("left before there was a connection: %v", err)
	}
	var wg sync.WaitGroup
	for seat := range uint32(10) {
		wg.Go(func() {
			r := NewRequest()
			r.Cmd = holdOf(ev, seat)
			if err := n.forwards.lane("stopped", 1).propose(t.Context(), r); !errors.Is(err, ErrNotLeader) || OutcomeOf(err) != OutcomeNotApplied {
				t.Errorf("told %v", err)
			}
		})
	}
	wg.Wait()
}

// TestForwardCallersLeave: who leaves is told whether its command can have been applied, and
// whatever comes of it later touches nobody else's request.
func TestForwardCallersLeave(t *testing.T) {
	t.Parallel()
	c := newTestCluster(t, 3, 1, LogStoreWAL)
	const seats = 400
	ev := c.event(1, "a:2026-01-01", seats)
	_, followers := c.roles(1)
	n := c.nodes[followers[0]]
	eventually(t, "a leader to be known", func() bool { return n.Group(1).Leader() != "" })
	var granted, unknown, not atomic.Int64
	var wg sync.WaitGroup
	for i := range uint32(seats) {
		wg.Go(func() {
			ctx, cancel := context.WithTimeout(t.Context(), time.Duration(i%40)*100*time.Microsecond)
			defer cancel()
			r := NewRequest()
			r.Cmd = Command{Op: OpHold, Hold: shard.Hold{Event: ev, Seats: append(r.Seats(1)[:0], i), TTL: shard.MaxTTL, Holder: r.Holder(fmt.Sprint("h", i))}}
			err := n.Propose(ctx, 1, r)
			switch {
			case err == nil && r.Result.Err == nil:
				granted.Add(1)
			case OutcomeOf(err) == OutcomeUnknown:
				unknown.Add(1)
			case err != nil:
				not.Add(1)
			default:
				t.Errorf("seat %d: %v", i, r.Result.Err)
			}
			r.Free()
		})
	}
	wg.Wait()
	if granted.Load()+unknown.Load()+not.Load() != seats {
		t.Errorf("%d granted, %d unknown, %d not applied", granted.Load(), unknown.Load(), not.Load())
	}
	// An entry behind all of them.
	if _, err := c.leader(1).tick(Command{Op: OpTick}); err != nil {
		t.Fatal(err)
	}
	held := int64(0)
	if err := c.leader(1).View(func(s *shard.State) {
		for i := range uint32(seats) {
			if s.Event(ev).Status(i) != shard.Held {
				continue
			}
			held++
			for no := uint32(1); no <= seats; no++ {
				if h, ok := s.Event(ev).HoldInfo(no); ok && h.Seats[0] == i && h.Holder != fmt.Sprint("h", i) {
					t.Errorf("seat %d is held by %s", i, h.Holder)
				}
			}
		}
	}); err != nil {
		t.Fatal(err)
	}
	if held < granted.Load() || held > granted.Load()+unknown.Load() {
		t.Errorf("%d seats are held; %d were granted and %d are unknown", held, granted.Load(), unknown.Load())
	}
	t.Logf("%d granted, %d unknown, %d not applied", granted.Load(), unknown.Load(), not.Load())
}

// TestForwardCrowd: a crowd asks all nodes for the same seats while the leader dies. No seat is
// granted twice, none that was granted is lost.
func TestForwardCrowd(t *testing.T) {
	t.Parallel()
	c := newTestCluster(t, 3, 1, LogStoreWAL)
	const seats = 2000
	ev := c.event(1, "a:2026-01-01", seats)
	leader, _ := c.roles(1)
	nodes := append([]*Node(nil), c.nodes...)
	var dead atomic.Pointer[Node]
	y := tally{granted: map[uint32]uint32{}, unknown: map[uint32]int{}}
	ctx, cancel := context.WithTimeout(t.Context(), 40*time.Second)
	defer cancel()
	var wg sync.WaitGroup
	for caller := range 30 {
		wg.Go(func() {
			for seat := uint32(caller % 10); seat < seats && ctx.Err() == nil; {
				n := nodes[caller%3]
				if n == dead.Load() {
					n = nodes[(caller+1)%3]
				}
				r := NewRequest()
				r.Cmd = Command{Op: OpHold, Hold: shard.Hold{Event: ev, Seats: append(r.Seats(1)[:0], seat), TTL: shard.MaxTTL, Holder: r.Holder("h")}}
				err := n.Propose(ctx, 1, r)
				if err != nil && OutcomeOf(err) == OutcomeNotApplied {
					time.Sleep(time.Millisecond)
					continue
				}
				y.note(seat, r, err)
				seat += 10
			}
		})
	}
	time.Sleep(100 * time.Millisecond)
	dead.Store(nodes[leader])
	c.close(leader)
	wg.Wait()
	if ctx.Err() != nil {
		t.Fatal("the others did not take over in time")
	}
	c.sameEverywhere(1)
	if len(y.twice) > 0 {
		t.Errorf("seats %v were granted twice", y.twice)
	}
	if err := c.leader(1).View(func(s *shard.State) {
		for seat := range uint32(seats) {
			held := s.Event(ev).Status(seat) == shard.Held
			_, granted := y.granted[seat]
			if granted && !held || !granted && y.unknown[seat] == 0 {
				t.Errorf("seat %d: granted %v, held %v, unknown to %d", seat, granted, held, y.unknown[seat])
			}
		}
	}); err != nil {
		t.Fatal(err)
	}
}

// TestForwardLost: a leader that takes a batch and whose answer never comes leaves its callers with
// an unknown outcome; the write itself stands.
func TestForwardLost(t *testing.T) {
	t.Parallel()
	c := newTestCluster(t, 3, 1, LogStoreWAL)
	ev := c.event(1, "a:2026-01-01", 10)
	leader, followers := c.roles(1)
	p := peertest.NewProxy(t)
	defer p.Close()
	leads := c.nodes[leader].ID()
	to, err := c.resolve(leads)
	if err != nil {
		t.Fatal(err)
	}
	p.Lead(to)
	c.close(followers[0]) // it comes back with the proxy between itself and the leader
	c.cfgs[followers[0]].Resolve = func(id string) (string, error) {
		if id == leads {
			return p.Addr(), nil
		}
		return c.resolve(id)
	}
	c.open(followers[0])
	if res, err := c.forward(followers[0], 1, holdOf(ev, 1)); err != nil || res.Err != nil {
		t.Fatalf("%+v, %v", res, err)
	}
	p.Mute()
	done := make(chan error, 1)
	go func() {
		_, err := c.forward(followers[0], 1, holdOf(ev, 2))
		done <- err
	}()
	eventually(t, "the write to stand", func() (held bool) {
		_ = c.nodes[leader].Group(1).View(func(s *shard.State) { held = s.Event(ev).Status(2) == shard.Held })
		return held
	})
	p.Cut()
	if err := <-done; OutcomeOf(err) != OutcomeUnknown || !errors.Is(err, ErrNoQuorum) {
		t.Errorf("told %v", err)
	}
}

// TestReadIndex: what the leader had answered before the question is at the follower when it
// has applied the index.
func TestReadIndex(t *testing.T) {
	t.Parallel()
	c := newTestCluster(t, 3, 1, LogStoreWAL)
	ev := c.event(1, "a:2026-01-01", 100)
	leader, followers := c.roles(1)
	for i, node := range []int{followers[0], followers[1], leader} {
		n := c.nodes[node]
		for k, linearizable := range []bool{false, true} {
			seat := uint32(2*i + k)
			if res := c.do(1, holdOf(ev, seat)); res.Err != nil {
				t.Fatal(res.Err)
			}
			eventually(t, "a leader to be known", func() bool { return n.Group(1).Leader() != "" })
			index, err := n.ReadIndex(t.Context(), 1, linearizable)
			if err != nil {
				t.Fatal(err)
			}
			if err := n.Group(1).WaitApplied(t.Context(), index); err != nil {
				t.Fatal(err)
			}
			if err := n.Group(1).View(func(s *shard.State) {
				if s.Event(ev).Status(seat) != shard.Held {
					t.Errorf("node %d has index %d and not seat %d", node, index, seat)
				}
			}); err != nil {
				t.Fatal(err)
			}
		}
	}
	var wg sync.WaitGroup
	for range 500 { // share their questions, or they would be too many for the leader
		wg.Go(func() {
			if _, err := c.nodes[followers[0]].ReadIndex(t.Context(), 1, false); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	g := c.nodes[followers[0]].Group(1)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if err := g.WaitApplied(ctx, g.Applied()+1000); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("waiting for what does not come: %v", err)
	}
	if n := g.fsm.signal.waiting.Load(); n != 0 {
		t.Errorf("%d are waiting", n)
	}
}
