package shard

import "sort"

// search is one look for the best seats. It works on whole words of seats: which seats
// qualify, which of them begin a group, which of those leave no orphan. Only what is
// left after that is ranked.
type search struct {
	*scratch
	plan  *Plan
	ask   *Best
	o     Orphans
	spans *spans // what a group stays within
	near  centre

	last    uint32 // size of the piece taken last, which groups and clean tell of; 0: of another
	touched window // where they are to be looked for anew
}

func (p *Plan) search(q *Best, free freeMap, o Orphans, s *scratch) search {
	f := search{scratch: s, plan: p, ask: q, o: o, spans: &p.stretches}
	if q.AcrossAisle {
		f.spans = &p.rows
	}
	switch {
	case q.NearSeat > 0:
		f.near = p.at[q.NearSeat-1].doubled()
	case q.NearPoint:
		f.near = point{q.X, q.Y}.doubled()
	default:
		f.near = p.focal.doubled()
	}
	words := wordsOf(p.Seats())
	s.free = append(s.free[:0], free...)
	s.fit, s.groups, s.clean, s.spare = s.fit.sized(words), s.groups.sized(words), s.clean.sized(words), s.spare.sized(words)
	s.taken = s.taken[:0]
	return f
}

// together takes the best group of this size, if there is any.
func (f *search) together(size, accessible, companion uint16) bool {
	f.qualify(accessible, companion)
	n := uint32(size)
	return f.group(n, f.whole()) && f.exactly(n, accessible, companion) && f.take(n, f.whole())
}

// apart takes pieces.
func (f *search) apart() bool {
	special := f.ask.Accessible + f.ask.Companion
	if special > 0 && !f.together(special, f.ask.Accessible, f.ask.Companion) {
		return false
	}
	f.qualify(0, 0)
	left := uint32(f.ask.Quantity - special)
	// No group is longer than this, and taking seats makes none longer.
	longest := uint32(sort.Search(int(left), func(n int) bool { return !f.group(uint32(n)+1, f.whole()) }))
	for left > 0 {
		longest = min(longest, left)
		size := f.piece(longest)
		if size == 0 {
			return false
		}
		left -= size
	}
	return true
}

// piece takes the best group of the largest size from this one down, and tells the size.
// With orphans forbidden there may be groups, but no clean one, for a few sizes only: of
// two neighbouring seats at most one is a place where a piece must not end.
func (f *search) piece(size uint32) uint32 {
	for ; size > 0; size-- {
		in := f.whole()
		if size == f.last {
			in = f.touched
		}
		if f.group(size, in) && f.take(size, in) {
			f.last = size
			return size
		}
		f.last = 0
	}
	return 0
}

// take takes the best of the groups of n. Those outside the window are as they were.
func (f *search) take(n uint32, in window) bool {
	groups := f.groups
	if f.o != OrphansAllow {
		if f.tidy(n, in) {
			groups = f.clean
		} else if f.o == OrphansForbid {
			return false
		}
	}
	first, ok := f.nearest(groups, n)
	if !ok {
		return false
	}
	for seat := first; seat < first+n; seat++ {
		f.free.remove(seat)
		f.fit.remove(seat)
		f.taken = append(f.taken, seat)
	}
	f.touched = f.around(first, n)
	return true
}
