package engine_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/usherhq/usher/engine"
)

// TestAutoRoutes: the router's choice is carried out, and told; it changes no seats unless
// that was accepted, and asks for admission only where there is a waiting room.
func TestAutoRoutes(t *testing.T) {
	clock := newHandClock()
	room := &engine.WaitingRoom{MaxActive: 10, NewPerMinute: 60}
	specs := []engine.EventSpec{{Strategy: engine.ModeAuto}, {Strategy: engine.ModeAuto, WaitingRoom: room, EventDate: "2027-07-01"}}
	for day := range 8 {
		specs = append(specs, engine.EventSpec{Strategy: engine.ModeAuto, Series: "run", EventDate: fmt.Sprintf("2027-09-%02d", 1+day/2), ShowTime: fmt.Sprintf("%d:30", 14+5*(day%2))})
	}
	e, ids := openHouse(t, engine.Config{Groups: 2, Clock: clock, Admission: doorman{}}, specs...)
	quiet := claim(t, e, engine.HoldRequest{EventID: ids[0], SeatIDs: []string{"A-1"}})
	if quiet.Routing == nil || quiet.Routing.Pattern != engine.ModeDirect || quiet.Routing.Because == "" {
		t.Errorf("quiet: %+v", quiet.Routing)
	}
	nights := claim(t, e, engine.HoldRequest{Mode: engine.ModeAuto, Items: items(ids[2:5], "B-1")})
	if nights.Routing.Pattern != engine.ModeOptimistic {
		t.Errorf("nights: %+v", nights.Routing)
	}
	// A show of the run gets contested: a crowd wants one seat.
	siege(t, e, ids[3], "B-1")
	clock.pass(2 * senseTime)
	refused(t, e, engine.HoldRequest{EventID: ids[3], SeatIDs: []string{"B-1"}}, engine.ErrSeatsUnavailable)
	other := claim(t, e, engine.HoldRequest{EventID: ids[3], SeatIDs: []string{"B-1"}, Accept: engine.AcceptSubstitute})
	if other.Routing.Pattern != engine.ModeSkipLocked || len(other.Substituted) != 1 {
		t.Errorf("contested: %+v, %+v", other.Routing, other.Substituted)
	}
	// Behind a waiting room nobody passes unadmitted, whatever the router thinks.
	refused(t, e, engine.HoldRequest{EventID: ids[1], SeatIDs: []string{"A-1"}}, engine.ErrAdmissionRequired)
	claim(t, e, engine.HoldRequest{EventID: ids[1], SeatIDs: []string{"A-1"}, AdmissionToken: "let-in:ada"})
}

const senseTime = time.Second

// TestAutoRefusesNoRequest: what a request accepts, and what it has read, go with whatever
// the router picks; a request is not malformed on contested evenings only.
func TestAutoRefusesNoRequest(t *testing.T) {
	clock := newHandClock()
	run := engine.EventSpec{Strategy: engine.ModeAuto}
	e, ids := openHouse(t, engine.Config{Groups: 1, Clock: clock}, run, run, run)
	nights := claim(t, e, engine.HoldRequest{Items: items(ids, "A-1"), Accept: engine.AcceptSubstitute})
	if nights.Routing.Pattern != engine.ModeOptimistic {
		t.Errorf("nights: %+v", nights.Routing)
	}
	hold(t, e, ids[0], "B-1")
	siege(t, e, ids[0], "B-1")
	clock.pass(2 * senseTime)
	read := counts(t, e, ids[0]).Version
	r := engine.HoldRequest{EventID: ids[0], SeatIDs: []string{"C-1"}, IfVersion: &read, Accept: engine.AcceptSubstitute}
	if h := claim(t, e, r); h.Routing.Pattern == engine.ModeSkipLocked {
		t.Errorf("what was read is to be taken, and nothing else: %+v", h.Routing)
	}
	other := claim(t, e, engine.HoldRequest{EventID: ids[0], SeatIDs: []string{"B-1"}, Accept: engine.AcceptSubstitute})
	if other.Routing.Pattern != engine.ModeSkipLocked {
		t.Errorf("contested: %+v", other.Routing)
	}
}

// siege has a crowd lose a seat that is gone, until the heat has felt it.
func siege(t *testing.T, e *engine.Engine, event, seat string) {
	t.Helper()
	for range 200 {
		_, err := e.Hold(testContext(t), engine.HoldRequest{EventID: event, SeatIDs: []string{seat}, HolderID: "crowd", Mode: engine.ModeDirect})
		if !errors.Is(err, engine.ErrSeatsUnavailable) {
			t.Fatal(err)
		}
	}
	eventually(t, "the crowd is felt", func() bool {
		p, err := e.Heat(testContext(t), event, 0)
		return err == nil && p.Lost > 100
	})
}

// TestConflictsAreContention: who finds that the seats have changed has lost them to
// somebody. Where all claims are optimistic no others tell of it.
func TestConflictsAreContention(t *testing.T) {
	e, ids := openHouse(t, engine.Config{Groups: 1}, engine.EventSpec{})
	hold(t, e, ids[0], "A-1")
	stale := uint64(0)
	for range 50 {
		refused(t, e, engine.HoldRequest{EventID: ids[0], SeatIDs: []string{"A-1", "A-2"}, Mode: engine.ModeOptimistic, IfVersion: &stale}, engine.ErrVersionConflict)
	}
	eventually(t, "the conflicts are felt", func() bool {
		p, err := e.Heat(testContext(t), ids[0], 2)
		return err == nil && p.Lost > 40 && p.Seats[0].SeatID == "A-1" && p.Seats[0].Chance == 0
	})
}
