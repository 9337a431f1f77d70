package engine_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/usherhq/usher/engine"
)

func night(date string, change func(*engine.WaitingRoom)) engine.EventSpec {
	return engine.EventSpec{VenueID: "hall", EventDate: date, ChartID: "small", Series: "run", WaitingRoom: waitingRoom(change)}
}

// TestSeriesHasOneRoom: one place for all nights, in the order that somebody wants them; an
// admission is good for each, and a night that is sold out is passed over.
func TestSeriesHasOneRoom(t *testing.T) {
	for _, replicas := range []int{1, 3} {
		t.Run(fmt.Sprint(replicas), func(t *testing.T) {
			t.Parallel()
			cfg := engine.Config{Dir: t.TempDir(), Replicas: replicas, Groups: 2}
			e, _ := open(t, cfg)
			ctx := testContext(t)
			var ids []string
			for _, date := range []string{"2027-08-01", "2027-08-02", "2027-08-03"} {
				ev, err := e.CreateEvent(ctx, night(date, func(w *engine.WaitingRoom) { w.MaxActive = 1 }))
				if err != nil {
					t.Fatal(err)
				}
				ids = append(ids, ev.EventID)
			}
			alone, err := e.CreateEvent(ctx, night("2027-08-04", func(w *engine.WaitingRoom) { w.Scope = engine.ScopeEvent }))
			if err != nil {
				t.Fatal(err)
			}
			ada := joinWith(t, e, engine.JoinRequest{EventID: ids[0], HolderID: "ada", Nights: []string{ids[2], ids[0]}})
			if ada.EventID != ids[2] || !slices.Equal(ada.Events, []string{ids[2], ids[0]}) {
				t.Errorf("ada: %+v", ada)
			}
			if again := join(t, e, ids[1], "ada"); again.Ticket != ada.Ticket || again.New {
				t.Errorf("ada at another night: %+v", again)
			}
			bob := joinWith(t, e, engine.JoinRequest{EventID: ids[1], HolderID: "bob"})
			wantPlace(t, bob, engine.QueueWaiting, 1)
			if bob.EventID != ids[0] || !slices.Equal(bob.Events, ids) {
				t.Errorf("bob wants all: %+v", bob)
			}
			if r := roomOf(t, e, ids[1]); r.RoomID != "series/run" || !slices.Equal(r.Events, ids) || r.Joined != 2 {
				t.Errorf("%+v", r)
			}
			if r := roomOf(t, e, alone.EventID); r.RoomID != "event/"+alone.EventID || r.Joined != 0 {
				t.Errorf("%+v", r)
			}
			sellOut(t, e, ids[2], "ada", ada.AdmissionToken)
			if p := place(t, e, ada.Ticket); p.EventID != ids[0] || p.State != engine.QueueAdmitted {
				t.Errorf("the third night is sold out: %+v", p)
			}
			h := claim(t, e, engine.HoldRequest{HolderID: "ada", AdmissionToken: ada.AdmissionToken, Items: items(ids[:2], "A-1")})
			if len(h.Items) != 2 {
				t.Errorf("two nights at once: %+v", h)
			}
			e = reopen(t, e, cfg)
			wantPlace(t, place(t, e, bob.Ticket), engine.QueueWaiting, 1)
			if p := place(t, e, ada.Ticket); !p.SessionStarted || !slices.Equal(p.Events, []string{ids[2], ids[0]}) {
				t.Errorf("ada, later: %+v", p)
			}
		})
	}
}

// sellOut holds all there is of an event on smallChart.
func sellOut(t *testing.T, e *engine.Engine, event, holder, token string) (all []engine.Hold) {
	t.Helper()
	for row := range 3 {
		all = append(all, claim(t, e, engine.HoldRequest{EventID: event, HolderID: holder, AdmissionToken: token, SeatIDs: seatIDs(3, 10)[row*10 : row*10+10]}))
	}
	return all
}

