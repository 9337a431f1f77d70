package engine

import (
	"cmp"
	"context"
	"slices"
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
	wanted, err := ref.resolve(seatIDs, MaxSeatsPerHold, newSeats)
	if err != nil {
		return nil, err
	}
	m, err := e.SeatMap(ctx, eventID, 0)
	if err != nil {
		return nil, err
	}
	var out [][]string
	seats := make([]uint32, len(wanted))
	for _, g := range newNeighbourSearch(m, wanted, max).run() {
		for i := range seats {
			seats[i] = g.first + uint32(i)
		}
		out = append(out, ref.ids(seats))
	}
	return out, nil
}

// neighbourSearch looks for groups of adjacent free seats near wanted ones. It keeps the
// max nearest that share no seat, and looks closer only at what beats the farthest of
// them: most of a house is soon out of the question.
type neighbourSearch struct {
	m        *SeatMap
	size     uint32
	max      int
	category string
	x, y     float64     // centre of the wanted seats
	found    []seatGroup // nearest first, at most max
}

type seatGroup struct {
	first uint32
	away  float64 // squared distance of its centre from the wanted one
}

func newNeighbourSearch(m *SeatMap, wanted []uint32, max int) *neighbourSearch {
	s := &neighbourSearch{m: m, size: uint32(len(wanted)), max: max, category: m.Chart.Category(wanted[0])}
	for _, i := range wanted {
		x, y := place(m.Chart, i)
		s.x, s.y = s.x+x/float64(len(wanted)), s.y+y/float64(len(wanted))
	}
	return s
}

// run looks at every row.
func (s *neighbourSearch) run() []seatGroup {
	for i, n := uint32(0), uint32(s.m.Chart.Len()); i < n; {
		from, to := s.m.Chart.RowRange(i)
		s.row(from, to)
		i = to
	}
	return s.found
}

// row looks at seats from…to-1, which are one row in order.
func (s *neighbourSearch) row(from, to uint32) {
	gap := 0.0 // not known yet
	free := uint32(0)
	for i := from; i < to; i++ {
		if s.m.Status(int(i)) != SeatAvailable || s.m.Chart.Category(i) != s.category {
			free = 0
			continue
		}
		if free++; free < s.size {
			continue
		}
		g := s.group(i + 1 - s.size)
		if len(s.found) == s.max && g.away >= s.found[s.max-1].away {
			continue
		}
		if gap == 0 {
			gap = aisleIn(s.m.Chart, from, to)
		}
		if s.together(g.first, gap) {
			s.keep(g)
		}
	}
}

func (s *neighbourSearch) group(first uint32) seatGroup {
	ax, ay := place(s.m.Chart, first)
	bx, by := place(s.m.Chart, first+s.size-1)
	dx, dy := (ax+bx)/2-s.x, (ay+by)/2-s.y
	return seatGroup{first, dx*dx + dy*dy}
}

// keep puts a group in its place unless a nearer one has some of its seats, and drops
// those that are farther and have.
func (s *neighbourSearch) keep(g seatGroup) {
	overlaps := func(f seatGroup) bool { return g.first < f.first+s.size && f.first < g.first+s.size }
	for _, f := range s.found {
		if overlaps(f) && f.away <= g.away {
			return
		}
	}
	s.found = append(slices.DeleteFunc(s.found, overlaps), g)
	slices.SortFunc(s.found, func(a, b seatGroup) int {
		return cmp.Or(cmp.Compare(a.away, b.away), cmp.Compare(a.first, b.first))
	})
	s.found = s.found[:min(len(s.found), s.max)]
}

// together tells whether no aisle runs through the group.
func (s *neighbourSearch) together(first uint32, aisle float64) bool {
	for i := first + 1; i < first+s.size; i++ {
		if apart(s.m.Chart, i-1, i) > aisle {
			return false
		}
	}
	return true
}
