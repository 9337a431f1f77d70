package engine

import (
	"context"
	"fmt"

	"github.com/usherhq/usher/engine/heat"
	"github.com/usherhq/usher/shard"
)

// MaxHeatSeats bounds how many of the hottest seats a report names.
const MaxHeatSeats = 200

// HeatReport is an event's contention as this node has seen it: by section, and of the
// hottest seats. Package heat says what is counted, how it decays, and what a chance is.
type HeatReport = heat.Report

// The parts of a HeatReport.
type (
	HeatSection = heat.SectionReport
	HeatSeat    = heat.SeatReport
)

// Heat reports an event's contention, with its hottest seats: 0 ≤ seats ≤ MaxHeatSeats.
// It looks at every seat, so it is for once a second, not for every caller.
func (e *Engine) Heat(ctx context.Context, eventID string, seats int) (HeatReport, error) {
	ref, err := e.event(ctx, eventID)
	if err != nil {
		return HeatReport{}, err
	}
	if seats < 0 || seats > MaxHeatSeats {
		return HeatReport{}, &InvalidError{"seats", fmt.Sprintf("%d, 0…%d are possible", seats, MaxHeatSeats)}
	}
	available, err := e.available(ref)
	if err != nil {
		return HeatReport{}, err
	}
	r := e.heat.Report(ref.heatKey(), ref.shape, seats, available)
	r.EventID = ref.id
	sections := ref.chart.Chart().Sections
	for i := range r.Sections {
		r.Sections[i].Section = sections[r.Sections[i].Index].Name
	}
	for i := range r.Seats {
		r.Seats[i].SeatID = ref.chart.ID(r.Seats[i].Index)
	}
	return r, nil
}

// available tells of each seat whether it was, all at one moment.
func (e *Engine) available(ref *eventRef) (func(seat uint32) bool, error) {
	m := SeatMap{Seats: ref.chart.Len()}
	err := e.reader(ref.group).View(func(s *shard.State) {
		m.Packed = s.Event(ref.no).Packed(make([]byte, 0, len256(m.Seats)))
	})
	if err != nil {
		return nil, err
	}
	return func(seat uint32) bool { return m.Status(int(seat)) == SeatAvailable }, nil
}
