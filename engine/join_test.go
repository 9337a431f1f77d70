package engine_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/usherhq/usher/engine"
)

// TestJoin: whoever joins twice has one place; who leaves gives it up and comes back at the end.
func TestJoin(t *testing.T) {
	for _, replicas := range []int{1, 3} {
		t.Run(fmt.Sprint(replicas), func(t *testing.T) {
			t.Parallel()
			room := waitingRoom(func(w *engine.WaitingRoom) { w.MaxActive = 1 })
			cfg := engine.Config{Dir: t.TempDir(), Replicas: replicas, Groups: 1}
			e, ids := openHouse(t, cfg, engine.EventSpec{WaitingRoom: room}, engine.EventSpec{})
			ada := join(t, e, ids[0], "ada")
			wantPlace(t, ada, engine.QueueAdmitted, 0)
			if !ada.New || ada.EventID != ids[0] || ada.Events != nil || ada.SessionStarted || ada.AdmissionToken == "" {
				t.Errorf("ada: %+v", ada)
			}
			bob, cyd := join(t, e, ids[0], "bob"), join(t, e, ids[0], "cyd")
			wantPlace(t, bob, engine.QueueWaiting, 1)
			wantPlace(t, cyd, engine.QueueWaiting, 2)
			if again := join(t, e, ids[0], "bob"); again.New || again.Ticket != bob.Ticket || bob.ETA == nil || bob.AdmissionToken != "" {
				t.Errorf("bob is %+v, and then %+v", bob, again)
			}

			ctx := testContext(t)
			e = reopen(t, e, cfg)
			wantPlace(t, place(t, e, cyd.Ticket), engine.QueueWaiting, 2)
			for range 2 {
				if err := e.LeaveQueue(ctx, bob.Ticket); err != nil {
					t.Fatal(err)
				}
			}
			wantPlace(t, place(t, e, cyd.Ticket), engine.QueueWaiting, 1)
			if p := place(t, e, bob.Ticket); p.State != engine.QueueLeft || p.Reason != "left" {
				t.Errorf("bob has left: %+v", p)
			}
			back := join(t, e, ids[0], "bob")
			wantPlace(t, back, engine.QueueWaiting, 2)
			if !back.New || back.Ticket == bob.Ticket || back.Entrant != bob.Entrant {
				t.Errorf("bob is back: %+v", back)
			}
			// The shop gets free: the next one is let in.
			if err := e.LeaveQueue(ctx, ada.Ticket); err != nil {
				t.Fatal(err)
			}
			eventually(t, "cyd is admitted", func() bool { return place(t, e, cyd.Ticket).State == engine.QueueAdmitted })
			wantPlace(t, place(t, e, back.Ticket), engine.QueueWaiting, 1)
			r := roomOf(t, e, ids[0])
			if r.Joined != 4 || r.Waiting != 1 || r.Admitted != 1 || r.Over != 2 || r.InShop != 0 || r.RoomID != "event/"+ids[0] {
				t.Errorf("figures: %+v", r)
			}
		})
	}
}

