package transport

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/usherhq/usher/engine"
)

// watch subscribes to a ticket and returns what the answer says.
func (c *client) watch(id int, ticket string) queueBody {
	c.t.Helper()
	c.say(`{"id":%d,"subscribe":{"ticket":%q}}`, id, ticket)
	m := c.hear()
	if m.Queue == nil || m.ID == nil || *m.ID != uint64(id) {
		c.t.Fatalf("the answer to a ticket: %+v", m)
	}
	return *m.Queue
}

// queue hears the next word about a ticket.
func (c *client) queue() queueBody {
	c.t.Helper()
	m := c.hear()
	if m.Queue == nil || m.ID != nil {
		c.t.Fatalf("heard %+v, want a place", m)
	}
	return *m.Queue
}

// queueUntil hears words about tickets until one fits.
func (c *client) queueUntil(fits func(queueBody) bool) queueBody {
	c.t.Helper()
	for range 1000 {
		if q := c.queue(); fits(q) {
			return q
		}
	}
	c.t.Fatal("never heard it")
	return queueBody{}
}

func TestATicketIsFollowed(t *testing.T) {
	bothProtocols(t, func(t *testing.T, protocol string) {
		h := newHouse(t, 4)
		ids := h.fake.line(3)
		c := h.dial(protocol)
		if q := c.watch(7, ids[2]); q.Ticket != ids[2] || q.State != engine.QueueWaiting || *q.Position != 3 || *q.Ahead != 2 || q.Milestone != "" || q.AdmissionToken != "" {
			t.Errorf("the answer %+v", q)
		}
		h.fake.move(engine.QueueAdmitted, 1)
		if q := c.queue(); *q.Position != 2 || q.Milestone != "" { // among the next ten from the beginning
			t.Errorf("nearer: %+v", q)
		}
		h.fake.move(engine.QueueAdmitted, 2)
		if q := c.queue(); *q.Position != 1 || q.Milestone != "next" {
			t.Errorf("next: %+v", q)
		}
		h.fake.move(engine.QueueAdmitted, 3)
		q := c.queue()
		if q.State != engine.QueueAdmitted || q.AdmissionToken != "ua1.token.3" || q.ExpiresAt == nil || q.Position != nil || q.ExpiresAt.Location() != time.UTC {
			t.Errorf("admitted: %+v", q)
		}
		later := q.ExpiresAt.Add(time.Hour)
		h.fake.put(func() { p := h.fake.tickets[2]; p.SessionStarted, p.ExpiresAt = true, &later })
		if q := c.queue(); !q.SessionStarted || !q.ExpiresAt.Equal(later) {
			t.Errorf("in the shop: %+v", q)
		}
		h.fake.put(func() { p := h.fake.tickets[2]; p.State, p.Reason = engine.QueueLeft, "booked" })
		if q := c.queue(); q.State != engine.QueueLeft || q.Reason != "booked" {
			t.Errorf("the end: %+v", q)
		}
		h.fake.put(func() { h.fake.tickets[2].Reason = "other" }) // nothing comes behind the end
		c.quiet2(h)
	})
}

// TestOnlyWhoHasTheTicketHearsItsToken: others in the room hear of their own tickets alone.
func TestOnlyWhoHasTheTicketHearsItsToken(t *testing.T) {
	h := newHouse(t, 4)
	ids := h.fake.line(2)
	mine, other := h.dial(protocolJSON), h.dial(protocolJSON)
	mine.watch(1, ids[0])
	other.watch(1, ids[1])
	h.fake.move(engine.QueueAdmitted, 1)
	if q := mine.queue(); q.AdmissionToken == "" || q.Ticket != ids[0] {
		t.Errorf("mine: %+v", q)
	}
	if q := other.queue(); q.AdmissionToken != "" || q.Ticket != ids[1] || *q.Position != 1 {
		t.Errorf("another's: %+v", q)
	}
	other.quiet2(h)
}

func TestTicketsThatAreOverOrUnknown(t *testing.T) {
	h := newHouse(t, 4)
	ids := h.fake.line(3)
	h.fake.put(func() { p := h.fake.tickets[0]; p.State, p.Reason = engine.QueueExpired, "not_used" })
	c := h.dial(protocolJSON)
	if q := c.watch(1, ids[0]); q.State != engine.QueueExpired || q.Reason != "not_used" {
		t.Errorf("expired: %+v", q)
	}
	c.watch(2, ids[1])
	h.fake.put(func() { h.fake.gone = map[uint32]bool{2: true} })
	if q := c.queue(); q.State != engine.QueueLeft || q.Reason != reasonUnknown || q.Ticket != ids[1] || q.ServerTime.IsZero() {
		t.Errorf("gone: %+v", q)
	}
	c.say(`{"id":3,"subscribe":{"ticket":"tick_99"}}`)
	if m := c.hear(); m.Error == nil || m.Error.Code != "unknown_ticket" || *m.ID != 3 {
		t.Errorf("unknown: %+v", m)
	}
	for id, ticket := range []string{ids[0], ids[1], "tick_99"} {
		c.say(`{"id":%d,"unsubscribe":{"ticket":%q}}`, id, ticket)
		if m := c.hear(); !m.OK {
			t.Errorf("unsubscribe %s: %+v", ticket, m)
		}
	}
	h.noLines()
}

