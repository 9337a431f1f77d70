package engine_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/usherhq/usher/engine"
)

// waitingRoom is a room whose line is quick unless a test says otherwise.
func waitingRoom(change func(*engine.WaitingRoom)) *engine.WaitingRoom {
	w := &engine.WaitingRoom{MaxActive: 1000, NewPerMinute: 600_000}
	if change != nil {
		change(w)
	}
	return w
}

func join(t testing.TB, e *engine.Engine, event, holder string) engine.Place {
	t.Helper()
	return joinWith(t, e, engine.JoinRequest{EventID: event, HolderID: holder})
}

func joinWith(t testing.TB, e *engine.Engine, r engine.JoinRequest) engine.Place {
	t.Helper()
	p, err := e.Join(testContext(t), r)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func place(t testing.TB, e *engine.Engine, ticket string) engine.Place {
	t.Helper()
	p, err := e.QueuePlace(testContext(t), ticket)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// admittedTo joins and waits until the holder is let in; it returns the place with its token.
func admittedTo(t testing.TB, e *engine.Engine, event, holder string) engine.Place {
	t.Helper()
	p := join(t, e, event, holder)
	eventually(t, holder+" is admitted", func() bool {
		p = place(t, e, p.Ticket)
		return p.State == engine.QueueAdmitted
	})
	if p.AdmissionToken == "" || p.ExpiresAt == nil {
		t.Fatalf("admitted: %+v", p)
	}
	return p
}

func roomOf(t testing.TB, e *engine.Engine, event string) engine.Room {
	t.Helper()
	r, err := e.Room(testContext(t), event)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func setRoom(t testing.TB, e *engine.Engine, event string, c engine.RoomChange) engine.Room {
	t.Helper()
	r, err := e.SetRoom(testContext(t), event, c)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// wantPlace holds a place against what is to be told of it; position 0: none.
func wantPlace(t testing.TB, p engine.Place, state engine.QueueState, position int) {
	t.Helper()
	got := 0
	if p.Position != nil {
		got = *p.Position
	}
	if p.State != state || got != position || (p.Ahead == nil) != (position == 0) || p.Ahead != nil && *p.Ahead != position-1 {
		t.Fatalf("%s, position %d: %+v; want %s, %d", p.State, got, p, state, position)
	}
}

func holders(n int) []string {
	out := make([]string, n)
	for i := range out {
		out[i] = fmt.Sprintf("holder-%d", i)
	}
	return out
}

// onsaleIn is a time as specs have it.
func onsaleIn(c *handClock, d time.Duration) *time.Time {
	at := c.Wall().Add(d)
	return &at
}
