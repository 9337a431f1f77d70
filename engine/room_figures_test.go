package engine_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/usherhq/usher/engine"
)

func ptr[T any](v T) *T { return &v }

func TestOperateRoom(t *testing.T) {
	e, ids := openHouse(t, engine.Config{Replicas: 3, Groups: 1}, engine.EventSpec{WaitingRoom: waitingRoom(func(w *engine.WaitingRoom) { w.MaxActive = 1 })}, engine.EventSpec{})
	ctx := testContext(t)
	admittedTo(t, e, ids[0], "ada")
	bob := join(t, e, ids[0], "bob")
	r := setRoom(t, e, ids[0], engine.RoomChange{State: ptr("paused"), Reason: "fire drill"})
	if r.State != "paused" || r.Reason != "fire drill" || r.MaxActive != 1 {
		t.Errorf("paused: %+v", r)
	}
	r = setRoom(t, e, ids[0], engine.RoomChange{MaxActive: ptr(2), NewPerMinute: ptr(60_000)})
	if r.MaxActive != 2 || r.NewPerMinute != 60_000 || r.Pace != 60_000 || r.State != "paused" {
		t.Errorf("wider: %+v", r)
	}
	if p := place(t, e, bob.Ticket); p.State != engine.QueueWaiting || !p.Paused || p.PausedReason != "fire drill" || p.ETA != nil {
		t.Errorf("bob while it is paused: %+v", p)
	}
	if cyd := join(t, e, ids[0], "cyd"); !cyd.New {
		t.Errorf("a paused room takes people: %+v", cyd)
	}
	setRoom(t, e, ids[0], engine.RoomChange{State: ptr("closed")})
	_, err := e.Join(ctx, engine.JoinRequest{EventID: ids[0], HolderID: "dan"})
	wantErr(t, "closed", err, engine.ErrRoomClosed, engine.OutcomeNotApplied)
	setRoom(t, e, ids[0], engine.RoomChange{State: ptr("draining")})
	eventually(t, "bob is admitted", func() bool { return place(t, e, bob.Ticket).State == engine.QueueAdmitted })
	_, err = e.Join(ctx, engine.JoinRequest{EventID: ids[0], HolderID: "dan"})
	wantErr(t, "draining", err, engine.ErrRoomClosed, engine.OutcomeNotApplied)
	if r = setRoom(t, e, ids[0], engine.RoomChange{State: ptr("open")}); r.State != "open" || r.Reason != "" || r.Waiting != 1 || r.Admitted != 2 {
		t.Errorf("open again: %+v", r)
	}
	join(t, e, ids[0], "dan")
	if same := setRoom(t, e, ids[0], engine.RoomChange{}); same.Joined != 4 {
		t.Errorf("nothing is changed: %+v", same)
	}
	for _, c := range []struct {
		field string
		c     engine.RoomChange
	}{
		{"max_active", engine.RoomChange{MaxActive: ptr(0)}}, {"new_per_minute", engine.RoomChange{NewPerMinute: ptr(10_000_001)}},
		{"pace", engine.RoomChange{Pace: ptr(10)}}, {"state", engine.RoomChange{State: ptr("ajar")}},
		{"reason", engine.RoomChange{Reason: "why"}}, {"reason", engine.RoomChange{State: ptr("open"), Reason: "why"}},
		{"reason", engine.RoomChange{State: ptr("paused"), Reason: strings.Repeat("a", 201)}},
	} {
		_, err := e.SetRoom(ctx, ids[0], c.c)
		wantInvalid(t, c.field, err, c.field)
	}
	if _, err := e.Room(ctx, ids[1]); !errors.Is(err, engine.ErrNoWaitingRoom) {
		t.Errorf("no room: %v", err)
	}
}

// TestAutoPace: while claims are quick more people are let in, step by step.
func TestAutoPace(t *testing.T) {
	room := waitingRoom(func(w *engine.WaitingRoom) { w.Pace, w.NewPerMinute = "auto", 100 })
	e, ids := openHouse(t, engine.Config{Groups: 1}, engine.EventSpec{WaitingRoom: room})
	join(t, e, ids[0], "ada")
	if r := setRoom(t, e, ids[0], engine.RoomChange{Pace: ptr(91)}); r.Pace < 91 || r.PaceMode != "auto" {
		t.Errorf("slower: %+v", r)
	}
	eventually(t, "the pace is back", func() bool { return roomOf(t, e, ids[0]).Pace == 100 })
	_, err := e.SetRoom(testContext(t), ids[0], engine.RoomChange{Pace: ptr(101)})
	wantInvalid(t, "faster than allowed", err, "pace")
}

// TestLine: what followers see is what tickets are.
func TestLine(t *testing.T) {
	clock := newHandClock()
	room := waitingRoom(func(w *engine.WaitingRoom) { w.MaxActive = 1 })
	e, ids := openHouse(t, engine.Config{Groups: 1, Clock: clock}, engine.EventSpec{WaitingRoom: room, OnsaleAt: onsaleIn(clock, time.Hour)})
	ctx := testContext(t)
	var tickets []string
	for _, h := range holders(20) {
		tickets = append(tickets, join(t, e, ids[0], h).Ticket)
	}
	line, n, err := e.Line(ctx, tickets[0])
	if err != nil {
		t.Fatal(err)
	}
	if other, m, err := e.Line(ctx, tickets[1]); err != nil || other != line || m == n {
		t.Errorf("another ticket of the room: %p, %d, %v; the first: %p, %d", other, m, err, line, n)
	}
	var before uint64
	look := func(fn func(v engine.LineView)) {
		t.Helper()
		if err := line.View(fn); err != nil {
			t.Fatal(err)
		}
	}
	look(func(v engine.LineView) {
		before = v.Version()
		if lobby, waiting := v.Crowd(); lobby != 20 || waiting != 0 {
			t.Errorf("%d in the lobby, %d in line", lobby, waiting)
		}
		if state, position := v.At(n); state != engine.QueueLobby || position != 0 {
			t.Errorf("%s, %d", state, position)
		}
		if got := testing.AllocsPerRun(100, func() { v.At(n) }); got != 0 {
			t.Errorf("%v allocations", got)
		}
	})
	clock.pass(time.Hour + time.Second)
	eventually(t, "the first is admitted", func() bool { return roomOf(t, e, ids[0]).Admitted == 1 })
	for _, ticket := range tickets {
		_, n, err := e.Line(ctx, ticket)
		if err != nil {
			t.Fatal(err)
		}
		p, err := line.Place(ctx, n)
		if err != nil || p.Ticket != ticket || (p.State == engine.QueueAdmitted) != (p.AdmissionToken != "") {
			t.Errorf("%+v, %v", p, err)
		}
		look(func(v engine.LineView) {
			state, position := v.At(n)
			wantPlace(t, p, state, position)
			if v.Version() <= before {
				t.Errorf("version %d, %d before", v.Version(), before)
			}
		})
	}
	if _, _, err := e.Line(ctx, tickets[0][:33]+"0"); !errors.Is(err, engine.ErrUnknownTicket) {
		t.Errorf("forged: %v", err)
	}
}
