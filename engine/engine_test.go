package engine_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/usherhq/usher/engine"
	"github.com/usherhq/usher/engine/chart"
)

// smallChart has rows of ten seats: A-1 … A-10, B-1 …
func smallChart(rows int) *chart.Chart {
	c := &chart.Chart{Name: "Small", Categories: []chart.Category{{Name: "stalls"}, {Name: "circle"}}}
	sec := chart.Section{Name: "main"}
	for r := range rows {
		row := chart.Row{Name: string(rune('A' + r))}
		for n := 1; n <= 10; n++ {
			cat := "stalls"
			if r > 0 {
				cat = "circle"
			}
			row.Seats = append(row.Seats, chart.Seat{SeatID: fmt.Sprintf("%s-%d", row.Name, n), Number: fmt.Sprint(n), Category: cat})
		}
		sec.Rows = append(sec.Rows, row)
	}
	c.Sections = []chart.Section{sec}
	return c
}

// open opens an engine with one event on sale, and returns its id.
func open(t testing.TB, cfg engine.Config) (*engine.Engine, string) {
	t.Helper()
	if cfg.Dir == "" {
		cfg.Dir = t.TempDir()
	}
	ctx := testContext(t)
	e, err := engine.Open(ctx, cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	})
	if _, _, err := e.PutChart(ctx, "small", smallChart(3)); err != nil {
		t.Fatal(err)
	}
	ev, err := e.CreateEvent(ctx, engine.EventSpec{
		VenueID: "hall", EventDate: "2027-05-01", ShowTime: "19:30", ChartID: "small", Timezone: "Europe/London",
		Prices: map[string]engine.Money{"stalls": {Amount: 5000, Currency: "EUR"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return e, ev.EventID
}

func testContext(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), 60*time.Second)
	t.Cleanup(cancel)
	return ctx
}

func TestHoldBookCancel(t *testing.T) {
	t.Parallel()
	e, id := open(t, engine.Config{})
	ctx := testContext(t)
	h, err := e.Hold(ctx, engine.HoldRequest{EventID: id, SeatIDs: []string{"B-2", "A-1"}, HolderID: "ada"})
	if err != nil {
		t.Fatal(err)
	}
	if h.FencingToken != 1 || h.Version != 2 || h.SeatIDs[0] != "B-2" || h.ExpiresAt.Sub(h.ServerTime) != 480*time.Second {
		t.Errorf("hold is %+v", h)
	}
	_, err = e.Hold(ctx, engine.HoldRequest{EventID: id, SeatIDs: []string{"A-1", "A-2"}, HolderID: "bob"})
	var taken *engine.SeatsUnavailableError
	if !errors.As(err, &taken) || len(taken.Conflicts) != 1 || taken.Conflicts[0].SeatID != "A-1" || taken.Conflicts[0].Status != engine.SeatHeld {
		t.Fatalf("second claim: %v", err)
	}
	b, err := e.Book(ctx, engine.BookRequest{HoldID: h.HoldID, FencingToken: h.FencingToken, PaymentMethod: "sandbox", PaymentOptions: json.RawMessage(`{"method":"sandbox"}`)})
	if err != nil {
		t.Fatal(err)
	}
	if b.Amount == nil || b.Amount.Amount != 5000 || b.Status != engine.BookingBooked || len(b.SeatIDs) != 2 {
		t.Errorf("booking is %+v", b)
	}
	if got, err := e.HoldByID(ctx, h.HoldID); err != nil || got.Status != engine.HoldBooked || got.BookingID != b.BookingID {
		t.Errorf("hold after booking: %+v, %v", got, err)
	}
	if c, err := e.CancelBooking(ctx, engine.CancelRequest{BookingID: b.BookingID}); err != nil || c.Status != engine.BookingCancelled {
		t.Errorf("cancel: %+v, %v", c, err)
	}
	ev, err := e.Event(ctx, id)
	if err != nil || ev.Seats.Available != 30 || ev.Version != 6 {
		t.Errorf("event after all: %+v, %v", ev, err)
	}
}

func TestThreeReplicas(t *testing.T) {
	t.Parallel()
	e, id := open(t, engine.Config{Replicas: 3, Groups: 2})
	ctx := testContext(t)
	if _, err := e.Hold(ctx, engine.HoldRequest{EventID: id, SeatIDs: []string{"A-1"}, HolderID: "ada"}); err != nil {
		t.Fatal(err)
	}
}