func TestJoinRefusals(t *testing.T) {
	room := waitingRoom(func(w *engine.WaitingRoom) { w.Tiers = map[string]string{"gold": "3:1"} })
	e, ids := openHouse(t, engine.Config{Groups: 1}, engine.EventSpec{WaitingRoom: room}, engine.EventSpec{}, engine.EventSpec{WaitingRoom: room})
	ctx := testContext(t)
	for _, c := range []struct {
		what, field string
		r           engine.JoinRequest
	}{
		{"no holder", "holder_id", engine.JoinRequest{EventID: ids[0]}},
		{"an unknown tier", "tier", engine.JoinRequest{EventID: ids[0], HolderID: "ada", Tier: "iron"}},
		{"another room's night", "nights[1]", engine.JoinRequest{EventID: ids[0], HolderID: "ada", Nights: []string{ids[0], ids[2]}}},
		{"a night without a room", "nights[0]", engine.JoinRequest{EventID: ids[0], HolderID: "ada", Nights: []string{ids[1]}}},
		{"a night twice", "nights[1]", engine.JoinRequest{EventID: ids[0], HolderID: "ada", Nights: []string{ids[0], ids[0]}}},
	} {
		_, err := e.Join(ctx, c.r)
		wantInvalid(t, c.what, err, c.field)
	}
	_, err := e.Join(ctx, engine.JoinRequest{EventID: ids[1], HolderID: "ada"})
	wantErr(t, "no waiting room", err, engine.ErrNoWaitingRoom, engine.OutcomeNotApplied)
	_, err = e.Join(ctx, engine.JoinRequest{EventID: "nowhere:2027-01-01", HolderID: "ada"})
	wantErr(t, "no event", err, engine.ErrUnknownEvent, engine.OutcomeNotApplied)
	gold := joinWith(t, e, engine.JoinRequest{EventID: ids[0], HolderID: "ada", Tier: "gold"})
	if gold.Tier != "gold" {
		t.Errorf("tier %q", gold.Tier)
	}
	for i := range gold.Ticket {
		forged := gold.Ticket[:i] + string(gold.Ticket[i]^1) + gold.Ticket[i+1:]
		if _, err := e.QueuePlace(ctx, forged); !errors.Is(err, engine.ErrUnknownTicket) {
			t.Fatalf("%s: %v", forged, err)
		}
		if err := e.LeaveQueue(ctx, forged); !errors.Is(err, engine.ErrUnknownTicket) {
			t.Fatalf("leaving %s: %v", forged, err)
		}
	}
}

// TestJoinTogether: a crowd that joins at once, each several times, gets one place each.
func TestJoinTogether(t *testing.T) {
	for _, replicas := range []int{1, 3} {
		t.Run(fmt.Sprint(replicas), func(t *testing.T) {
			t.Parallel()
			room := waitingRoom(func(w *engine.WaitingRoom) { w.MaxActive = 1 })
			e, ids := openHouse(t, engine.Config{Replicas: replicas, Groups: 1}, engine.EventSpec{WaitingRoom: room})
			ctx := testContext(t)
			const people, times = 300, 3
			var mu sync.Mutex
			tickets, fresh := make(map[string]string), 0
			var wg sync.WaitGroup
			for i := range people * times {
				wg.Go(func() {
					holder := fmt.Sprint("holder-", i%people)
					p, err := e.Join(ctx, engine.JoinRequest{EventID: ids[0], HolderID: holder})
					mu.Lock()
					defer mu.Unlock()
					if err != nil || tickets[holder] != "" && tickets[holder] != p.Ticket {
						t.Errorf("%s: %v, %s before, %s now", holder, err, tickets[holder], p.Ticket)
					}
					tickets[holder] = p.Ticket
					if p.New {
						fresh++
					}
				})
			}
			wg.Wait()
			if r := roomOf(t, e, ids[0]); fresh != people || r.Joined != people || r.Waiting != people-1 {
				t.Errorf("%d new places, %+v", fresh, r)
			}
			seen := make(map[int]bool)
			for holder, ticket := range tickets {
				if p := place(t, e, ticket); p.State == engine.QueueWaiting {
					if seen[*p.Position] || *p.Position > people-1 {
						t.Errorf("%s: position %d", holder, *p.Position)
					}
					seen[*p.Position] = true
				}
			}
			if len(seen) != people-1 {
				t.Errorf("%d positions", len(seen))
			}
		})
	}
}

// TestJoinGivenUp: who does not wait for the answer is told the truth, and the others get theirs.
func TestJoinGivenUp(t *testing.T) {
	e, ids := openHouse(t, engine.Config{Groups: 1}, engine.EventSpec{WaitingRoom: waitingRoom(nil)})
	join(t, e, ids[0], "first")
	var wg sync.WaitGroup
	for i := range 200 {
		wg.Go(func() {
			ctx, cancel := context.WithCancel(testContext(t))
			if i%2 == 0 {
				cancel()
			}
			defer cancel()
			holder := fmt.Sprint("holder-", i)
			p, err := e.Join(ctx, engine.JoinRequest{EventID: ids[0], HolderID: holder})
			if i%2 == 1 && (err != nil || p.Ticket == "") {
				t.Errorf("%s waits: %v", holder, err)
			}
			if again := join(t, e, ids[0], holder); engine.OutcomeOf(err) == engine.OutcomeNotApplied && !again.New {
				t.Errorf("%s: %v, but it had joined", holder, err)
			}
		})
	}
	wg.Wait()
	if r := roomOf(t, e, ids[0]); r.Joined != 201 {
		t.Errorf("%d have joined", r.Joined)
	}
}

