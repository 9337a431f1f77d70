package engine

import (
	"errors"
	"slices"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/usherhq/usher/engine/chart"
	"github.com/usherhq/usher/engine/heat"
	"github.com/usherhq/usher/shard"
)

func newHeat() *heat.Heat {
	h, err := heat.New(heat.Config{})
	if err != nil {
		panic(err) // the defaults are within their bounds
	}
	return h
}

// tried is the seats of a claim under way. The request they stand in is somebody else's
// once it has been proposed; few of them are copied without an allocation.
type tried struct {
	n    int
	few  [8]uint32
	many []uint32 // all of them, if they are more than few has room for
}

func triedSeats(seats []uint32) tried {
	t := tried{n: len(seats)}
	if len(seats) > len(t.few) {
		t.many = slices.Clone(seats)
	}
	copy(t.few[:], seats)
	return t
}

func (t *tried) seats() []uint32 {
	if t.many != nil {
		return t.many
	}
	return t.few[:t.n]
}

// contend notes in the heat what became of a claim, after its answer: won, or lost to the
// seats in its way. Other refusals and failures say nothing of how contested seats are,
// and an answer that was given before was counted then.
func (e *Engine) contend(ref *eventRef, t tried, res *shard.Result, err error) {
	switch {
	case e.cfg.HeatOff || res.Replayed:
	case err == nil:
		ref.attempts.Attempt(t.seats(), true)
	case errors.Is(res.Err, ErrSeatsUnavailable):
		var room [8]uint32
		lost := room[:0]
		for _, c := range res.Conflicts {
			lost = append(lost, c.Seat)
		}
		ref.attempts.Attempt(lost, false)
	}
}

// contend notes in the heat what became of the items of one group: what was given was
// won, what was wanted and is another's was lost, and so was what has changed since it was
// read: somebody was quicker, whatever they did with it.
func (c *claim) contend(group int, res *shard.Result) {
	switch {
	case c.e.cfg.HeatOff || res.Replayed:
	case res.Err == nil:
		for _, g := range res.Granted {
			ref, i := c.refOf(group, g.Event)
			ref.attempts.Attempt(seatsOf(g.Seats), true)
			if gone := without(c.items[i].Seats, g.Seats); len(gone) > 0 {
				ref.attempts.Attempt(gone, false)
			}
		}
	case errors.Is(res.Err, ErrSeatsUnavailable) || errors.Is(res.Err, ErrVersionConflict):
		lost := make([]uint32, 0, len(res.Conflicts))
		for _, k := range res.Conflicts {
			if _, _, area := shard.SplitCode(k.Seat); !area {
				lost = append(lost, k.Seat)
			}
		}
		ref, _ := c.refOf(group, res.Event)
		ref.attempts.Attempt(lost, false)
	}
}

// seatsOf is the list without the areas behind the seats.
func seatsOf(codes []uint32) []uint32 {
	for i, c := range codes {
		if _, _, area := shard.SplitCode(c); area {
			return codes[:i]
		}
	}
	return codes
}

func (ref *eventRef) heatKey() heat.Key { return heat.Key{Group: ref.group, Event: ref.no} }

// shape is how a chart's seats stand in sections, one for all events on the chart.
func (c *catalogue) shape(x *chart.Index) (*heat.Shape, error) {
	if s, ok := c.shapes.Load(x); ok {
		return s.(*heat.Shape), nil
	}
	made, err := heat.NewShape(x.Len(), x.SectionStarts())
	if err != nil {
		return nil, err
	}
	s, _ := c.shapes.LoadOrStore(x, made)
	return s.(*heat.Shape), nil
}

// heatMetrics tells how much is warm.
func (e *Engine) heatMetrics() error {
	return e.registered.add(
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "usher_heat_events", Help: "Events whose contention is being counted.",
		}, func() float64 { return float64(e.heat.Stats().Events) }),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "usher_heat_bytes", Help: "Memory of the contention counts.",
		}, func() float64 { return float64(e.heat.Stats().Bytes) }),
		prometheus.NewCounterFunc(prometheus.CounterOpts{
			Name: "usher_heat_missed_total", Help: "Attempts and looks that were not counted, as too many events were warm.",
		}, func() float64 { return float64(e.heat.Stats().Missed) }),
	)
}
