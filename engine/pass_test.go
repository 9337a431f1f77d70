package engine_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/usherhq/usher/engine"
)

// admissionErrors are the refusals of an admission: each is itself alone.
var admissionErrors = []error{
	engine.ErrAdmissionRequired, engine.ErrAdmissionInvalid, engine.ErrAdmissionForeign, engine.ErrAdmissionExpired, engine.ErrAdmissionReplayed,
}

// turnedAway wants a claim to be refused with just one of them.
func turnedAway(t *testing.T, what string, e *engine.Engine, r engine.HoldRequest, want error) {
	t.Helper()
	_, err := e.Hold(testContext(t), r)
	wantAlone(t, what, err, want)
}

func wantAlone(t *testing.T, what string, err, want error) {
	t.Helper()
	wantErr(t, what, err, want, engine.OutcomeNotApplied)
	for _, other := range admissionErrors {
		if other != want && errors.Is(err, other) {
			t.Errorf("%s: %v is %v as well", what, err, other)
		}
	}
}

func seat(event, holder, token, id string) engine.HoldRequest {
	return engine.HoldRequest{EventID: event, HolderID: holder, AdmissionToken: token, SeatIDs: []string{id}}
}

func TestAdmissionForged(t *testing.T) {
	e, ids := openHouse(t, engine.Config{Groups: 2}, engine.EventSpec{WaitingRoom: waitingRoom(nil)}, engine.EventSpec{WaitingRoom: waitingRoom(nil)}, engine.EventSpec{Strategy: engine.ModeQueue})
	ada := admittedTo(t, e, ids[0], "ada")
	turnedAway(t, "no token", e, seat(ids[0], "ada", "", "A-1"), engine.ErrAdmissionRequired)
	for i := range ada.AdmissionToken {
		forged := ada.AdmissionToken[:i] + string(ada.AdmissionToken[i]^1) + ada.AdmissionToken[i+1:]
		turnedAway(t, fmt.Sprintf("byte %d", i), e, seat(ids[0], "ada", forged, "A-1"), engine.ErrAdmissionInvalid)
	}
	turnedAway(t, "another holder's", e, seat(ids[0], "bob", ada.AdmissionToken, "A-1"), engine.ErrAdmissionForeign)
	turnedAway(t, "another event's", e, seat(ids[1], "ada", ada.AdmissionToken, "A-1"), engine.ErrAdmissionForeign)
	turnedAway(t, "no room at all", e, seat(ids[2], "ada", ada.AdmissionToken, "A-1"), engine.ErrAdmissionInvalid)
	r := engine.HoldRequest{HolderID: "ada", AdmissionToken: ada.AdmissionToken, Items: items(ids[:2], "A-1")}
	turnedAway(t, "items of two rooms", e, r, engine.ErrAdmissionForeign)
	if r := roomOf(t, e, ids[0]); r.InShop != 0 || r.Admitted != 1 {
		t.Errorf("what was refused began a session: %+v", r)
	}
	claim(t, e, seat(ids[0], "ada", ada.AdmissionToken, "A-1"))
	if r := roomOf(t, e, ids[0]); r.InShop != 1 || r.Admitted != 0 {
		t.Errorf("after the first use: %+v", r)
	}
}

// TestAdmissionClaims: an admission is good for each way to claim, and for as long as the session
// goes on.
func TestAdmissionClaims(t *testing.T) {
	e, ids := openHouse(t, engine.Config{Groups: 3}, engine.EventSpec{WaitingRoom: waitingRoom(nil)}, engine.EventSpec{})
	p := admittedTo(t, e, ids[0], "ada")
	with := func(r engine.HoldRequest) engine.Hold {
		t.Helper()
		r.HolderID, r.AdmissionToken = "ada", p.AdmissionToken
		return claim(t, e, r)
	}
	with(engine.HoldRequest{EventID: ids[0], SeatIDs: []string{"A-1"}})
	with(engine.HoldRequest{EventID: ids[0], SeatIDs: []string{"A-2"}, Mode: engine.ModeQueue})
	with(engine.HoldRequest{EventID: ids[0], SeatIDs: []string{"A-3"}, Mode: engine.ModeLease})
	with(engine.HoldRequest{EventID: ids[0], Best: &engine.BestRequest{Quantity: 2}})
	with(engine.HoldRequest{EventID: ids[0], Areas: []engine.AreaRequest{{AreaID: "pit", Quantity: 2}}})
	with(engine.HoldRequest{EventID: ids[0], SeatIDs: []string{"B-1"}, Mode: engine.ModeAuto})
	with(engine.HoldRequest{Items: items(ids[:1], "B-2")})
	p = place(t, e, p.Ticket)
	if p.State != engine.QueueAdmitted || !p.SessionStarted || p.ExpiresAt.Sub(p.ServerTime) < 500*time.Second {
		t.Errorf("in session: %+v", p)
	}
	turnedAway(t, "seats are taken, and no token", e, seat(ids[0], "bob", "", "A-1"), engine.ErrAdmissionRequired)
	refused(t, e, seat(ids[0], "ada", p.AdmissionToken, "A-1"), engine.ErrSeatsUnavailable)
}

