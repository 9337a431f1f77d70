package engine

import (
	"cmp"
	"context"
	"math"
	"slices"

	"github.com/usherhq/usher/engine/chart"
)

// MaxAlternatives bounds how many Alternatives one call gives.
const MaxAlternatives = 10

// Alternatives proposes up to max groups of as many seats as were wanted, each group side
// by side in one row, of the price category of the first wanted seat, nearest to the
// wanted ones by where they are in the house. All of them were available at one moment,
// on the replica that answered; none is kept. It looks at every seat, so it is for when
// somebody asks, not for every refusal.
func (e *Engine) Alternatives(ctx context.Context, eventID string, seatIDs []string, max int) ([][]string, error) {
	ref, err := e.event(ctx, eventID)
	if err != nil {
		return nil, err
	}
	if max < 1 || max > MaxAlternatives {
		return nil, &InvalidError{"max", "is not between 1 and 10"}
	}
	wanted, err := ref.resolve(seatIDs, MaxSeatsPerHold, make([]uint32, len(seatIDs)))
	if err != nil {
		return nil, err
	}
	m, err := e.SeatMap(ctx, eventID, 0)
	if err != nil {
		return nil, err
	}
	s := newNeighbourSearch(m, wanted)
	var out [][]string
	for _, g := range s.best(max) {
		out = append(out, ref.ids(g))
	}
	return out, nil
}

// neighbourSearch looks for groups of adjacent free seats near wanted ones.
type neighbourSearch struct {
	m        *SeatMap
	size     int
	category string
	x, y     float64 // centre of the wanted seats
	groups   []seatGroup
}

type seatGroup struct {
	first uint32
	away  float64 // squared distance of its centre from the wanted one
}

func newNeighbourSearch(m *SeatMap, wanted []uint32) *neighbourSearch {
	s := &neighbourSearch{m: m, size: len(wanted), category: m.Chart.Category(wanted[0])}
	s.x, s.y = centre(m.Chart, wanted)
	return s
}

func centre(x *chart.Index, seats []uint32) (cx, cy float64) {
	for _, i := range seats {
		px, py := place(x, i)
		cx, cy = cx+px, cy+py
	}
	n := float64(len(seats))
	return cx / n, cy / n
}

// place is where a seat stands; every stored chart has coordinates.
func place(x *chart.Index, i uint32) (float64, float64) {
	seat := x.Seat(i)
	if seat.X == nil || seat.Y == nil {
		return 0, 0
	}
	return *seat.X, *seat.Y
}

// best are the nearest groups that share no seat, nearest first.
func (s *neighbourSearch) best(max int) [][]uint32 {
	for i, n := uint32(0), uint32(s.m.Chart.Len()); i < n; {
		from, to := s.m.Chart.RowRange(i)
		s.row(from, to)
		i = to
	}
	slices.SortFunc(s.groups, func(a, b seatGroup) int {
		return cmp.Or(cmp.Compare(a.away, b.away), cmp.Compare(a.first, b.first))
	})
	var out [][]uint32
	var ends []uint32
	for _, g := range s.groups {
		if len(out) == max {
			break
		}
		overlaps := slices.ContainsFunc(ends, func(f uint32) bool {
			return g.first < f+uint32(s.size) && f < g.first+uint32(s.size)
		})
		if !overlaps {
			ends = append(ends, g.first)
			out = append(out, s.seats(g.first))
		}
	}
	return out
}

func (s *neighbourSearch) seats(first uint32) []uint32 {
	g := make([]uint32, s.size)
	for i := range g {
		g[i] = first + uint32(i)
	}
	return g
}

// row finds the groups in seats from…to-1, which are one row in order.
func (s *neighbourSearch) row(from, to uint32) {
	gap := 1.5 * s.spacing(from, to) // wider than that is an aisle
	run := 0
	for i := from; i < to; i++ {
		if s.m.Status(int(i)) != SeatAvailable || s.m.Chart.Category(i) != s.category {
			run = 0
			continue
		}
		if run > 0 && s.apart(i-1, i) > gap {
			run = 0
		}
		if run++; run >= s.size {
			first := i + 1 - uint32(s.size)
			ax, ay := place(s.m.Chart, first)
			bx, by := place(s.m.Chart, i)
			dx, dy := (ax+bx)/2-s.x, (ay+by)/2-s.y
			s.groups = append(s.groups, seatGroup{first, dx*dx + dy*dy})
		}
	}
}

// spacing is the narrowest distance of two neighbours in the row.
func (s *neighbourSearch) spacing(from, to uint32) float64 {
	d := math.Inf(1)
	for i := from + 1; i < to; i++ {
		d = min(d, s.apart(i-1, i))
	}
	return d
}

func (s *neighbourSearch) apart(i, j uint32) float64 {
	ax, ay := place(s.m.Chart, i)
	bx, by := place(s.m.Chart, j)
	return math.Hypot(ax-bx, ay-by)
}
