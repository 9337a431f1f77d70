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
	for range 200 {
		_, err := e.Hold(testContext(t), engine.HoldRequest{EventID: ids[3], SeatIDs: []string{"B-1"}, HolderID: "crowd", Mode: engine.ModeDirect})
		if !errors.Is(err, engine.ErrSeatsUnavailable) {
			t.Fatal(err)
		}
	}
	eventually(t, "the crowd is felt", func() bool {
		p, err := e.Heat(testContext(t), ids[3], 0)
		return err == nil && p.Lost > 100
	})
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
