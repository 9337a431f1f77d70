package main

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/usherhq/usher/engine"
	"github.com/usherhq/usher/engine/chart"
	"github.com/usherhq/usher/transport/charts"
	"github.com/usherhq/usher/transport/charts/sample"
)

// patternHouse is the stadium, and where people want to sit in it.
type patternHouse struct {
	engine *engine.Engine
	index  *chart.Index
	ids    []string   // of seats, in chart order
	rows   []rowSeats // the most wanted first
	rowOf  []uint16   // of each seat, the rank of its row
}

const (
	houseChart = "metalist"
	// zipfShift takes the point off Zipf's law: rank r is drawn with 1/(r + zipfShift), so
	// that the first row is not wanted by everybody.
	zipfShift = 20
)

// newPatternHouse stores the stadium.
func newPatternHouse(ctx context.Context, e *engine.Engine) (*patternHouse, error) {
	c, err := charts.Import(sample.Metalist, "csv", "")
	if err != nil {
		return nil, fmt.Errorf("the sample stadium: %w", err)
	}
	if _, _, err := e.PutChart(ctx, houseChart, c); err != nil {
		return nil, err
	}
	return layHouse(e, c), nil
}

func layHouse(e *engine.Engine, c *chart.Chart) *patternHouse {
	h := &patternHouse{engine: e, index: chart.NewIndex(c)}
	for i := range uint32(h.index.Len()) {
		h.ids = append(h.ids, h.index.ID(i))
	}
	for at := uint32(0); int(at) < h.index.Len(); {
		_, to := h.index.RowRange(at)
		h.rows = append(h.rows, rowSeats{int(at), int(to)})
		at = to
	}
	h.rank(c)
	return h
}

// rank sorts the rows by how much they are wanted.
func (h *patternHouse) rank(c *chart.Chart) {
	focus := chart.Point{}
	if len(c.FocalPoints) > 0 {
		focus = c.FocalPoints[0]
	}
	far := func(r rowSeats) float64 {
		middle := uint32((r.from + r.to) / 2)
		s := h.index.Seat(middle)
		if s.X == nil || s.Y == nil {
			return float64(r.from)
		}
		return math.Hypot(*s.X-focus.X, *s.Y-focus.Y) / max(categoryPull[s.Category], 1)
	}
	slices.SortStableFunc(h.rows, func(a, b rowSeats) int { return cmp.Compare(far(a), far(b)) })
	h.rowOf = make([]uint16, h.index.Len())
	for rank, r := range h.rows {
		for i := r.from; i < r.to; i++ {
			h.rowOf[i] = uint16(rank)
		}
	}
}

// drawRow draws a rank.
func (h *patternHouse) drawRow(rng *rand.Rand) int {
	n := float64(len(h.rows))
	r := zipfShift*math.Pow((n+zipfShift)/zipfShift, rng.Float64()) - zipfShift
	return min(int(r), len(h.rows)-1)
}

// partyOf draws how many a buyer wants seats for.
func partyOf(rng *rand.Rand) int {
	switch x := rng.IntN(10); {
	case x < 2:
		return 1
	case x < 7:
		return 2
	case x < 8:
		return 3
	}
	return 4
}

const rowDraws = 8

// choose picks seats side by side that are free on the buyer's map, and that want does not
// rule out; nil: there are none for the party.
func (h *patternHouse) choose(rng *rand.Rand, v *patternView, party int, want func(row rowSeats) bool) []int {
	rank := 0
	for range rowDraws {
		rank = h.drawRow(rng)
		if int(v.room[rank]) >= party && want(h.rows[rank]) {
			return sideBySide(rng, v.seats, h.rows[rank], party)
		}
	}
	for d := range h.rows {
		at := (rank + d) % len(h.rows)
		if int(v.room[at]) >= party {
			return sideBySide(rng, v.seats, h.rows[at], party)
		}
	}
	return nil
}

// anyRow rules nothing out.
func anyRow(rowSeats) bool { return true }

// open puts one more event on sale, for a sale of a kind.
func (h *patternHouse) open(ctx context.Context, c *benchPatternsCmd, k saleKind, round int, gate *turnstile) (*patternSale, error) {
	spec := engine.EventSpec{
		VenueID: houseChart, ChartID: houseChart, Series: benchSeries, // one series: one group, so one hot log
		EventDate: time.Date(2030, 1, 1+round, 0, 0, 0, 0, time.UTC).Format(time.DateOnly), ShowTime: k.showTime(c),
	}
	if k.mode == engine.ModeQueue {
		spec.WaitingRoom = &engine.WaitingRoom{MaxActive: c.Inside, NewPerMinute: 1_000_000}
	}
	ev, err := h.engine.CreateEvent(ctx, spec)
	if err != nil {
		return nil, err
	}
	s := &patternSale{
		patternHouse: h, cmd: c, kind: k, event: ev.EventID, gate: gate, places: make(chan struct{}, c.Inside),
		board: &patternBoard{house: h, event: ev.EventID, stale: c.Stale}, sold: newLedger(len(h.ids)), shards: newFigures(newSaleShard),
	}
	_, err = s.board.look(ctx, 0)
	return s, err
}
