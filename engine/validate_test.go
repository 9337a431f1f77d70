package engine_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/usherhq/usher/engine"
	"github.com/usherhq/usher/engine/chart"
)

func TestCreateEventRefusesWhatIsNotPossible(t *testing.T) {
	t.Parallel()
	e, _ := open(t, engine.Config{Groups: 1})
	ctx := testContext(t)
	good := engine.EventSpec{VenueID: "v", EventDate: "2026-03-01", ChartID: "small"}
	for field, changes := range map[string][]func(*engine.EventSpec){
		"venue_id": {
			func(s *engine.EventSpec) { s.VenueID = "" },
			func(s *engine.EventSpec) { s.VenueID = "a:b" },
			func(s *engine.EventSpec) { s.VenueID = strings.Repeat("a", 65) },
		},
		"chart_id": {func(s *engine.EventSpec) { s.ChartID = "" }, func(s *engine.EventSpec) { s.ChartID = "a b" }},
		"series":   {func(s *engine.EventSpec) { s.Series = "a/b" }},
		"event_date": {
			func(s *engine.EventSpec) { s.EventDate = "" },
			func(s *engine.EventSpec) { s.EventDate = "2026-02-30" },
			func(s *engine.EventSpec) { s.EventDate = "2026-02-29" },
			func(s *engine.EventSpec) { s.EventDate = "2026-13-01" },
			func(s *engine.EventSpec) { s.EventDate = "2026-1-01" },
			func(s *engine.EventSpec) { s.EventDate = "01.02.2026" },
			func(s *engine.EventSpec) { s.EventDate = "2026-01-01T00:00:00Z" },
			func(s *engine.EventSpec) { s.EventDate, s.Timezone = "0001-01-01", "Asia/Tokyo" },
			func(s *engine.EventSpec) {
				s.EventDate, s.Timezone, s.ShowTime = "9999-12-31", "America/New_York", "23:00"
			},
		},
		"show_time": {
			func(s *engine.EventSpec) { s.ShowTime = "24:00" },
			func(s *engine.EventSpec) { s.ShowTime = "19:60" },
			func(s *engine.EventSpec) { s.ShowTime = "7:30" },
			func(s *engine.EventSpec) { s.ShowTime = "19:30:00" },
			// Clocks go from 02:00 to 03:00.
			func(s *engine.EventSpec) {
				s.EventDate, s.ShowTime, s.Timezone = "2026-03-29", "02:30", "Europe/Berlin"
			},
		},
		"timezone": {
			func(s *engine.EventSpec) { s.Timezone = "Mars/Olympus" },
			func(s *engine.EventSpec) { s.Timezone = "Local" },
			func(s *engine.EventSpec) { s.Timezone = "../../etc/passwd" },
		},
		"hold_seconds": {func(s *engine.EventSpec) { s.HoldSeconds = -1 }, func(s *engine.EventSpec) { s.HoldSeconds = 3601 }},
		"strategy":     {func(s *engine.EventSpec) { s.Strategy = "lottery" }},
		"onsale_at":    {func(s *engine.EventSpec) { at := time.Date(1969, 1, 1, 0, 0, 0, 0, time.UTC); s.OnsaleAt = &at }},
		"name":         {func(s *engine.EventSpec) { s.Name = "a\nb" }, func(s *engine.EventSpec) { s.Name = strings.Repeat("a", 201) }},
		"Idempotency-Key": {
			func(s *engine.EventSpec) { s.IdempotencyKey = "ä" },
			func(s *engine.EventSpec) { s.IdempotencyKey = strings.Repeat("k", 129) },
		},
		"prices.box": {func(s *engine.EventSpec) { s.Prices = map[string]engine.Money{"box": {Amount: 1, Currency: "EUR"}} }},
		"prices.stalls.amount": {
			func(s *engine.EventSpec) { s.Prices = map[string]engine.Money{"stalls": {Amount: -1, Currency: "EUR"}} },
		},
		"prices.stalls.currency": {
			func(s *engine.EventSpec) { s.Prices = map[string]engine.Money{"stalls": {Amount: 1, Currency: "eur"}} },
			func(s *engine.EventSpec) {
				s.Prices = map[string]engine.Money{"stalls": {Amount: 1, Currency: "EUR"}, "circle": {Amount: 1, Currency: "USD"}}
			},
		},
	} {
		for i, change := range changes {
			s := good
			change(&s)
			_, err := e.CreateEvent(ctx, s)
			wantInvalid(t, fmt.Sprintf("%s, %d", field, i), err, field)
		}
	}
	_, err := e.CreateEvent(ctx, engine.EventSpec{VenueID: "v", EventDate: "2026-03-01", ChartID: "none"})
	wantErr(t, "unknown chart", err, engine.ErrUnknownChart, engine.OutcomeNotApplied)
	if page, err := e.Events(ctx, engine.EventFilter{VenueID: "v"}); err != nil || len(page.Items) != 0 {
		t.Errorf("refused events are there: %+v, %v", page, err)
	}
}