// noLines waits until no room has a hub.
func (h *house) noLines() {
	h.Helper()
	for end := time.Now().Add(5 * time.Second); ; time.Sleep(time.Millisecond) {
		h.server.live.mu.Lock()
		n := len(h.server.live.lines)
		h.server.live.mu.Unlock()
		if n == 0 {
			return
		}
		if time.Now().After(end) {
			h.Fatalf("%d rooms are still followed", n)
		}
	}
}

func TestARoomsHubEndsWithItsLastFollower(t *testing.T) {
	h := newHouse(t, 4)
	ids := h.fake.line(2)
	a, b := h.dial(protocolJSON), h.dial(protocolJSON)
	a.watch(1, ids[0])
	b.watch(1, ids[1])
	b.watch(2, ids[1]) // again, in place of the first
	a.ws.Close()
	h.fake.move(engine.QueueAdmitted, 1)
	b.queueUntil(func(q queueBody) bool { return q.Position != nil && *q.Position == 1 })
	b.say(`{"id":2,"unsubscribe":{"ticket":%q}}`, ids[1])
	if m := b.hear(); !m.OK {
		t.Errorf("unsubscribe: %+v", m)
	}
	h.noLines()
	b.watch(3, ids[1]) // a new hub
	h.fake.move(engine.QueueAdmitted, 2)
	if q := b.queue(); q.State != engine.QueueAdmitted {
		t.Errorf("after a new beginning: %+v", q)
	}
}

// TestTheLobbyIsToldTogether: one frame for all, without what is anybody's own.
func TestTheLobbyIsToldTogether(t *testing.T) {
	h := newHouse(t, 4)
	ids := h.fake.lobby(2)
	a, b := h.dial(protocolJSON), h.dial(protocolJSON)
	if q := a.watch(1, ids[0]); q.State != engine.QueueLobby || q.InLobby != 2 || q.Position != nil || q.Ticket == "" {
		t.Errorf("the answer: %+v", q)
	}
	b.watch(1, ids[1])
	h.fake.lobby(5)
	for _, c := range []*client{a, b} {
		q := c.queueUntil(func(q queueBody) bool { return q.InLobby == 7 })
		if q.Ticket != "" || q.Entrant != "" || q.EventID != testEvent || q.State != engine.QueueLobby || q.Phase != "before" {
			t.Errorf("the crowd: %+v", q)
		}
	}
	h.fake.put(func() { h.fake.shared.Phase = "drawing" })
	a.queueUntil(func(q queueBody) bool { return q.Phase == "drawing" && q.State == engine.QueueLobby })
	h.fake.put(func() { h.fake.shared.Phase = "line" })
	h.fake.move(engine.QueueWaiting, 1, 2, 3, 4, 5, 6, 7)
	q := a.queueUntil(func(q queueBody) bool { return q.State == engine.QueueWaiting })
	if *q.Position != 1 || q.Ticket != ids[0] || q.Milestone != "" {
		t.Errorf("drawn: %+v", q)
	}
	b.queueUntil(func(q queueBody) bool { return q.State == engine.QueueWaiting && q.Ticket == ids[1] })
}

func TestWhatConcernsAllIsToldAtOnce(t *testing.T) {
	h := newHouse(t, 4)
	ids := h.fake.line(20_000)
	far := h.dial(protocolJSON)
	far.watch(1, ids[19_998])
	h.fake.put(func() { h.fake.shared.Paused, h.fake.shared.PausedReason = true, "Rain." })
	far.queueUntil(func(q queueBody) bool { return q.Paused && q.PausedReason == "Rain." && *q.Position == 19_999 })
	h.fake.put(func() { h.fake.shared.Paused, h.fake.shared.PausedReason = false, "" })
	far.queueUntil(func(q queueBody) bool { return !q.Paused })
	h.fake.locked(func() { h.fake.shared.NothingLeft = true }) // the room itself has not changed
	far.queueUntil(func(q queueBody) bool { return q.NothingLeft })
}

// TestAnUnreadableRoomIsReadAgain: the followers stay, and hear what happened meanwhile.
func TestAnUnreadableRoomIsReadAgain(t *testing.T) {
	h := newHouse(t, 4)
	ids := h.fake.line(1)
	c := h.dial(protocolJSON)
	c.watch(1, ids[0])
	h.fake.locked(func() { h.fake.roomErr = errors.New("the disk is on fire") })
	time.Sleep(20 * time.Millisecond)
	h.fake.locked(func() { h.fake.roomErr = nil })
	h.fake.move(engine.QueueAdmitted, 1)
	if q := c.queue(); q.State != engine.QueueAdmitted {
		t.Errorf("heard %+v", q)
	}
	close(h.fake.done)
	if code := c.closeCode(); code != closeRestart {
		t.Errorf("the engine's end: %d", code)
	}
}

