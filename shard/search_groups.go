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

// group finds the first seats of all runs of n qualifying seats within a span: one that
// qualifies, before n−1 that do and begin no span. It tells whether there are any.
func (f *search) group(n uint32) bool {
	if n == 1 {
		copy(f.groups, f.fit)
		return f.groups.any()
	}
	for w := range f.spare {
		f.spare[w] = f.fit[w] &^ f.spans.starts[w]
	}
	f.spare.erode(n - 1)
	some := uint64(0)
	for w := range f.groups {
		f.groups[w] = f.fit[w] & f.spare.ahead(w, 1)
		some |= f.groups[w]
	}
	return some != 0
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
// is the last.
func (f *search) tidy(n uint32) bool {
	starts := f.plan.stretches.starts
	for w := range f.clean {
		f.clean[w] = f.free[w] &^ starts[w]
	}
	for w := range f.spare { // free, and not followed by a free neighbour
		f.spare[w] = f.clean[w] &^ f.clean.ahead(w, 1)
	}
	var some, free, second uint64 // of the word before: free seats; those behind a free neighbour
	for w := range f.clean {
		behind := (f.free[w]<<1 | free>>63) &^ starts[w]
		afterFirst := behind &^ (behind<<1 | second>>63)
		f.clean[w] = f.groups[w] &^ afterFirst &^ f.spare.ahead(w, n)
		some |= f.clean[w]
		free, second = f.free[w], behind
	}
	return some != 0
}
