package raftfsm

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/usherhq/usher/shard"
	"github.com/usherhq/usher/waitroom"
)

// gated makes a gated event of so many seats in group 1, with a room.
func (c *testCluster) gated(seats uint32, cfg waitroom.Config) {
	c.tb.Helper()
	blob := []byte("chart")
	for _, cmd := range []Command{
		{Op: OpChartChunk, Chunk: shard.ChartChunk{Sum: [32]byte{1}, Blob: sha256.Sum256(blob), Seats: seats, Size: uint32(len(blob)), Data: blob}},
		{Op: OpCreateRuled, Create: shard.CreateEvent{ID: "a:2026-01-01", Chart: [32]byte{1}, Rules: shard.Rules{Gated: true}}},
		openRoom(0, cfg),
	} {
		if res := c.do(1, cmd); res.Err != nil {
			c.tb.Fatal(res.Err)
		}
	}
}

func ticketOf(t *testing.T, g *Group, n uint32) (info waitroom.TicketInfo) {
	t.Helper()
	if err := g.ViewRooms(func(rs *waitroom.Rooms) { info, _ = rs.Room(0).Ticket(n) }); err != nil {
		t.Fatal(err)
	}
	return info
}

// TestForwardedRoom: places are taken, and shown with a claim, at a node that does not lead;
// the leader admits of itself.
func TestForwardedRoom(t *testing.T) {
	t.Parallel()
	reg := prometheus.NewRegistry()
	metrics, err := NewMetrics(reg)
	if err != nil {
		t.Fatal(err)
	}
	c := newTestClusterOf(t, 3, 1, LogStoreWAL, func(cfg *Config) { cfg.Metrics = metrics })
	c.gated(100, tightRoom())
	leader, followers := c.roles(1)
	at := followers[0]
	res, err := c.forward(at, 1, joinOf(1, 2, 3))
	if err != nil || res.Err != nil || len(res.Joined) != 3 || res.Joined[1] != (waitroom.Joined{Ticket: 2, New: true}) {
		t.Fatalf("%+v, %v", res, err)
	}
	eventually(t, "two are admitted", func() bool {
		return ticketOf(t, c.nodes[leader].Group(1), 2).State == waitroom.Admitted
	})
	if res, err := c.forward(at, 1, passedHold(2, 0, 5)); err != nil || res.Err != nil || res.Number != 1 {
		t.Errorf("a claim with an admission: %+v, %v", res, err)
	}
	if res, err := c.forward(at, 1, passedHold(3, 0, 6)); err != nil || !errors.Is(res.Err, waitroom.ErrNotAdmitted) {
		t.Errorf("a claim of who waits: %+v, %v", res, err)
	}
	if res, err := c.forward(at, 1, passedClaim(1, shard.Item{Event: 0, Seats: []uint32{7}})); err != nil || res.Err != nil || len(res.Granted) != 1 {
		t.Errorf("a claim of another kind: %+v, %v", res, err)
	}
	if res, err := c.forward(at, 1, Command{Op: OpLeave, Leave: waitroom.Leave{Ticket: 1}}); err != nil || res.Err != nil {
		t.Errorf("leaving: %+v, %v", res, err)
	}
	if res, err := c.forward(at, 1, Command{Op: OpEnter, Enter: Enter{waitroom.Pass{Ticket: 1}, 0}}); err != nil || !errors.Is(res.Err, waitroom.ErrSessionOver) {
		t.Errorf("who has left enters: %+v, %v", res, err)
	}
	if _, err := c.forward(at, 1, Command{Op: OpAdmit, Admit: Admit{Limit: 1}}); !errors.Is(err, ErrNotLeader) {
		t.Errorf("what a leader does of itself was handed on: %v", err)
	}
	g := c.nodes[leader].Group(1)
	eventually(t, "the next one is admitted", func() bool { return ticketOf(t, g, 3).State == waitroom.Admitted })
	if g.ClaimLatency() <= 0 {
		t.Error("no claim was timed")
	}
	got := figures(t, reg)
	if got["usher_queue_tickets_total 1"] != 3 || got["usher_queue_active 1 unused"] != 1 || got["usher_queue_active 1 in_session"] != 1 {
		t.Errorf("figures of the rooms: %v", got)
	}
	c.sameEverywhere(1)
}

