package proptest

import (
	"slices"

	"github.com/usherhq/usher/shard"
)

// house is the contract of the best seats, of fanning out and of orphans in its plainest
// form: seat by seat, everything tried. free is what may be had.
type house struct {
	spec *shard.PlanSpec
	free []bool
}

// beside tells whether seats i and i+1 are neighbours.
func (h *house) beside(i int, acrossAisle bool) bool {
	if i < 0 || i+1 >= len(h.spec.Seats) {
		return false
	}
	next := &h.spec.Seats[i+1]
	return !next.Row && (acrossAisle || !next.Aisle)
}

func (h *house) orphan(i int) bool {
	return h.free[i] && !(h.beside(i-1, false) && h.free[i-1]) && !(h.beside(i, false) && h.free[i+1])
}

func (h *house) without(seats []uint32) *house {
	n := &house{h.spec, slices.Clone(h.free)}
	for _, i := range seats {
		n.free[i] = false
	}
	return n
}

// newOrphans are the seats that nobody sat beside before, and does now.
func (h *house) newOrphans(taken []uint32) (list []uint32) {
	after := h.without(taken)
	for i := range h.free {
		if after.orphan(i) && !h.orphan(i) {
			list = append(list, uint32(i))
		}
	}
	return list
}

// stranded are the new orphans that the policy minds. Avoiding, each run of free seats is
// judged for itself: one orphan of a run of which all but one are taken cannot be helped.
func (h *house) stranded(taken []uint32, o shard.Orphans) (list []uint32) {
	if o == shard.OrphansAllow {
		return nil
	}
	orphans := h.newOrphans(taken)
	if o == shard.OrphansForbid {
		return orphans
	}
	for from := 0; from < len(h.free); from++ {
		if !h.free[from] {
			continue
		}
		to := from + 1
		for h.beside(to-1, false) && h.free[to] {
			to++
		}
		inRun := func(i uint32) bool { return int(i) >= from && int(i) < to }
		if left := to - from - count(taken, inRun); left != 1 {
			for _, i := range orphans {
				if inRun(i) {
					list = append(list, i)
				}
			}
		}
		from = to - 1
	}
	return list
}

func count(seats []uint32, yes func(uint32) bool) (n int) {
	for _, i := range seats {
		if yes(i) {
			n++
		}
	}
	return n
}

// isGroup tells whether n seats from first on are a group as asked for.
func (h *house) isGroup(q *shard.Best, first, n, accessible, companion int) bool {
	for i := first; i < first+n; i++ {
		s := &h.spec.Seats[i]
		if !h.free[i] || q.Category > 0 && s.Category != q.Category-1 || q.Section > 0 && s.Section != q.Section-1 {
			return false
		}
		if i > first && !h.beside(i-1, q.AcrossAisle) {
			return false
		}
		if s.Accessible {
			accessible--
		} else if s.Companion {
			companion--
		}
	}
	return accessible == 0 && companion == 0
}

// away is how far the middle of two seats is from what is asked for.
func (h *house) away(q *shard.Best, first, last int) int64 {
	a, b := h.spec.Seats[first], h.spec.Seats[last]
	x, y := h.spec.FocalX, h.spec.FocalY
	if q.NearSeat > 0 {
		x, y = h.spec.Seats[q.NearSeat-1].X, h.spec.Seats[q.NearSeat-1].Y
	} else if q.NearPoint {
		x, y = q.X, q.Y
	}
	dx, dy := int64(a.X)+int64(b.X)-2*int64(x), int64(a.Y)+int64(b.Y)-2*int64(y)
	return dx*dx + dy*dy
}

// group is the best group of n, or nil.
func (h *house) group(q *shard.Best, n, accessible, companion int, o shard.Orphans) []uint32 {
	for _, clean := range []bool{true, false} {
		if clean && o == shard.OrphansAllow || !clean && o == shard.OrphansForbid {
			continue
		}
		best := -1
		for i := 0; i+n <= len(h.free); i++ {
			if !h.isGroup(q, i, n, accessible, companion) || clean && len(h.newOrphans(seatsFrom(i, n))) > 0 {
				continue
			}
			if best < 0 || h.away(q, i, i+n-1) < h.away(q, best, best+n-1) {
				best = i
			}
		}
		if best >= 0 {
			return seatsFrom(best, n)
		}
	}
	return nil
}

