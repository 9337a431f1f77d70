package shard

import "slices"

// Best asks for the best seats there are, instead of naming them.
//
// A seat qualifies when it is free and of the category and section asked for. A group is
// a number of qualifying seats next to each other in one stretch of a row, or, with
// AcrossAisle, in one row, of which exactly so many are accessible and exactly so many
// companion seats as asked for, and the rest neither: nobody is given an accessible seat
// who did not ask. A seat that is both counts as accessible.
//
// The best group is the one whose centre, the middle between its first and last seat, is
// nearest to the point of reference; of equals, the one with the lowest seat numbers. An
// event whose policy forbids orphans knows only groups that leave no new orphan; one
// that avoids them takes such a group, however far, before any other.
//
// Apart allows what cannot sit together to sit in pieces. First come Accessible +
// Companion seats, if any, as one group with exactly these. Then, until all sit, comes
// the best group of the largest size for which there is one. Each piece is found as if
// those before it were no longer free. All are found or none.
type Best struct {
	Quantity          uint16 // 1…MaxSeatsPerHold, accessible and companion seats included
	Category, Section uint16 // from 1 on; 0: any
	NearSeat          uint32 // number of a seat + 1: near it; 0: not near a seat
	NearPoint         bool   // without NearSeat: near X, Y, each 0…MaxCoordinate; else the plan's focal point
	X, Y              int32
	Apart             bool
	AcrossAisle       bool
	Accessible        uint16
	Companion         uint16
}

// scratch is what searches need beside their result, kept from one to the next. It must
// not be used by two at once.
type scratch struct {
	free   freeMap  // what is left of the seats
	fit    seatSet  // qualifying seats of what is left
	groups seatSet  // first seats of groups
	clean  seatSet  // those of them that leave no new orphan
	spare  seatSet  // for steps in between
	taken  []uint32 // the result
	border []uint32 // seats beside a party, or that would be left alone
	house  freeMap  // what a search is given
	nights freeMap  // what is free on several nights
}

// best finds the seats, ascending, in a map of the plan's free ones; false if there are
// none such, or the numbers asked for are out of range. The result is the caller's.
func (p *Plan) best(q *Best, free freeMap, o Orphans, s *scratch) ([]uint32, bool) {
	if !q.fits(p) {
		return nil, false
	}
	f := p.search(q, free, o, s)
	if !f.together(q.Quantity, q.Accessible, q.Companion) && !(q.Apart && f.apart()) {
		return nil, false
	}
	slices.Sort(s.taken)
	return slices.Clone(s.taken), true
}

// fits tells whether what is asked for makes sense in this plan.
func (q *Best) fits(p *Plan) bool {
	special := uint32(q.Accessible) + uint32(q.Companion)
	return q.Quantity > 0 && q.Quantity <= MaxSeatsPerHold && special <= uint32(q.Quantity) &&
		q.Category <= p.categories && q.Section <= p.sections && q.NearSeat <= p.Seats() &&
		(!q.NearPoint || min(q.X, q.Y) >= 0 && max(q.X, q.Y) <= MaxCoordinate)
}

// FindBest is the search that claims make, for who wants to know before, or over several
// states: free has bit s%64 of word s/64 set for each seat s that may be taken, and as
// many words as the plan needs. The seats are ascending; false if there are none such.
func (p *Plan) FindBest(q *Best, free []uint64, o Orphans) ([]uint32, bool) {
	if len(free) != wordsOf(p.Seats()) {
		return nil, false
	}
	var s scratch
	return p.best(q, free, o, &s)
}
