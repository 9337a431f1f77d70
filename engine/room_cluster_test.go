package engine_test

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/usherhq/usher/engine"
)

// TestWaitingRoomOfACluster: a place that was given at any node is there at all of them at once,
// is the same after the node that led has gone, and an admission is good at each.
func TestWaitingRoomOfACluster(t *testing.T) {
	m := newMembers(t, "a", "b", "c")
	all := m.open(m.config("a", 3, "a", "b", "c"), m.config("b", 3, "c", "b", "a"), m.config("c", 3, "a", "b", "c"))
	ctx := t.Context()
	putHall(t, all[0])
	spec := engine.EventSpec{VenueID: "hall", EventDate: "2027-01-01", ChartID: "hall", WaitingRoom: waitingRoom(func(w *engine.WaitingRoom) { w.MaxActive = 1 })}
	// Nodes that have just met have yet to tell each other what they know: creating waits for that.
	ev, err := all[1].CreateEvent(ctx, spec)
	if err != nil {
		t.Fatal(err)
	}
	event := ev.EventID
	ada := join(t, all[0], event, "ada")
	var tickets []string
	for i := range 9 {
		p := join(t, all[i%3], event, fmt.Sprint("holder-", i))
		wantPlace(t, p, engine.QueueWaiting, i+1)
		if again := join(t, all[(i+1)%3], event, fmt.Sprint("holder-", i)); again.Ticket != p.Ticket || again.New {
			t.Errorf("holder-%d at another node: %+v, %+v", i, p, again)
		}
		// A node that has not heard of the ticket yet asks.
		if q := place(t, all[(i+2)%3], p.Ticket); q.Ticket != p.Ticket {
			t.Errorf("at a third node: %+v", q)
		}
		tickets = append(tickets, p.Ticket)
	}
	for i, e := range all {
		if _, err := e.Hold(ctx, seat(event, "ada", ada.AdmissionToken, fmt.Sprintf("A-%d", i+1))); err != nil {
			t.Errorf("engine %d: %v", i, err)
		}
		if _, err := e.Hold(ctx, seat(event, "bob", ada.AdmissionToken, "B-1")); !errors.Is(err, engine.ErrAdmissionForeign) {
			t.Errorf("engine %d, somebody else's: %v", i, err)
		}
	}
	if err := all[0].Close(); err != nil {
		t.Fatal(err)
	}
	for i, ticket := range tickets {
		p, err := all[1+i%2].QueuePlace(engine.WithConsistency(ctx, engine.Leader), ticket)
		if err != nil {
			t.Fatal(err)
		}
		wantPlace(t, p, engine.QueueWaiting, i+1)
	}
	if err := all[1].LeaveQueue(ctx, ada.Ticket); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the next one is admitted", func() bool { return place(t, all[2], tickets[0]).State == engine.QueueAdmitted })
	if _, err := all[2].Hold(ctx, seat(event, "ada", ada.AdmissionToken, "C-1")); !errors.Is(err, engine.ErrAdmissionReplayed) {
		t.Errorf("who has left: %v", err)
	}
}

// TestWaitingRoomRestored: places of before the backup go on, those given after it are unknown,
// and tokens of the old cluster are good for nothing.
func TestWaitingRoomRestored(t *testing.T) {
	e, ids := openHouse(t, engine.Config{Groups: 1}, engine.EventSpec{WaitingRoom: waitingRoom(func(w *engine.WaitingRoom) { w.MaxActive = 1 })})
	ada, bob := admittedTo(t, e, ids[0], "ada"), join(t, e, ids[0], "bob")
	raw := backup(t, e)
	after := join(t, e, ids[0], "after")
	again, _ := restore(t, raw, engine.RestoreOptions{})
	if p := place(t, again, bob.Ticket); p.Ticket != bob.Ticket || p.Entrant != bob.Entrant {
		t.Errorf("bob: %+v, and restored %+v", bob, p)
	}
	other := join(t, again, ids[0], "other")
	if other.Ticket == after.Ticket {
		t.Errorf("the ticket %s was given twice", other.Ticket)
	}
	if _, err := again.QueuePlace(testContext(t), after.Ticket); !errors.Is(err, engine.ErrUnknownTicket) {
		t.Errorf("of after the backup: %v", err)
	}
	turnedAway(t, "a token of the old cluster", again, seat(ids[0], "ada", ada.AdmissionToken, "A-1"), engine.ErrAdmissionInvalid)
	if r := roomOf(t, again, ids[0]); r.Epoch == roomOf(t, e, ids[0]).Epoch {
		t.Error("the epoch is the old one")
	}
}

func TestRoomMetrics(t *testing.T) {
	reg := prometheus.NewRegistry()
	e, ids := openHouse(t, engine.Config{Groups: 1, Registerer: reg}, engine.EventSpec{WaitingRoom: waitingRoom(nil)})
	p := admittedTo(t, e, ids[0], "ada")
	join(t, e, ids[0], "ada")
	claim(t, e, seat(ids[0], "ada", p.AdmissionToken, "A-1"))
	turnedAway(t, "no token", e, seat(ids[0], "ada", "", "A-1"), engine.ErrAdmissionRequired)
	turnedAway(t, "another's", e, seat(ids[0], "bob", p.AdmissionToken, "A-1"), engine.ErrAdmissionForeign)
	setRoom(t, e, ids[0], engine.RoomChange{State: ptr("closed")})
	if _, err := e.Join(testContext(t), engine.JoinRequest{EventID: ids[0], HolderID: "late"}); !errors.Is(err, engine.ErrRoomClosed) {
		t.Error(err)
	}
	families, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	var got bytes.Buffer
	for _, f := range families {
		for _, m := range f.GetMetric() {
			if name := f.GetName(); (name == "usher_queue_joins_total" || name == "usher_admissions_shown_total") && m.GetCounter().GetValue() > 0 {
				fmt.Fprintf(&got, "%s %s %v\n", name, m.GetLabel()[0].GetValue(), m.GetCounter().GetValue())
			}
		}
	}
	want := strings.Join([]string{
		"usher_admissions_shown_total foreign 1", "usher_admissions_shown_total granted 1", "usher_admissions_shown_total required 1",
		"usher_queue_joins_total known 1", "usher_queue_joins_total new 1", "usher_queue_joins_total refused 1", "",
	}, "\n")
	if got.String() != want {
		t.Errorf("metrics:\n%swant:\n%s", got.String(), want)
	}
}
