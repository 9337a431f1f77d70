package shard

import "math"

// fewGroups is how many groups are ranked one by one, rather than by where they are. It
// is a variable for tests only; what is found is the same.
var fewGroups = 1_000

// leader is the best group met so far.
type leader struct {
	first uint32
	away  int64 // squared distance of its centre, in doubled coordinates
}

// nearest ranks groups of n seats, given by their first ones.
func (f *search) nearest(groups seatSet, n uint32) (first uint32, ok bool) {
	b := leader{away: math.MaxInt64}
	switch count := groups.count(); {
	case count <= fewGroups:
		f.rank(groups, 0, f.plan.Seats(), n, &b)
	case f.focal:
		f.fromFocal(groups, n, &b)
	default:
		f.fromAnywhere(groups, n, &b)
	}
	return b.first, b.away != math.MaxInt64
}

// rank looks at the groups that begin at from ≤ seat < to.
func (f *search) rank(groups seatSet, from, to, n uint32, b *leader) {
	at := f.plan.at
	for i := groups.next(from, to); i < to; i = groups.next(i+1, to) {
		away := at[i].middle(at[i+n-1]).away(f.near)
		if away < b.away || away == b.away && i < b.first {
			*b = leader{i, away}
		}
	}
}

// fromFocal visits spans outward from the focal point, until none can be nearer.
func (f *search) fromFocal(groups seatSet, n uint32, b *leader) {
	for _, s := range f.spans.order {
		if f.spans.box[s].away(f.near) > b.away {
			return
		}
		f.rank(groups, f.spans.first[s], f.spans.first[s+1], n, b)
	}
}

// fromAnywhere begins with the nearest span that has a group: after that, hardly any
// other comes into question.
func (f *search) fromAnywhere(groups seatSet, n uint32, b *leader) {
	f.away = f.away[:0]
	start, least := 0, int64(math.MaxInt64)
	first := f.spans.first
	for s := range f.spans.box {
		away := f.spans.box[s].away(f.near)
		f.away = append(f.away, away)
		if away < least && groups.next(first[s], first[s+1]) < first[s+1] {
			start, least = s, away
		}
	}
	f.rank(groups, first[start], first[start+1], n, b)
	for s, away := range f.away {
		if away <= b.away && s != start {
			f.rank(groups, first[s], first[s+1], n, b)
		}
	}
}