func TestEventTimes(t *testing.T) {
	t.Parallel()
	e, _ := open(t, engine.Config{Groups: 1})
	for _, c := range []struct{ date, show, zone, want string }{
		{"2026-08-16", "19:30", "Europe/London", "2026-08-16T18:30:00Z"},
		{"2026-08-16", "", "", "2026-08-16T00:00:00Z"},
		{"2024-02-29", "23:59", "America/New_York", "2024-03-01T04:59:00Z"},
	} {
		ev, err := e.CreateEvent(testContext(t), engine.EventSpec{VenueID: "v", EventDate: c.date, ShowTime: c.show, Timezone: c.zone, ChartID: "small"})
		if err != nil || ev.StartsAt.Format(time.RFC3339) != c.want {
			t.Errorf("%s %s in %s starts at %v, %v; want %s", c.date, c.show, c.zone, ev.StartsAt, err, c.want)
		}
		id := "v:" + c.date
		if c.show != "" {
			id += ":" + c.show
		}
		if ev.EventID != id || ev.HoldSeconds != 480 || ev.Strategy != "direct" {
			t.Errorf("event is %+v", ev)
		}
	}
}

func TestHoldRefusesWhatIsNotPossible(t *testing.T) {
	t.Parallel()
	e, id := open(t, engine.Config{Groups: 1})
	ctx := testContext(t)
	good := engine.HoldRequest{EventID: id, SeatIDs: []string{"A-1"}, HolderID: "ada"}
	many := make([]string, engine.MaxSeatsPerHold+1)
	for i := range many {
		many[i] = "A-1"
	}
	for _, c := range []struct {
		field  string
		change func(*engine.HoldRequest)
	}{
		{"holder_id", func(r *engine.HoldRequest) { r.HolderID = "" }},
		{"holder_id", func(r *engine.HoldRequest) { r.HolderID = "a\x7f" }},
		{"holder_id", func(r *engine.HoldRequest) { r.HolderID = strings.Repeat("h", 129) }},
		{"ttl_seconds", func(r *engine.HoldRequest) { r.TTL = -time.Second }},
		{"ttl_seconds", func(r *engine.HoldRequest) { r.TTL = 999 * time.Millisecond }},
		{"ttl_seconds", func(r *engine.HoldRequest) { r.TTL = time.Hour + time.Millisecond }},
		{"ttl_seconds", func(r *engine.HoldRequest) { r.TTL = time.Second + time.Microsecond }},
		{"seat_ids", func(r *engine.HoldRequest) { r.SeatIDs = nil }},
		{"seat_ids", func(r *engine.HoldRequest) { r.SeatIDs = many }},
		{"seat_ids[2]", func(r *engine.HoldRequest) { r.SeatIDs = []string{"B-1", "A-1", "B-1"} }},
		{"Idempotency-Key", func(r *engine.HoldRequest) { r.IdempotencyKey = "\x00" }},
	} {
		r := good
		c.change(&r)
		_, err := e.Hold(ctx, r)
		wantInvalid(t, fmt.Sprintf("%+v", r.TTL), err, c.field)
	}
	_, err := e.Hold(ctx, engine.HoldRequest{EventID: id, SeatIDs: []string{"A-1", "Z-9", "Y-9"}, HolderID: "ada"})
	var unknown *engine.UnknownSeatError
	if !errors.As(err, &unknown) || !errors.Is(err, engine.ErrUnknownSeat) || fmt.Sprint(unknown.SeatIDs) != "[Z-9 Y-9]" {
		t.Errorf("unknown seats: %v", err)
	}
	_, err = e.Hold(ctx, engine.HoldRequest{EventID: "nowhere:2026-01-01", SeatIDs: []string{"A-1"}, HolderID: "ada"})
	wantErr(t, "unknown event", err, engine.ErrUnknownEvent, engine.OutcomeNotApplied)
	if m, err := e.SeatMap(ctx, id, 0); err != nil || m.Version != 0 {
		t.Errorf("refusals changed something: %+v, %v", m, err)
	}
	for _, ttl := range []time.Duration{time.Second, time.Hour} {
		h, err := e.Hold(ctx, engine.HoldRequest{EventID: id, SeatIDs: []string{"A-1"}, HolderID: "ada", TTL: ttl})
		if err != nil || h.ExpiresAt.Sub(h.ServerTime) != ttl {
			t.Errorf("ttl %v: %+v, %v", ttl, h, err)
		}
		if err := e.Release(ctx, engine.ReleaseRequest{HoldID: h.HoldID}); err != nil {
			t.Error(err)
		}
	}
}