// TestACrowdIsToldInBoundedSteps: with everybody moved at once, all are told, and no tick tells
// more than it may.
func TestACrowdIsToldInBoundedSteps(t *testing.T) {
	f := newFake()
	f.fakeRooms.line(2*placesPerTick + 10)
	m, err := newMetrics(nil)
	if err != nil {
		t.Fatal(err)
	}
	l := newLive(f, DefaultLimits(), nil, m)
	defer l.cancel()
	h := newLineHub(l, fakeLine{&f.fakeRooms})
	defer h.stop()
	c := newConn(l.ctx, l, nil, false)
	l.limits.QueueBytes = 1 << 30
	for i, p := range f.tickets {
		fo := &lineFollow{hub: h, ticket: p.Ticket, n: uint32(i + 1), index: -1}
		fo.knows(*p)
		h.post(lineOp{sub: &sub{conn: c, id: uint64(i), line: fo}})
	}
	h.takeOps()
	step := func() int {
		t.Helper()
		before := len(c.queue)
		if err := h.advance(); err != nil {
			t.Fatal(err)
		}
		told := len(c.queue) - before
		if told > placesPerTick {
			t.Errorf("%d were told in a tick", told)
		}
		return told
	}
	for h.dirty > 0 || h.tick < 3 {
		step()
	}
	all := make([]int, len(f.tickets))
	for i := range all {
		all[i] = i + 1
	}
	f.move(engine.QueueAdmitted, all...)
	told := 0
	for range 4 {
		told += step()
	}
	if told != len(all) {
		t.Errorf("%d of %d were told that they are admitted", told, len(all))
	}
	f.put(func() {
		for _, p := range f.tickets {
			p.State = engine.QueueLeft
		}
	})
	for len(h.subs) > 0 {
		if step() == 0 {
			t.Fatalf("%d are left and hear nothing", len(h.subs))
		}
	}
}

func TestHowOftenAPositionIsTold(t *testing.T) {
	waiting := engine.QueueWaiting
	for _, x := range []struct {
		position int
		ticks    int // for which somebody whose position changes all the time is told once
	}{{2, 1}, {100, 1}, {101, 4}, {1_000, 4}, {1_001, 20}, {10_000, 20}, {10_001, 60}, {1_000_000, 60}} {
		f := &lineFollow{n: 77, state: waiting, near: len(milestones), position: -1}
		told := 0
		for tick := uint64(1); tick <= 240; tick++ {
			if f.judge(waiting, x.position, 0, tick, tick) == tell {
				told++
				f.tick = tick
			}
		}
		if told != 240/x.ticks {
			t.Errorf("position %d: told %d times in 240 ticks, want %d", x.position, told, 240/x.ticks)
		}
	}
	// A crowd is spread over the ticks.
	at := map[uint64]int{}
	for n := range uint32(6_000) {
		for tick := uint64(1); tick <= 60; tick++ {
			f := &lineFollow{n: n, state: waiting, position: 30_000, tick: tick - 1}
			if f.judge(waiting, 20_000, 0, 0, tick) == tell {
				at[tick]++
			}
		}
	}
	for tick, n := range at {
		if n != 100 {
			t.Errorf("tick %d: %d of 6,000 are told", tick, n)
		}
	}
	still := &lineFollow{state: waiting, position: 5, near: 3, version: 9}
	if v := still.judge(waiting, 5, 0, 9, 500); v != silent {
		t.Errorf("nothing has changed: %v", v)
	}
	if v := still.judge(waiting, 5, 0, 10, 1); v != later {
		t.Errorf("the room has changed a little: %v", v)
	}
	if v := still.judge(waiting, 5, 1, 9, 1); v != tell {
		t.Errorf("what all are to hear: %v", v)
	}
}

func TestMilestonesComeOnce(t *testing.T) {
	f := &lineFollow{}
	place := func(position int) engine.Place {
		return engine.Place{State: engine.QueueWaiting, Position: &position}
	}
	var heard []string
	for _, position := range []int{5000, 1001, 1000, 999, 1002, 980, 70, 100, 101, 3, 2, 1, 2, 1} {
		tellIt := f.judge(engine.QueueWaiting, position, 0, 0, 0) == tell
		name := f.knows(place(position))
		if name != "" {
			heard = append(heard, fmt.Sprint(position, " ", name))
		}
		if name != "" && !tellIt {
			t.Errorf("%s waited", name)
		}
	}
	if got := fmt.Sprint(heard); got != "[1000 next_1000 70 next_100 3 next_10 1 next]" {
		t.Errorf("heard %s", got)
	}
}
