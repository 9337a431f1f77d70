package heat

// Attempt counts a claim: of one that won its seats, of one that lost those in its way, or
// all that it asked for if they are not known; none counts as a claim only. It waits for
// no tick, report or viewer, and allocates only when it is the first in a page for long.
// Of very many a second only some are counted, for the others too.
func (m *Map) Attempt(seats []uint32, won bool) {
	weight := m.weight()
	if weight == 0 {
		return
	}
	first := uint32(0)
	if len(seats) > 0 {
		first = seats[0]
	}
	m.claims[first>>pageBits%stripes].add(won, weight)
	for _, s := range seats {
		if p := m.page(s); p != nil {
			p.add(s%pageSeats, won, weight)
		}
	}
}

// takeClaims empties the counters of claims.
func (m *Map) takeClaims() (won, lost float64) {
	for i := range m.claims {
		w, l := m.claims[i].take()
		won, lost = won+float64(w), lost+float64(l)
	}
	return won, lost
}

func (m *Map) claimsPending() bool {
	for i := range m.claims {
		if m.claims[i].won.Load()|m.claims[i].lost.Load() != 0 {
			return true
		}
	}
	return false
}