// TestAdmissionOverGroups: in a reservation over several groups the room's group is shown the
// admission.
func TestAdmissionOverGroups(t *testing.T) {
	specs := []engine.EventSpec{{WaitingRoom: waitingRoom(nil)}}
	for range 6 {
		specs = append(specs, engine.EventSpec{})
	}
	e, ids := openHouse(t, engine.Config{Groups: 2}, specs...)
	p := admittedTo(t, e, ids[0], "ada")
	across, within := 0, 0
	for i, other := range ids[1:] {
		r := engine.HoldRequest{HolderID: "ada", AdmissionToken: p.AdmissionToken, Items: items([]string{other, ids[0]}, fmt.Sprintf("B-%d", i+1))}
		h, err := e.Hold(testContext(t), r)
		switch {
		case err == nil && len(h.Items) == 2:
			across++
		case errors.Is(err, engine.ErrAdmissionForeign):
			within++ // one group: a claim there shows one admission for all of its events
		default:
			t.Errorf("%s: %+v, %v", other, h, err)
		}
	}
	if across == 0 || across+within != 6 {
		t.Errorf("%d were granted, %d refused", across, within)
	}
}

// TestAdmissionOnce: a thousand uses at once start one session, and everything booked ends it.
func TestAdmissionOnce(t *testing.T) {
	for _, replicas := range []int{1, 3} {
		t.Run(fmt.Sprint(replicas), func(t *testing.T) {
			t.Parallel()
			e, ids := openHouse(t, engine.Config{Replicas: replicas, Groups: 1}, engine.EventSpec{WaitingRoom: waitingRoom(nil)})
			p := admittedTo(t, e, ids[0], "ada")
			var mu sync.Mutex
			var won []engine.Hold
			var wg sync.WaitGroup
			for range 1000 {
				wg.Go(func() {
					h, err := e.Hold(testContext(t), seat(ids[0], "ada", p.AdmissionToken, "A-1"))
					if err != nil && !errors.Is(err, engine.ErrSeatsUnavailable) {
						t.Error(err)
					}
					if err == nil {
						mu.Lock()
						won = append(won, h)
						mu.Unlock()
					}
				})
			}
			wg.Wait()
			r := roomOf(t, e, ids[0])
			if len(won) != 1 || r.InShop != 1 || r.Joined != 1 || r.Admitted != 0 {
				t.Fatalf("%d holds, %+v", len(won), r)
			}
			second := claim(t, e, seat(ids[0], "ada", p.AdmissionToken, "A-2"))
			book(t, e, won[0])
			if p := place(t, e, p.Ticket); p.State != engine.QueueAdmitted {
				t.Errorf("one of two is booked: %+v", p)
			}
			book(t, e, second)
			if p := place(t, e, p.Ticket); p.State != engine.QueueLeft || p.Reason != "booked" || p.AdmissionToken != "" || p.ExpiresAt != nil {
				t.Errorf("all is booked: %+v", p)
			}
			turnedAway(t, "after booking", e, seat(ids[0], "ada", p.AdmissionToken, "A-3"), engine.ErrAdmissionReplayed)
			again := join(t, e, ids[0], "ada")
			if !again.New || again.Ticket == p.Ticket {
				t.Errorf("ada queues anew: %+v", again)
			}
		})
	}
}

// TestAdmissionRetried: an answer that was lost on its way is told again when the claim comes again
// with its key, also after the session that it was made in; a new claim is not granted by that.
func TestAdmissionRetried(t *testing.T) {
	e, ids := openHouse(t, engine.Config{Groups: 1}, engine.EventSpec{WaitingRoom: waitingRoom(nil)})
	p := admittedTo(t, e, ids[0], "ada")
	r := seat(ids[0], "ada", p.AdmissionToken, "A-1")
	r.IdempotencyKey = "order-1"
	h := claim(t, e, r)
	book(t, e, h)
	if again := claim(t, e, r); again.HoldID != h.HoldID || again.FencingToken != h.FencingToken {
		t.Errorf("%+v, and again %+v", h, again)
	}
	r.SeatIDs, r.IdempotencyKey = []string{"A-2"}, "order-2"
	turnedAway(t, "another seat", e, r, engine.ErrAdmissionReplayed)
}