// TestLargeRequests: the largest hold and the largest block fit an entry.
func TestLargeRequests(t *testing.T) {
	t.Parallel()
	e, _ := open(t, engine.Config{Groups: 1})
	ctx := testContext(t)
	c := smallChart(1)
	c.Sections[0].Rows = nil
	var ids []string
	for r := range 210 {
		row := chart.Row{Name: fmt.Sprint(r)}
		for n := range 100 {
			id := fmt.Sprintf("%d-%d", r, n)
			ids = append(ids, id)
			row.Seats = append(row.Seats, chart.Seat{SeatID: id, Number: fmt.Sprint(n), Category: "stalls"})
		}
		c.Sections[0].Rows = append(c.Sections[0].Rows, row)
	}
	if _, _, err := e.PutChart(ctx, "large", c); err != nil {
		t.Fatal(err)
	}
	ev, err := e.CreateEvent(ctx, engine.EventSpec{VenueID: "v", EventDate: "2026-03-01", ChartID: "large"})
	if err != nil {
		t.Fatal(err)
	}
	b, err := e.Block(ctx, engine.BlockRequest{EventID: ev.EventID, SeatIDs: ids[:20_000], Reason: strings.Repeat("r", 255)})
	if err != nil || b.Changed != 20_000 || b.Version != 20_000 {
		t.Fatalf("block: %+v, %v", b, err)
	}
	if _, err := e.Hold(ctx, engine.HoldRequest{EventID: ev.EventID, SeatIDs: ids[20_000:], HolderID: strings.Repeat("h", 128)}); err != nil {
		t.Fatal(err)
	}
	_, err = e.Block(ctx, engine.BlockRequest{EventID: ev.EventID, SeatIDs: ids[:20_001]})
	wantInvalid(t, "20,001 seats", err, "seat_ids")
	_, err = e.Block(ctx, engine.BlockRequest{EventID: ev.EventID, SeatIDs: ids[:1], Reason: strings.Repeat("r", 256)})
	wantInvalid(t, "long reason", err, "reason")
	_, err = e.Block(ctx, engine.BlockRequest{EventID: ev.EventID, SeatIDs: []string{ids[0], ids[20_000]}, Unblock: true})
	var taken *engine.SeatsUnavailableError
	if !errors.As(err, &taken) || len(taken.Conflicts) != 1 || taken.Conflicts[0].SeatID != ids[20_000] {
		t.Errorf("unblocking a held seat: %v", err)
	}
	ev, err = e.Event(ctx, ev.EventID)
	if err != nil || ev.Seats != (engine.SeatCounts{Total: 21_000, Held: 1000, Blocked: 20_000}) {
		t.Errorf("%+v, %v", ev.Seats, err)
	}
}

// TestAreasOnly: an event may have no seats at all.
func TestAreasOnly(t *testing.T) {
	t.Parallel()
	e, _ := open(t, engine.Config{Groups: 1})
	ctx := testContext(t)
	c := &chart.Chart{Name: "Field", Categories: []chart.Category{{Name: "standing"}}, Areas: []chart.Area{{AreaID: "field", Name: "Field", Capacity: 100, Category: "standing"}}}
	if _, _, err := e.PutChart(ctx, "field", c); err != nil {
		t.Fatal(err)
	}
	ev, err := e.CreateEvent(ctx, engine.EventSpec{VenueID: "field", EventDate: "2026-03-01", ChartID: "field", Prices: map[string]engine.Money{"standing": {Amount: 1, Currency: "EUR"}}})
	if err != nil || ev.Seats.Total != 0 {
		t.Fatalf("%+v, %v", ev, err)
	}
	if m, err := e.SeatMap(ctx, ev.EventID, 0); err != nil || len(m.Packed) != 0 {
		t.Errorf("%+v, %v", m, err)
	}
	_, err = e.Hold(ctx, engine.HoldRequest{EventID: ev.EventID, SeatIDs: []string{"field"}, HolderID: "ada"})
	wantErr(t, "an area is no seat", err, engine.ErrUnknownSeat, engine.OutcomeNotApplied)
}
