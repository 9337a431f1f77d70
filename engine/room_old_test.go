package engine

import (
	"context"
	"testing"
	"time"

	"github.com/usherhq/usher/engine/chart"
	"github.com/usherhq/usher/raftfsm"
)

// TestRoomOfOldEvent: an event that an earlier program made has a waiting room in its settings and
// none in the log; it gets it from whoever needs it first.
func TestRoomOfOldEvent(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	e, err := Open(ctx, Config{Dir: t.TempDir(), Groups: 1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { closeEngine(t, e) })
	c := &chart.Chart{Name: "One", Categories: []chart.Category{{Name: "stalls"}}}
	row := chart.Row{Name: "A", Seats: []chart.Seat{{SeatID: "A-1", Number: "1", Category: "stalls"}}}
	c.Sections = []chart.Section{{Name: "main", Rows: []chart.Row{row}}}
	if _, _, err := e.PutChart(ctx, "one", c); err != nil {
		t.Fatal(err)
	}
	spec := EventSpec{VenueID: "hall", EventDate: "2027-05-01", ChartID: "one", Series: "run", WaitingRoom: &WaitingRoom{MaxActive: 1, NewPerMinute: 60}}
	set, err := spec.normalize()
	if err != nil {
		t.Fatal(err)
	}
	set.WaitingRoom.Scope = "" // which is newer
	sum, err := e.chartSum(ctx, "one", "")
	if err != nil {
		t.Fatal(err)
	}
	place, err := e.newPlacement(ctx, &set, sum)
	if err != nil {
		t.Fatal(err)
	}
	propose := func(group int, fill func(*raftfsm.Command)) {
		t.Helper()
		r := raftfsm.NewRequest()
		fill(&r.Cmd)
		if res, err := e.propose(ctx, group, r, true); err != nil || res.Err != nil {
			t.Fatal(err, res.Err)
		}
	}
	propose(0, func(c *raftfsm.Command) { c.Op, c.Place = raftfsm.PlaceOp(place), *place })
	p, err := e.placement(ctx, place.Create.ID)
	if err != nil {
		t.Fatal(err)
	}
	var create = p.Create
	if err := e.reader(0).ViewDirectory(func(d *raftfsm.Directory) {
		create = d.Founding(p)
		if err = e.sendChart(ctx, int(p.Group), d.Chart(sum)); err != nil {
			t.Error(err)
		}
	}); err != nil {
		t.Fatal(err)
	}
	propose(int(p.Group), func(c *raftfsm.Command) { c.Op, c.Create = raftfsm.CreateOp(&create), create })
	propose(0, func(c *raftfsm.Command) {
		c.Op, c.Activate = raftfsm.OpActivateEvent, raftfsm.ActivateEvent{EventID: create.ID}
	})
	got, err := e.Join(ctx, JoinRequest{EventID: create.ID, HolderID: "ada"})
	if err != nil || got.State != QueueAdmitted {
		t.Fatalf("%+v, %v", got, err)
	}
	if r, err := e.Room(ctx, create.ID); err != nil || r.RoomID != "event/"+create.ID || r.MaxActive != 1 {
		t.Errorf("%+v, %v", r, err)
	}
	if _, err := e.Hold(ctx, HoldRequest{EventID: create.ID, SeatIDs: []string{"A-1"}, HolderID: "ada", AdmissionToken: got.AdmissionToken}); err != nil {
		t.Error(err)
	}
}