// TestSoldOutIsPassedOver: who wants a night of which nothing is left keeps the place, and who
// stands behind and wants another is admitted.
func TestSoldOutIsPassedOver(t *testing.T) {
	e, _ := open(t, engine.Config{Groups: 1})
	ctx := testContext(t)
	var ids []string
	for _, date := range []string{"2027-08-01", "2027-08-02"} {
		ev, err := e.CreateEvent(ctx, night(date, func(w *engine.WaitingRoom) { w.MaxActive = 1 }))
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, ev.EventID)
	}
	ada := admittedTo(t, e, ids[0], "ada")
	first := joinWith(t, e, engine.JoinRequest{EventID: ids[0], HolderID: "bob", Nights: ids[:1]})
	second := joinWith(t, e, engine.JoinRequest{EventID: ids[0], HolderID: "cyd", Nights: ids[1:]})
	holds := sellOut(t, e, ids[0], "ada", ada.AdmissionToken)
	if p := place(t, e, first.Ticket); !p.NothingLeft || p.ETA != nil || p.State != engine.QueueWaiting {
		t.Errorf("bob: %+v", p)
	}
	if err := e.LeaveQueue(ctx, ada.Ticket); err != nil {
		t.Fatal(err)
	}
	eventually(t, "cyd is admitted", func() bool { return place(t, e, second.Ticket).State == engine.QueueAdmitted })
	wantPlace(t, place(t, e, first.Ticket), engine.QueueWaiting, 1)
	if err := e.LeaveQueue(ctx, second.Ticket); err != nil {
		t.Fatal(err)
	}
	if err := e.Release(ctx, engine.ReleaseRequest{HoldID: holds[0].HoldID}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "bob is admitted, as a hold was released", func() bool { return place(t, e, first.Ticket).State == engine.QueueAdmitted })
}

// TestSeriesRoomsAreEqual: a later event that asks for another room is refused before it is placed.
func TestSeriesRoomsAreEqual(t *testing.T) {
	e, _ := open(t, engine.Config{Groups: 1})
	ctx := testContext(t)
	if _, err := e.CreateEvent(ctx, night("2027-08-01", nil)); err != nil {
		t.Fatal(err)
	}
	for what, change := range map[string]func(*engine.WaitingRoom){
		"more people": func(w *engine.WaitingRoom) { w.MaxActive++ },
		"a tier":      func(w *engine.WaitingRoom) { w.Tiers = map[string]string{"gold": "1:1"} },
		"an address":  func(w *engine.WaitingRoom) { w.ReturnURLs = []string{"https://shop.example/"} },
	} {
		_, err := e.CreateEvent(ctx, night("2027-08-02", change))
		wantInvalid(t, what, err, "waiting_room")
		if _, err := e.Event(ctx, "hall:2027-08-02"); err == nil {
			t.Errorf("%s: the event was placed", what)
		}
	}
	plain := night("2027-08-03", nil)
	plain.WaitingRoom = nil
	if _, err := e.CreateEvent(ctx, plain); err != nil {
		t.Errorf("without a waiting room: %v", err)
	}
	filled := night("2027-08-04", func(w *engine.WaitingRoom) {
		yes := true
		w.SessionSeconds, w.FirstUseSeconds, w.Lobby, w.Pace, w.Scope = 600, 120, &yes, "fixed", engine.ScopeSeries
	})
	if _, err := e.CreateEvent(ctx, filled); err != nil {
		t.Errorf("the same, spelled out: %v", err)
	}
	for day := 5; day <= 18; day++ { // with the first and the fourth: 16
		if _, err := e.CreateEvent(ctx, night(fmt.Sprintf("2027-08-%02d", day), nil)); err != nil {
			t.Fatal(err)
		}
	}
	_, err := e.CreateEvent(ctx, night("2027-08-19", nil))
	wantInvalid(t, "a seventeenth", err, "waiting_room.scope")
}
