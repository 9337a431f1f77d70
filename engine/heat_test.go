package engine_test

import (
	"errors"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/usherhq/usher/engine"
)

// contest has ada win, and bob lose A-1 three times; the free B-1 that he
// wanted too is no loss.
func contest(t testing.TB, e *engine.Engine, id string) {
	t.Helper()
	first := engine.HoldRequest{EventID: id, SeatIDs: []string{"A-1", "A-2"}, HolderID: "ada", IdempotencyKey: "k"}
	for range 2 { // the second time it is the first answer
		if _, err := e.Hold(testContext(t), first); err != nil {
			t.Fatal(err)
		}
	}
	for range 3 {
		_, err := e.Hold(testContext(t), engine.HoldRequest{EventID: id, SeatIDs: []string{"B-1", "A-1"}, HolderID: "bob"})
		wantErr(t, "a claim of a held seat", err, engine.ErrSeatsUnavailable, engine.OutcomeNotApplied)
	}
	_, err := e.Hold(testContext(t), engine.HoldRequest{EventID: id, SeatIDs: []string{"Z-9"}, HolderID: "bob"})
	wantErr(t, "a claim of no seat", err, engine.ErrUnknownSeat, engine.OutcomeNotApplied)
}

func report(t testing.TB, e *engine.Engine, id string) engine.HeatReport {
	t.Helper()
	r, err := e.Heat(testContext(t), id, 20)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestHeatCountsClaims(t *testing.T) {
	t.Parallel()
	e, id := open(t, engine.Config{})
	contest(t, e, id)
	eventually(t, "the claims are counted", func() bool { return report(t, e, id).Lost > 2.5 })
	r := report(t, e, id)
	if r.EventID != id || r.HalfLifeSeconds != 30 || r.Won < 1.8 || r.Won > 2 || r.Lost > 3 || len(r.Seats) != 2 {
		t.Fatalf("report %+v", r)
	}
	if s := r.Sections[0]; s.Section != "main" || s.Lost != r.Lost || s.Chance <= 0.5 || s.Chance >= 1 {
		t.Errorf("section %+v", s)
	}
	if s := r.Seats[0]; s.SeatID != "A-1" || s.Attempts < 3.5 || s.Chance != 0 {
		t.Errorf("hottest seat %+v", s)
	}
	if _, err := e.Heat(testContext(t), "none:2030-01-01", 1); !errors.Is(err, engine.ErrUnknownEvent) {
		t.Errorf("of no event: %v", err)
	}
	_, err := e.Heat(testContext(t), id, 201)
	wantInvalid(t, "201 seats", err, "seats")
}

func TestHeatCountsManySeats(t *testing.T) {
	t.Parallel()
	e, id := open(t, engine.Config{})
	hold(t, e, id, seatIDs(1, 10)...)
	eventually(t, "ten seats are counted", func() bool { return len(report(t, e, id).Seats) == 10 })
}

func TestHeatViewers(t *testing.T) {
	t.Parallel()
	e, id := open(t, engine.Config{})
	viewer := func(at engine.Sight) *engine.HeatViewer {
		v, err := e.HeatViewer(testContext(t), id)
		if err == nil {
			err = v.Look(at)
		}
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	one := viewer(engine.Sight{SeatIDs: []string{"B-2", "B-1"}})
	viewer(engine.Sight{SeatIDs: []string{"B-1"}})
	viewer(engine.Sight{Section: "main"})
	r := report(t, e, id)
	if r.Viewers != 3 || r.Sections[0].Viewers != 3 || r.Seats[0].SeatID != "B-1" || r.Seats[0].Viewers != 2 || r.Seats[0].Chance != 0.5 {
		t.Errorf("report %+v", r)
	}
	f, err := e.HeatFrames(testContext(t), id)
	if err != nil {
		t.Fatal(err)
	}
	if c := f.Classes(); len(c.Seats) != 15 || c.Seats[5] != 1<<4|1 || len(c.Sections) != 1 {
		t.Errorf("classes %v", c)
	}
	looks, viewers, err := f.Looks([]engine.HeatFocus{one.Focus()})
	if err != nil || viewers != 3 || looks[0] != (engine.HeatLook{Viewers: 2, Chance: 0.5}) {
		t.Errorf("looks %v of %d, %v", looks, viewers, err)
	}
	wantInvalid(t, "a seat twice", one.Look(engine.Sight{SeatIDs: []string{"A-1", "A-1"}}), "seat_ids[1]")
	wantInvalid(t, "no seat", one.Look(engine.Sight{SeatIDs: []string{}}), "seat_ids")
	wantInvalid(t, "both", one.Look(engine.Sight{SeatIDs: []string{"A-1"}, Section: "main"}), "section")
	if err := one.Look(engine.Sight{Section: "no"}); !errors.Is(err, engine.ErrUnknownSection) {
		t.Errorf("no section: %v", err)
	}
	if err := one.Look(engine.Sight{SeatIDs: []string{"Z"}}); !errors.Is(err, engine.ErrUnknownSeat) {
		t.Errorf("no seat: %v", err)
	}
	one.Close()
	if r := report(t, e, id); r.Viewers != 2 || r.Seats[0].Viewers != 1 {
		t.Errorf("after one left: %+v", r)
	}
	if c := f.Next(); len(c.Seats) != 1 || c.Seats[0].Class != 0 {
		t.Errorf("change %+v, want B-2 to be quiet", c)
	}
}

func TestHeatOffCountsNothing(t *testing.T) {
	t.Parallel()
	e, id := open(t, engine.Config{HeatOff: true, Registerer: prometheus.NewRegistry()})
	contest(t, e, id)
	v, err := e.HeatViewer(testContext(t), id)
	if err != nil || v.Look(engine.Sight{Section: "main"}) != nil {
		t.Fatal("look", err)
	}
	if r := report(t, e, id); r.Viewers != 0 || r.Attempts != 0 || r.Chance != 1 || len(r.Sections) != 1 {
		t.Errorf("report %+v", r)
	}
	v.Close()
}

func TestHeatMetrics(t *testing.T) {
	t.Parallel()
	reg := prometheus.NewRegistry()
	e, id := open(t, engine.Config{Registerer: reg})
	hold(t, e, id, "A-1")
	families, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]float64{}
	for _, f := range families {
		if g := f.Metric[0].GetGauge(); g != nil {
			got[f.GetName()] = g.GetValue()
		}
	}
	if got["usher_heat_events"] != 1 || got["usher_heat_bytes"] != 5376 {
		t.Errorf("metrics %v", got)
	}
}
