package shard

import "github.com/usherhq/usher/shard/frame"

// readRules reads what events have since version 2: plan, rules, areas, channels.
func (s *State) readRules(e *Event, f *frame.Reader) {
	copy(e.planSum[:], f.Take(32))
	e.rules = Rules{PerHolder: f.U32(), Orphans: Orphans(f.U8()), Gated: f.Flag()}
	if f.Err != nil {
		return
	}
	var err error
	if e.plan, err = s.planFor(e.planSum, e.seats); err != nil || !e.rules.sound() {
		f.Fail("event %q: its plan: %v; rules %+v", e.id, err, e.rules)
		return
	}
	e.areas = newAreas(e.plan)
	if n := f.U32(); int(n) != len(e.areas) {
		f.Fail("event %q has %d areas, its plan %d", e.id, n, len(e.areas))
		return
	}
	for i := range e.areas {
		a := &e.areas[i]
		a.held, a.booked, a.version = f.U32(), f.U32(), f.U64()
		if uint64(a.held)+uint64(a.booked) > uint64(a.capacity) || a.version > e.version {
			f.Fail("event %q: area %d: %+v", e.id, i, *a)
			return
		}
		e.sum += a.sum(uint32(i))
	}
	n := f.U32()
	if n > MaxChannels {
		f.Fail("event %q has %d channels", e.id, n)
		return
	}
	for i := range n {
		var c channel
		copy(c.hash[:], f.Take(16))
		c.name = string(f.Str(MaxChannelName))
		if f.Err == nil && (e.channelOf(c.hash) != 0 || e.channelNamed(c.name) != 0 || c.name == "" || c.hash == [16]byte{}) {
			f.Fail("event %q: channel %q", e.id, c.name)
			return
		}
		e.channels = append(e.channels, c)
		e.sum += c.sum(uint8(i + 1))
	}
}

// readChannels reads which seats of a page are allotted.
func (e *Event) readChannels(f *frame.Reader, no uint32) {
	list := new([seatsInPage]uint8)
	copy(list[:], f.Take(seatsInPage))
	if f.Err != nil {
		return
	}
	for i, ch := range list {
		seat := no<<seatShift + uint32(i)
		if int(ch) > len(e.channels) || ch != 0 && seat >= e.seats {
			f.Fail("seat %d is of channel %d", seat, ch)
			return
		}
		e.sum += channelSeatSum(seat, ch)
	}
	if *list == [seatsInPage]uint8{} {
		f.Fail("seat page %d has a list of channels, and none in it", no)
		return
	}
	e.seatPages[no].channel = list
}

// readBundles reads the frames of bundles, of which the first has just been taken, and
// returns the kind of the frame after them.
func (s *State) readBundles(f *frame.Reader) frame.Kind {
	b := &s.bundles
	b.last = f.U32()
	f.Done()
	if b.last == 0 {
		f.Fail("no bundles")
		return 0
	}
	pages := (uint64(b.last) + bundlesInPage - 1) / bundlesInPage
	next := -1
	kind := f.Read()
	for ; f.Err == nil && kind == frameBundles; kind = f.Read() {
		no, used := f.U32(), f.U32()
		if int(no) <= next || uint64(no) >= pages || used != min(bundlesInPage, b.last-no*bundlesInPage) {
			f.Fail("%d bundles in page %d, the newest is %d", used, no, b.last)
			return 0
		}
		next = int(no)
		for len(b.pages) <= int(no) {
			b.pages = append(b.pages, nil)
		}
		p := &bundlePage{gen: s.gen, used: used}
		b.pages[no] = p
		for i := uint32(0); i < used && f.Err == nil; i++ {
			n := no*bundlesInPage + i + 1
			s.readBundle(f, &p.recs[i])
			b.sum += p.recs[i].sum(n)
			b.derive(n, &p.recs[i])
		}
		f.Done()
		if used == bundlesInPage {
			b.due = min(b.due, p.goes())
		}
	}
	if b.last%bundlesInPage != 0 && uint64(next+1) != pages {
		f.Fail("the newest bundles are missing")
		return 0
	}
	for uint64(len(b.pages)) < pages {
		b.pages = append(b.pages, nil)
	}
	return kind
}

func (s *State) readBundle(f *frame.Reader, r *bundle) {
	r.state, r.home, r.at = BundleState(f.U8()), f.U16(), f.U32()
	r.since, r.endedAt = f.I64(), f.I64()
	copy(r.key.Hash[:], f.Take(16))
	copy(r.key.Print[:], f.Take(32))
	n := f.U32()
	if n > MaxItems || r.state < BundleOpen || r.state > BundleCancelled || r.home > MaxGroups {
		f.Fail("a bundle in state %d of group %d with %d holds", r.state, r.home, n)
		return
	}
	for range n {
		r.parts = append(r.parts, Part{Group: f.U16(), Event: f.U32(), Hold: f.U32(), Booking: f.U32(), Amount: f.I64()})
	}
	if n = f.U32(); n > MaxGroups {
		f.Fail("a bundle that %d groups wait for", n)
		return
	}
	for range n {
		r.pending = append(r.pending, f.U16())
	}
}
