package shard

// qualify finds the seats that may be in a group with so many accessible and companion
// seats.
func (f *search) qualify(accessible, companion uint16) {
	p := f.plan
	from := f.free
	if f.ask.Section > 0 {
		p.inSection.sift(f.spare, from, f.ask.Section-1)
		from = f.spare
	}
	if f.ask.Category > 0 {
		p.inCategory.sift(f.fit, from, f.ask.Category-1)
	} else {
		copy(f.fit, from)
	}
	for w := range f.fit {
		kinds := p.plain[w]
		if accessible > 0 {
			kinds |= p.accessible.seatSet[w]
		}
		if companion > 0 {
			kinds |= p.companion.seatSet[w]
		}
		f.fit[w] &= kinds
	}
}

// window is words from ≤ w < to of seats: where groups are to be looked for.
type window struct{ from, to int }

func (f *search) whole() window { return window{0, len(f.fit)} }

// around is the words that tell of groups of n which are others, or clean for other
// reasons, now that the n seats from first on are taken: they begin up to n+1 seats away.
func (f *search) around(first, n uint32) window {
	return window{int(first-min(first, n+1)) >> 6, min(int(first+n+1)>>6+1, len(f.fit))}
}

// ahead is where the last words of the window look, for groups of n.
func (w window) ahead(n uint32, words int) int { return min(w.to+int(n>>6)+1, words) }

// group finds the first seats of all runs of n qualifying seats within a span: one that
// qualifies, before n−1 that do and begin no span. It tells whether there are any, within
// the window or from before.
func (f *search) group(n uint32, in window) bool {
	follow := f.spare[in.from:in.ahead(n, len(f.fit))]
	for i := range follow {
		follow[i] = f.fit[in.from+i] &^ f.spans.starts[in.from+i]
	}
	follow.erode(n - 1)
	for w := in.from; w < in.to; w++ {
		f.groups[w] = f.fit[w]
		if n > 1 {
			f.groups[w] &= follow.ahead(w-in.from, 1)
		}
	}
	return f.groups.any()
}

// exactly keeps the groups of n that have exactly these accessible and companion seats. It
// tells whether there are any.
func (f *search) exactly(n uint32, accessible, companion uint16) bool {
	if accessible == 0 && companion == 0 {
		return true
	}
	if accessible > 0 {
		f.touching(f.plan.accessible.seatSet, n)
	}
	if companion > 0 {
		f.touching(f.plan.companion.seatSet, n)
	}
	for i, end := uint32(0), f.plan.Seats(); ; i++ {
		if i = f.groups.next(i, end); i == end {
			return f.groups.any()
		}
		if f.plan.accessible.within(i, i+n-1) != int(accessible) || f.plan.companion.within(i, i+n-1) != int(companion) {
			f.groups.remove(i)
		}
	}
}

// touching keeps the groups of n with at least one seat of the set: where such seats are
// few, hardly any are left to count in.
func (f *search) touching(set seatSet, n uint32) {
	copy(f.spare, set)
	f.spare.dilate(n)
	f.groups.and(f.spare)
}

// tidy finds the groups of n that leave no new orphan. A group can only make one of the
// free seat before it that is the first of its run, and of the free seat behind it that
// is the last. It tells whether there are any, within the window or from before.
func (f *search) tidy(n uint32, in window) bool {
	free, starts := f.free, f.plan.stretches.starts
	last := f.spare // of a run, and not the first: free like the one before, and none such follows
	for w := in.from; w < in.ahead(n, len(free)); w++ {
		last[w] = free[w] &^ starts[w] &^ (free.ahead(w, 1) &^ starts.ahead(w, 1))
	}
	for w := in.from; w < in.to; w++ {
		second := free.back(w, 1) &^ starts[w] &^ (free.back(w, 2) &^ starts.back(w, 1))
		f.clean[w] = f.groups[w] &^ second &^ last.ahead(w, n)
	}
	return f.clean.any()
}
