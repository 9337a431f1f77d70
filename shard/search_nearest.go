package shard

import "math"

// closest is the best group met so far.
type closest struct {
	first uint32
	away  int64 // squared distance of its centre, in doubled coordinates
}

// nearest ranks groups of n seats, given by their first ones. It begins in the nearest
// tract that has one; after that, few other places come into question.
func (f *search) nearest(groups seatSet, n uint32) (first uint32, ok bool) {
	b := closest{away: math.MaxInt64}
	start, least := 0, int64(math.MaxInt64)
	for t := range f.spans.tracts {
		away := f.spans.tracts[t].away(f.near)
		if from, to := f.spans.tract(t); away < least && groups.next(from, to) < to {
			start, least = t, away
		}
	}
	if least == math.MaxInt64 {
		return 0, false
	}
	f.rankTract(groups, start, n, &b)
	for t := range f.spans.tracts {
		if t != start && f.spans.tracts[t].away(f.near) <= b.away {
			f.rankTract(groups, t, n, &b)
		}
	}
	return b.first, true
}

// rankTract looks at the spans of a tract that may have a better group.
func (f *search) rankTract(groups seatSet, t int, n uint32, b *closest) {
	for s := t * tractSpans; s < min((t+1)*tractSpans, len(f.spans.box)); s++ {
		if f.spans.box[s].away(f.near) <= b.away {
			f.rank(groups, f.spans.first[s], f.spans.first[s+1], n, b)
		}
	}
}

// rank looks at the groups that begin at from ≤ seat < to.
func (f *search) rank(groups seatSet, from, to, n uint32, b *closest) {
	at := f.plan.at
	for i := groups.next(from, to); i < to; i = groups.next(i+1, to) {
		away := at[i].middle(at[i+n-1]).away(f.near)
		if away < b.away || away == b.away && i < b.first {
			*b = closest{i, away}
		}
	}
}
