package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/usherhq/usher/engine"
	"github.com/usherhq/usher/transport/charts"
	"github.com/usherhq/usher/transport/charts/sample"
)

const (
	demoVenue = "metalist"
	// freeShare: a demo that goes on from an old folder takes the next night when less
	// than this is left of one. Bookings of an earlier run are not this one's to cancel.
	freeShare = 0.4
	maxNights = 200
	mapAge    = 300 * time.Millisecond
)

// billing is what is on.
var billing = []struct {
	name  string
	days  int // from today
	time  string
	share float64 // of the buyers
	gated bool    // it has a waiting room, with a crowd of its own
}{
	{name: "Metalist – Dynamo, league match", days: 7, time: "19:30", share: 0.8},
	{name: "Open-air concert", days: 21, time: "20:00", share: 0.2},
	{name: "Cup final, with a waiting room", days: 35, time: "21:00", gated: true},
}

// show is one event on sale, as the buyers see it.
type show struct {
	engine *engine.Engine
	id     string
	name   string
	share  float64
	gated  bool
	opens  time.Time // of one with a waiting room
	spare  [2]string // two seats that buyers leave alone, for the examples

	mu   sync.Mutex
	seen *engine.SeatMap
	at   time.Time
}

// openShows stores the stadium and puts the events on sale, those that are not yet.
func openShows(ctx context.Context, e *engine.Engine) ([]*show, error) {
	c, err := charts.Import(sample.Metalist, "csv", "")
	if err != nil {
		return nil, fmt.Errorf("the sample stadium: %w", err)
	}
	if _, _, err := e.PutChart(ctx, demoVenue, c); err != nil {
		return nil, err
	}
	var shows []*show
	for _, b := range billing {
		first := time.Now().AddDate(0, 0, b.days)
		ev, err := openNight(ctx, e, b.name, b.time, first, b.gated)
		if err != nil {
			return nil, err
		}
		s := &show{engine: e, id: ev.EventID, name: b.name, share: b.share, gated: b.gated}
		if ev.OnsaleAt != nil {
			s.opens = *ev.OnsaleAt
		}
		m, err := s.look(ctx)
		if err != nil {
			return nil, err
		}
		s.spare = spareSeats(m)
		shows = append(shows, s)
	}
	return shows, nil
}

// openNight is the first night from a date on that has seats left; made if it is new.
func openNight(ctx context.Context, e *engine.Engine, name, at string, first time.Time, gated bool) (engine.Event, error) {
	for i := range maxNights {
		spec := engine.EventSpec{
			VenueID: demoVenue, EventDate: first.AddDate(0, 0, i).Format(time.DateOnly), ShowTime: at,
			Timezone: "Europe/Kyiv", ChartID: demoVenue, Name: name, HoldSeconds: 120,
			Prices: map[string]engine.Money{
				"premium": {Amount: 12000, Currency: "EUR"}, "side": {Amount: 6500, Currency: "EUR"}, "end": {Amount: 3000, Currency: "EUR"},
			},
		}
		if gated {
			opens := time.Now().Add(roomOpensIn).Truncate(time.Second)
			spec.OnsaleAt, spec.WaitingRoom = &opens, demoWaitingRoom()
		}
		ev, err := e.CreateEvent(ctx, spec)
		if errors.Is(err, engine.ErrEventExists) {
			id := fmt.Sprintf("%s:%s:%s", demoVenue, first.AddDate(0, 0, i).Format(time.DateOnly), at)
			ev, err = e.Event(ctx, id)
		}
		if err != nil || float64(ev.Seats.Available) >= freeShare*float64(ev.Seats.Total) {
			return ev, err
		}
	}
	return engine.Event{}, fmt.Errorf("%d nights are sold out; begin with a new --data folder", maxNights)
}

// spareSeats are two free neighbours in the last row, where buyers do not go; its last
// two when people have tried all the others.
func spareSeats(m *engine.SeatMap) [2]string {
	from, to := m.Chart.RowRange(uint32(m.Seats - 1))
	at := int(to) - 2
	for i := at; i >= int(from); i-- {
		if free(m, i, 2) {
			at = i
			break
		}
	}
	return [2]string{m.Chart.ID(uint32(at)), m.Chart.ID(uint32(at + 1))}
}

// look is the seat map as a buyer sees it: a moment old, as on every page.
func (s *show) look(ctx context.Context) (*engine.SeatMap, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.seen != nil && time.Since(s.at) < mapAge {
		return s.seen, nil
	}
	m, err := s.engine.SeatMap(ctx, s.id, 0)
	if err == nil {
		s.seen, s.at = m, time.Now()
	}
	return m, err
}
