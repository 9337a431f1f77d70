package engine_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"github.com/usherhq/usher/engine"
	"github.com/usherhq/usher/engine/chart"
)

// openExample gives the examples an engine with one event: a row of ten seats at the
// Scala on a June evening.
func openExample() (e *engine.Engine, eventID string, done func()) {
	dir, err := os.MkdirTemp("", "usher")
	if err != nil {
		log.Fatal(err)
	}
	ctx := context.Background()
	if e, err = engine.Open(ctx, engine.Config{Dir: filepath.Join(dir, "data"), Groups: 1}); err != nil {
		log.Fatal(err)
	}
	if _, _, err = e.PutChart(ctx, "scala", smallChart(1)); err != nil {
		log.Fatal(err)
	}
	ev, err := e.CreateEvent(ctx, engine.EventSpec{
		VenueID: "scala", EventDate: "2027-06-01", ShowTime: "20:00", Timezone: "Europe/London", ChartID: "scala",
		Prices: map[string]engine.Money{"stalls": {Amount: 4500, Currency: "GBP"}},
	})
	if err != nil {
		log.Fatal(err)
	}
	return e, ev.EventID, func() {
		if err := errors.Join(e.Close(), os.RemoveAll(dir)); err != nil {
			log.Fatal(err)
		}
	}
}

// One durable node, no ports open: a chart, and an event on it.
func ExampleOpen() {
	dir, err := os.MkdirTemp("", "usher")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	ctx := context.Background()

	e, err := engine.Open(ctx, engine.Config{Dir: filepath.Join(dir, "usher-data")})
	if err != nil {
		log.Fatal(err)
	}
	defer e.Close()

	row := chart.Row{Name: "A"}
	for n := range 4 {
		row.Seats = append(row.Seats, chart.Seat{SeatID: fmt.Sprintf("A-%d", n+1), Number: fmt.Sprint(n + 1), Category: "stalls"})
	}
	info, _, err := e.PutChart(ctx, "scala", &chart.Chart{
		Name:       "Scala",
		Categories: []chart.Category{{Name: "stalls"}},
		Sections:   []chart.Section{{Name: "main", Rows: []chart.Row{row}}},
	})
	if err != nil {
		log.Fatal(err)
	}
	ev, err := e.CreateEvent(ctx, engine.EventSpec{
		VenueID: "scala", EventDate: "2027-06-01", ShowTime: "20:00", Timezone: "Europe/London", ChartID: info.ChartID,
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(ev.EventID, "starts at", ev.StartsAt.Format("15:04 MST"), "with", ev.Seats.Available, "seats")
	// Output: scala:2027-06-01:20:00 starts at 19:00 UTC with 4 seats
}

// A claim is all or nothing, and who comes second is told which seats were in the way.
func ExampleEngine_Hold() {
	e, event, done := openExample()
	defer done()
	ctx := context.Background()

	h, err := e.Hold(ctx, engine.HoldRequest{EventID: event, SeatIDs: []string{"A-4", "A-5"}, HolderID: "ada"})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(h.Status, h.SeatIDs, "for", h.ExpiresAt.Sub(h.ServerTime), "token", h.FencingToken)

	_, err = e.Hold(ctx, engine.HoldRequest{EventID: event, SeatIDs: []string{"A-5", "A-6"}, HolderID: "bob"})
	var taken *engine.SeatsUnavailableError
	if errors.As(err, &taken) {
		for _, c := range taken.Conflicts {
			fmt.Println(c.SeatID, "is", c.Status)
		}
	}
	// Output:
	// held [A-4 A-5] for 8m0s token 1
	// A-5 is held
}

// Booking pays for a hold and sells its seats. With an idempotency key the call can be
// repeated until there is an answer: it sells once.
func ExampleEngine_Book() {
	e, event, done := openExample()
	defer done()
	ctx := context.Background()

	h, err := e.Hold(ctx, engine.HoldRequest{EventID: event, SeatIDs: []string{"A-1", "A-2"}, HolderID: "ada"})
	if err != nil {
		log.Fatal(err)
	}
	request := engine.BookRequest{HoldID: h.HoldID, FencingToken: h.FencingToken, PaymentMethod: "sandbox", IdempotencyKey: "order-4711"}
	b, err := e.Book(ctx, request)
	if err != nil {
		log.Fatal(err)
	}
	again, err := e.Book(ctx, request)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(b.Status, b.SeatIDs, b.Amount.Amount, b.Amount.Currency)
	fmt.Println("the same booking:", again.BookingID == b.BookingID)

	_, err = e.Book(ctx, engine.BookRequest{HoldID: h.HoldID, PaymentMethod: "sandbox"})
	fmt.Println(errors.Is(err, engine.ErrAlreadyBooked), engine.OutcomeOf(err))
	// Output:
	// booked [A-1 A-2] 9000 GBP
	// the same booking: true
	// true not_applied
}

// A watcher gets what has changed since the version it has; a slow one gets one larger
// delta.
func ExampleEngine_Watch() {
	e, event, done := openExample()
	defer done()
	ctx := context.Background()

	m, err := e.SeatMap(ctx, event, 0)
	if err != nil {
		log.Fatal(err)
	}
	w, err := e.Watch(ctx, event, engine.Cursor{Epoch: m.Epoch, Version: m.Version})
	if err != nil {
		log.Fatal(err)
	}
	defer w.Close()

	if _, err := e.Hold(ctx, engine.HoldRequest{EventID: event, SeatIDs: []string{"A-1", "A-3"}, HolderID: "ada"}); err != nil {
		log.Fatal(err)
	}
	d, err := w.Next(ctx)
	if err != nil {
		log.Fatal(err)
	}
	for _, c := range d.Seats {
		fmt.Println(m.Chart.ID(c.Seat), m.Status(int(c.Seat)), "→", c.Status)
	}
	fmt.Println("version", d.From, "→", d.To)
	// Output:
	// A-1 available → held
	// A-3 available → held
	// version 0 → 2
}