// TestAdmissionTimes: an admission that is not used lapses, and a session ends.
func TestAdmissionTimes(t *testing.T) {
	clock := newHandClock()
	room := waitingRoom(func(w *engine.WaitingRoom) { w.FirstUseSeconds, w.SessionSeconds = 60, 300 })
	e, ids := openHouse(t, engine.Config{Groups: 1, Clock: clock}, engine.EventSpec{WaitingRoom: room})
	late, ada := admittedTo(t, e, ids[0], "late"), admittedTo(t, e, ids[0], "ada")
	claim(t, e, seat(ids[0], "ada", ada.AdmissionToken, "A-1"))
	clock.pass(61 * time.Second)
	turnedAway(t, "not used in time", e, seat(ids[0], "late", late.AdmissionToken, "A-2"), engine.ErrAdmissionExpired)
	eventually(t, "it lapses", func() bool { return place(t, e, late.Ticket).State == engine.QueueExpired })
	turnedAway(t, "lapsed", e, seat(ids[0], "late", late.AdmissionToken, "A-2"), engine.ErrAdmissionExpired)
	if p := place(t, e, late.Ticket); p.Reason != "not_used" || p.AdmissionToken != "" {
		t.Errorf("lapsed: %+v", p)
	}
	claim(t, e, seat(ids[0], "ada", ada.AdmissionToken, "A-2")) // its first use is long ago, its session goes on
	clock.pass(300 * time.Second)
	turnedAway(t, "the session's time is over", e, seat(ids[0], "ada", ada.AdmissionToken, "A-3"), engine.ErrAdmissionReplayed)
	eventually(t, "it ends", func() bool { return place(t, e, ada.Ticket).State == engine.QueueExpired })
	turnedAway(t, "over", e, seat(ids[0], "ada", ada.AdmissionToken, "A-3"), engine.ErrAdmissionReplayed)
	if p := place(t, e, ada.Ticket); p.Reason != "timed_out" {
		t.Errorf("over: %+v", p)
	}
}

func TestVerifyAdmission(t *testing.T) {
	clock := newHandClock()
	e, ids := openHouse(t, engine.Config{Groups: 1, Clock: clock}, engine.EventSpec{WaitingRoom: waitingRoom(nil)}, engine.EventSpec{WaitingRoom: waitingRoom(nil)}, engine.EventSpec{})
	ctx := testContext(t)
	p := admittedTo(t, e, ids[0], "ada")
	r := engine.VerifyRequest{EventID: ids[0], HolderID: "ada", Token: p.AdmissionToken}
	v, err := e.VerifyAdmission(ctx, r)
	if err != nil || v.Ticket != p.Ticket || v.SessionStarted || !v.ExpiresAt.Equal(*p.ExpiresAt) || v.Entrant != p.Entrant {
		t.Errorf("%+v, %v", v, err)
	}
	if roomOf(t, e, ids[0]).InShop != 0 {
		t.Error("to ask began the session")
	}
	r.Start, r.HolderID = true, ""
	if v, err = e.VerifyAdmission(ctx, r); err != nil || !v.SessionStarted || v.ExpiresAt.Sub(v.ServerTime) < 590*time.Second {
		t.Errorf("begun: %+v, %v", v, err)
	}
	for what, c := range map[string]struct {
		r    engine.VerifyRequest
		want error
	}{
		"no token":      {engine.VerifyRequest{EventID: ids[0]}, engine.ErrAdmissionRequired},
		"no room":       {engine.VerifyRequest{EventID: ids[2], Token: r.Token}, engine.ErrNoWaitingRoom},
		"another room":  {engine.VerifyRequest{EventID: ids[1], Token: r.Token}, engine.ErrAdmissionForeign},
		"somebody else": {engine.VerifyRequest{EventID: ids[0], HolderID: "bob", Token: r.Token}, engine.ErrAdmissionForeign},
		"a forgery":     {engine.VerifyRequest{EventID: ids[0], Token: r.Token[:len(r.Token)-4] + "AAAA"}, engine.ErrAdmissionInvalid},
	} {
		_, err := e.VerifyAdmission(ctx, c.r)
		wantAlone(t, what, err, c.want)
	}
	// Of the keys the one before the present one is good.
	keys := roomKeys(t, e, ids[0])
	for range 2 {
		setRoom(t, e, ids[0], engine.RoomChange{RotateKey: true})
		now := roomKeys(t, e, ids[0])
		if len(now) != 2 || now[0].No != keys[0].No+1 || string(now[1].Key) != string(keys[0].Key) || string(now[0].Key) == string(keys[0].Key) {
			t.Fatalf("keys %v, and then %v", keys, now)
		}
		_, err = e.VerifyAdmission(ctx, r)
		if keys[0].No == 1 && err != nil {
			t.Errorf("after one rotation: %v", err)
		}
		keys = now
	}
	wantAlone(t, "after two", err, engine.ErrAdmissionInvalid)
	r.Token = place(t, e, p.Ticket).AdmissionToken
	if _, err = e.VerifyAdmission(ctx, r); err != nil {
		t.Errorf("signed anew: %v", err)
	}
	if err := e.LeaveQueue(ctx, p.Ticket); err != nil {
		t.Fatal(err)
	}
	_, err = e.VerifyAdmission(ctx, r)
	wantAlone(t, "has left", err, engine.ErrAdmissionReplayed)
}

func roomKeys(t *testing.T, e *engine.Engine, event string) []engine.RoomKey {
	t.Helper()
	keys, err := e.RoomKeys(context.Background(), event)
	if err != nil {
		t.Fatal(err)
	}
	return keys
}