// standing is all that outsiders know of a room's tickets.
func standing(t *testing.T, g *Group, tickets uint32) (all []string) {
	t.Helper()
	if err := g.ViewRooms(func(rs *waitroom.Rooms) {
		for n := uint32(1); n <= tickets; n++ {
			info, ok := rs.Room(0).Ticket(n)
			all = append(all, fmt.Sprintf("%d: %+v, %v", n, info, ok))
		}
	}); err != nil {
		t.Fatal(err)
	}
	return all
}

// TestRoomOutlivesItsLeader: tickets, places and admissions are at the new leader what they
// were at the old one.
func TestRoomOutlivesItsLeader(t *testing.T) {
	t.Parallel()
	const people = 100
	c := newTestCluster(t, 3, 1, LogStoreWAL)
	cfg := tightRoom()
	cfg.MaxActive = 5
	c.gated(100, cfg)
	var ids []byte
	for p := range byte(people) {
		ids = append(ids, p)
	}
	joined := c.do(1, joinOf(ids...))
	if joined.Err != nil {
		t.Fatal(joined.Err)
	}
	old := c.leader(1)
	eventually(t, "five are admitted", func() bool { return ticketOf(t, old, 5).State == waitroom.Admitted })
	for n := uint32(1); n <= 3; n++ {
		if res := c.do(1, passedHold(n, 0, n)); res.Err != nil {
			t.Fatal(res.Err)
		}
	}
	if res := c.do(1, Command{Op: OpLeave, Leave: waitroom.Leave{Ticket: 50}}); res.Err != nil {
		t.Fatal(res.Err)
	}
	before := standing(t, old, people)
	i := c.nodeOf(old)
	c.close(i)
	next := c.leader(1)
	again := c.do(1, joinOf(ids[20:40]...)) // who asks again has the place it had; and all before it is applied
	for k, j := range again.Joined {
		if want := (waitroom.Joined{Ticket: joined.Joined[20+k].Ticket}); j != want {
			t.Errorf("entrant %d has %+v, had %+v", 20+k, j, want)
		}
	}
	after := standing(t, next, people)
	for n := range before {
		if before[n] != after[n] {
			t.Errorf("ticket %s\nwas      %s", after[n], before[n])
		}
	}
	if res := c.do(1, Command{Op: OpBook, Book: shard.Book{Event: 0, Hold: 1}}); res.Err != nil {
		t.Fatal(res.Err)
	}
	eventually(t, "the new leader admits the next", func() bool { return ticketOf(t, next, 6).State == waitroom.Admitted })
	c.open(i)
	c.waitReady()
	c.sameEverywhere(1)
}

// TestInspectRooms: what is read offline, from a snapshot and the log behind it, is what was.
func TestInspectRooms(t *testing.T) {
	t.Parallel()
	c := newTestCluster(t, 1, 1, LogStoreWAL)
	c.gated(100, tightRoom())
	c.do(1, joinOf(1, 2, 3, 4))
	g := c.leader(1)
	eventually(t, "two are admitted", func() bool { return ticketOf(t, g, 2).State == waitroom.Admitted })
	if err := g.Snapshot(); err != nil {
		t.Fatal(err)
	}
	if res := c.do(1, passedHold(1, 0, 1)); res.Err != nil {
		t.Fatal(res.Err)
	}
	_, digest := g.Digest()
	c.close(0)
	rep, err := Inspect(t.Context(), c.cfgs[0].Dir)
	if err != nil || len(rep.Problems) > 0 {
		t.Fatalf("%v, %q", err, rep.Problems)
	}
	got := rep.Replicas[0].Groups[1]
	if got.Digest != hexDigest(digest) || got.Snapshot == nil {
		t.Errorf("digest %s, was %s; snapshot %+v", got.Digest, hexDigest(digest), got.Snapshot)
	}
	if got.Rooms != 1 || got.Tickets != 4 || got.Waiting != 2 || got.Admitted != 2 {
		t.Errorf("%+v", got.Totals)
	}
	c.open(0)
	c.waitReady()
	if st := ticketOf(t, c.leader(1), 1).State; st != waitroom.InShop {
		t.Errorf("after a restart ticket 1 is in state %d", st)
	}
}
