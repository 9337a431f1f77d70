package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/usherhq/usher/engine"
	"github.com/usherhq/usher/engine/chart"
)

const (
	benchVenue  = "bench"
	benchSeries = "bench" // one series: one group, so one hot log
	benchRow    = 100
	// settle is how long the map may lag behind the last answer: a read may come from any
	// replica.
	settle = 5 * time.Second
)

// benchStage is the events of a run, and what the clients were granted of them.
type benchStage struct {
	engine *engine.Engine
	ids    []string // of seats, in chart order
	stride int      // the order they are claimed in, see coprime
	events []string
	taken  []ledger // one an event
}

// newBenchStage makes n events on one chart of so many seats.
func newBenchStage(ctx context.Context, e *engine.Engine, seats, n int) (*benchStage, error) {
	c := benchChart(seats)
	if _, _, err := e.PutChart(ctx, "bench", c); err != nil {
		return nil, err
	}
	s := &benchStage{engine: e, events: make([]string, n), taken: make([]ledger, n), stride: coprime(seats)}
	index := chart.NewIndex(c)
	for i := range uint32(index.Len()) {
		s.ids = append(s.ids, index.ID(i))
	}
	if err := s.create(ctx, 0); err != nil { // it decides the series' group
		return nil, err
	}
	var wg errgroup.Group
	wg.SetLimit(64)
	for i := 1; i < n; i++ {
		wg.Go(func() error { return s.create(ctx, i) })
	}
	return s, wg.Wait()
}

func (s *benchStage) create(ctx context.Context, i int) error {
	day := time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, i)
	ev, err := s.engine.CreateEvent(ctx, engine.EventSpec{
		VenueID: benchVenue, EventDate: day.Format(time.DateOnly), ChartID: "bench", Series: benchSeries,
	})
	if err != nil {
		return fmt.Errorf("event %d: %w", i, err)
	}
	s.events[i], s.taken[i] = ev.EventID, newLedger(len(s.ids))
	return nil
}

// benchChart has rows of a hundred in sections of a hundred rows.
func benchChart(seats int) *chart.Chart {
	c := &chart.Chart{Name: "Bench", Categories: []chart.Category{{Name: "seat"}}}
	for n := 0; n < seats; {
		section := chart.Section{Name: fmt.Sprintf("s%d", len(c.Sections))}
		for len(section.Rows) < 100 && n < seats {
			row := chart.Row{Name: fmt.Sprint(len(section.Rows))}
			for len(row.Seats) < benchRow && n < seats {
				row.Seats = append(row.Seats, chart.Seat{SeatID: fmt.Sprintf("%d", n), Number: fmt.Sprint(len(row.Seats)), Category: "seat"})
				n++
			}
			section.Rows = append(section.Rows, row)
		}
		c.Sections = append(c.Sections, section)
	}
	return c
}

// lost counts the seats of which ledger and engine say different things: granted but
// not held, or held though nobody was told so. Writes that failed without a known
// outcome have made the run fail already.
func (s *benchStage) lost(ctx context.Context) (int64, error) {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	var lost int64
	until := time.Now().Add(settle)
	for i := range s.events {
		n, err := settled(ctx, until, func(ctx context.Context) (int64, error) { return s.differing(ctx, i) })
		if err != nil {
			return 0, err
		}
		lost += n
	}
	return lost, nil
}

func (s *benchStage) differing(ctx context.Context, i int) (int64, error) {
	m, err := s.engine.SeatMap(ctx, s.events[i], 0)
	if err != nil {
		return 0, err
	}
	if m.Seats != len(s.ids) {
		return 0, errors.New("the engine's map has another number of seats")
	}
	return s.taken[i].differs(m, unavailable), nil
}

func unavailable(s engine.SeatStatus) bool { return s != engine.SeatAvailable }