func TestJoinOfClosedEngine(t *testing.T) {
	e, ids := openHouse(t, engine.Config{Groups: 1}, engine.EventSpec{WaitingRoom: waitingRoom(nil)})
	join(t, e, ids[0], "first")
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	_, err := e.Join(testContext(t), engine.JoinRequest{EventID: ids[0], HolderID: "late"})
	wantErr(t, "closed", err, engine.ErrClosed, engine.OutcomeNotApplied)
}

func TestJoinMany(t *testing.T) {
	clock := newHandClock()
	room := waitingRoom(func(w *engine.WaitingRoom) { w.Tiers = map[string]string{"gold": "1:1"} })
	e, ids := openHouse(t, engine.Config{Replicas: 3, Groups: 1, Clock: clock},
		engine.EventSpec{WaitingRoom: room, OnsaleAt: onsaleIn(clock, 3_600_000_000_000)}, engine.EventSpec{WaitingRoom: waitingRoom(func(w *engine.WaitingRoom) { w.MaxActive = 5 })})
	ctx := testContext(t)
	rs := make([]engine.JoinRequest, 10_000)
	for i := range rs {
		rs[i].HolderID = fmt.Sprint("holder-", i)
		if i%10 == 0 {
			rs[i].Tier = "gold"
		}
	}
	first, err := e.JoinMany(ctx, ids[0], rs)
	if err != nil {
		t.Fatal(err)
	}
	again, err := e.JoinMany(ctx, ids[0], rs)
	if err != nil {
		t.Fatal(err)
	}
	seen := make(map[string]bool)
	for i, p := range first {
		if !p.New || p.State != engine.QueueLobby || seen[p.Ticket] || again[i].New || again[i].Ticket != p.Ticket {
			t.Fatalf("%d: %+v, and then %+v", i, p, again[i])
		}
		seen[p.Ticket] = true
	}
	if p := join(t, e, ids[0], "holder-20"); p.Ticket != first[20].Ticket || p.Tier != "gold" || p.InLobby != 10_000 || p.ETA == nil {
		t.Errorf("%+v", p)
	}
	inLine, err := e.JoinMany(ctx, ids[1], []engine.JoinRequest{{HolderID: "a"}, {HolderID: "b", EventID: ids[1]}})
	if err != nil || inLine[0].State == engine.QueueLobby || inLine[1].State == engine.QueueLobby {
		t.Errorf("%+v, %v", inLine, err)
	}
	if none, err := e.JoinMany(ctx, ids[0], nil); err != nil || len(none) != 0 {
		t.Errorf("nobody: %v, %v", none, err)
	}
	rs[7].HolderID = ""
	_, err = e.JoinMany(ctx, ids[0], rs)
	wantInvalid(t, "no holder", err, "entrants[7].holder_id")
	rs[7] = engine.JoinRequest{HolderID: "x", EventID: ids[1]}
	_, err = e.JoinMany(ctx, ids[0], rs)
	wantInvalid(t, "another event", err, "entrants[7].event_id")
	rs[7] = engine.JoinRequest{HolderID: "x", Tier: "iron"}
	_, err = e.JoinMany(ctx, ids[0], rs[:100])
	wantInvalid(t, "an unknown tier", err, "entrants[7].tier")
	gone, cancel := context.WithCancel(ctx)
	cancel()
	if _, err = e.JoinMany(gone, ids[0], rs[:2]); !errors.Is(err, context.Canceled) || engine.OutcomeOf(err) != engine.OutcomeNotApplied {
		t.Errorf("given up: %v", err)
	}
}