func seatsFrom(first, n int) (seats []uint32) {
	for i := range n {
		seats = append(seats, uint32(first+i))
	}
	return seats
}

// best is the group, or with Apart the pieces, or nil.
func (h *house) best(q *shard.Best, o shard.Orphans) []uint32 {
	all, a, c := int(q.Quantity), int(q.Accessible), int(q.Companion)
	if g := h.group(q, all, a, c, o); g != nil || !q.Apart {
		return g
	}
	var taken []uint32
	if a+c > 0 {
		if taken = h.group(q, a+c, a, c, o); taken == nil {
			return nil
		}
	}
	for len(taken) < all {
		var piece []uint32
		for n := all - len(taken); n > 0 && piece == nil; n-- {
			piece = h.without(taken).group(q, n, 0, 0, o)
		}
		if piece == nil {
			return nil
		}
		taken = append(taken, piece...)
	}
	slices.Sort(taken)
	return taken
}

// fits tells whether what is asked for makes sense in this house.
func (h *house) fits(q *shard.Best) bool {
	inside := func(v int32) bool { return v >= 0 && v <= shard.MaxCoordinate }
	return q.Quantity >= 1 && q.Quantity <= shard.MaxSeatsPerHold && int(q.Accessible)+int(q.Companion) <= int(q.Quantity) &&
		q.Category <= h.spec.Categories && q.Section <= h.spec.Sections && int(q.NearSeat) <= len(h.spec.Seats) &&
		(!q.NearPoint || inside(q.X) && inside(q.Y))
}

// fanOut is what a claim gets that takes others for what is gone, or nil: the party where
// it is, with neighbours, or else all of it elsewhere.
func (h *house) fanOut(wanted []uint32, o shard.Orphans) []uint32 {
	var party []uint32
	for _, i := range wanted {
		if h.free[i] {
			party = append(party, i)
		}
	}
	if len(party) == len(wanted) {
		return wanted
	}
	if len(party) > 0 {
		for _, i := range wanted {
			if j := h.substitute(i, party); !h.free[i] && j >= 0 {
				party = append(party, uint32(j))
			}
		}
		slices.Sort(party)
		if len(party) == len(wanted) && len(h.stranded(party, o)) == 0 {
			return party
		}
	}
	return h.elsewhere(wanted, o)
}

func (h *house) elsewhere(wanted []uint32, o shard.Orphans) []uint32 {
	n := len(wanted)
	q := &shard.Best{Quantity: uint16(n), Category: h.spec.Seats[wanted[0]].Category + 1, NearPoint: true}
	x, y := 0, 0
	for _, i := range wanted {
		s := h.spec.Seats[i]
		if s.Category+1 != q.Category || s.Accessible || s.Companion {
			return nil
		}
		x, y = x+int(s.X), y+int(s.Y)
	}
	q.X, q.Y = int32(x/n), int32(y/n)
	return h.group(q, n, 0, 0, o)
}

// substitute is the nearest seat like the one that is gone, beside the party, or -1.
func (h *house) substitute(gone uint32, party []uint32) int {
	best, least := -1, 0
	g := h.spec.Seats[gone]
	for j, s := range h.spec.Seats {
		before, after := uint32(j-1), uint32(j+1)
		touches := slices.Contains(party, before) && h.beside(j-1, false) || slices.Contains(party, after) && h.beside(j, false)
		if !h.free[j] || slices.Contains(party, uint32(j)) || !touches || s.Category != g.Category || s.Accessible != g.Accessible || s.Companion != g.Companion {
			continue
		}
		dx, dy := int(s.X-g.X), int(s.Y-g.Y)
		if away := dx*dx + dy*dy; best < 0 || away < least {
			best, least = j, away
		}
	}
	return best
}
