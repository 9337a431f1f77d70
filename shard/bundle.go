package shard

// A bundle ties the holds of one reservation over several events together. It lives in
// its home group, that of the first event, where it is decided; the home's first hold is
// the one that is extended, booked and released, and it ends for all. Groups that only
// take part have a bundle as well, which says who decides: their holds neither expire
// nor end before the home's word.

// BundleState is where a bundle stands.
type BundleState uint8

// The states of a bundle. Numbers are in logs and snapshots: they never change.
const (
	BundleOpen      BundleState = 1 // not decided yet whether it stands
	BundleHeld      BundleState = 2
	BundleEnded     BundleState = 3 // given up, released or expired
	BundleBooked    BundleState = 4
	BundleCancelled BundleState = 5
)

// Part is one hold of a bundle.
type Part struct {
	Group   uint16 // 0: this group
	Event   uint32 // in its group
	Hold    uint32
	Booking uint32 // when booked, of this group's parts
	Amount  int64  // when booked
}

// BundleInfo is a bundle as it stands; its slices are not to be written to.
type BundleInfo struct {
	Number  uint32
	State   BundleState
	Home    uint16 // group that decides; 0: this one
	At      uint32 // the bundle's number there
	Parts   []Part // of the home: all, the home's own first; else this group's
	Pending []uint16
	Since   int64 // of an open one: at home, when it is given up; else when it began, unix ms
}

const bundlesInPage = 64

// bundle is one record; its slices are never written in place.
type bundle struct {
	state   BundleState
	home    uint16
	at      uint32
	since   int64
	endedAt int64
	key     Key // of an open one at home
	parts   []Part
	pending []uint16 // groups that have not heard how it stands
}

type bundlePage struct {
	gen  uint64
	used uint32
	recs [bundlesInPage]bundle
}

// bundles are a group's, by number from 1 on. A page goes when all on it ended long ago;
// what was booked stays, as bookings do.
type bundles struct {
	pages []*bundlePage // nil: gone
	last  uint32
	sum   uint64              // additive digest
	due   int64               // lower bound of when a page may go
	busy  map[uint32]struct{} // those that somebody has to do something about; derived
	index map[Txn]uint32      // of those decided elsewhere; derived
}

func newBundles() bundles { return bundles{due: never} }

// freeze is the table for reading while it goes on being written: the next write to a
// page copies it.
func (b *bundles) freeze() bundles {
	f := *b
	f.pages = append([]*bundlePage(nil), b.pages...)
	f.busy, f.index = nil, nil
	return f
}

func (b *bundles) get(n uint32) *bundle {
	if n == 0 || n > b.last || b.pages[(n-1)/bundlesInPage] == nil {
		return nil
	}
	return &b.pages[(n-1)/bundlesInPage].recs[(n-1)%bundlesInPage]
}

// newBundle adds a record and returns its number.
func (s *State) newBundle(r bundle) uint32 {
	b := &s.bundles
	b.last++
	n := b.last
	if pg := (n - 1) / bundlesInPage; int(pg) == len(b.pages) {
		b.pages = append(b.pages, &bundlePage{gen: s.gen})
	}
	s.ownBundlePage(n).used++
	s.putBundle(n, r)
	return n
}

func (s *State) ownBundlePage(n uint32) *bundlePage {
	pg := (n - 1) / bundlesInPage
	p := s.bundles.pages[pg]
	if p.gen != s.gen {
		c := *p
		c.gen = s.gen
		p = &c
		s.bundles.pages[pg] = p
	}
	return p
}

// putBundle writes a record, and keeps what is derived.
func (s *State) putBundle(n uint32, r bundle) {
	b := &s.bundles
	p := &s.ownBundlePage(n).recs[(n-1)%bundlesInPage]
	b.sum += r.sum(n) - p.sum(n)
	*p = r
	b.derive(n, p)
	if r.state == BundleEnded && b.pages[(n-1)/bundlesInPage].used == bundlesInPage {
		b.due = min(b.due, r.endedAt+Retention)
	}
}

func (b *bundles) derive(n uint32, r *bundle) {
	if r.busy() {
		if b.busy == nil {
			b.busy = make(map[uint32]struct{})
		}
		b.busy[n] = struct{}{}
	} else {
		delete(b.busy, n)
	}
	if r.home != 0 {
		if b.index == nil {
			b.index = make(map[Txn]uint32)
		}
		b.index[Txn{r.home, r.at}] = n
	}
}

// busy tells whether the bundle waits for a decision, or somebody for its.
func (r *bundle) busy() bool { return r.state == BundleOpen || len(r.pending) > 0 }

func (r *bundle) sum(n uint32) uint64 {
	if r.state == 0 {
		return 0
	}
	h := mix(uint64(n)<<32|uint64(r.home)<<8|uint64(r.state), uint64(r.at))
	h = mix(mix(h, uint64(r.since)), uint64(r.endedAt))
	h = mixBytes(mixBytes(h, r.key.Hash[:]), r.key.Print[:])
	for _, p := range r.parts {
		h = mix(mix(h, uint64(p.Group)<<32|uint64(p.Event)), uint64(p.Hold)<<32|uint64(p.Booking))
		h = mix(h, uint64(p.Amount))
	}
	for _, g := range r.pending {
		h = mix(h, uint64(g)^k2)
	}
	return h
}

// forget drops up to limit pages whose bundles all ended longer ago than Retention.
func (b *bundles) forget(now int64, limit int) (done int) {
	due := int64(never)
	for pg, p := range b.pages {
		if p == nil || p.used < bundlesInPage {
			continue
		}
		at := p.goes()
		if at > now || done == limit {
			due = min(due, at)
			continue
		}
		for i := range p.recs {
			n := uint32(pg)*bundlesInPage + uint32(i) + 1
			b.sum -= p.recs[i].sum(n)
			delete(b.index, Txn{p.recs[i].home, p.recs[i].at})
		}
		b.pages[pg] = nil
		done++
	}
	b.due = due
	return done
}

// goes is when the page may be dropped.
func (p *bundlePage) goes() int64 {
	at := int64(0)
	for i := range p.recs {
		if p.recs[i].state != BundleEnded || len(p.recs[i].pending) > 0 {
			return never
		}
		at = max(at, p.recs[i].endedAt+Retention)
	}
	return at
}

// Bundle reads a bundle.
func (s *State) Bundle(n uint32) (BundleInfo, bool) {
	r := s.bundles.get(n)
	if r == nil {
		return BundleInfo{}, false
	}
	return BundleInfo{Number: n, State: r.state, Home: r.home, At: r.at, Parts: r.parts, Pending: r.pending, Since: r.since}, true
}

// Joined finds the bundle of this group that takes part in one of another group.
func (s *State) Joined(t Txn) (BundleInfo, bool) { return s.Bundle(s.bundles.index[t]) }

// Busy appends the bundles that wait for something to be done: to be decided, or for
// others to be told; a read. They come in no order.
func (s *State) Busy(buf []BundleInfo) []BundleInfo {
	for n := range s.bundles.busy {
		if info, ok := s.Bundle(n); ok {
			buf = append(buf, info)
		}
	}
	return buf
}

// markUndecided tells of conflicts whose seats may be free again in a moment: those of a
// claim's items, or without a claim of the one event that the answer is about.
func (s *State) markUndecided(c *Claim, out *Result) {
	if s.bundles.last == 0 {
		return
	}
	for i := range out.Conflicts {
		f := &out.Conflicts[i]
		e := s.events[out.Event]
		if c != nil {
			e = s.events[c.Items[f.Item].Event]
		}
		if f.Seat >= areaBit || f.Status != Held {
			continue
		}
		p, slot := e.hold(e.owner(f.Seat))
		if p == nil {
			continue
		}
		if r := s.bundles.get(p.bundle(slot)); r != nil && r.state == BundleOpen {
			f.Undecided = true
		}
	}
}

// Bundles is the number of bundles there ever were; they are numbered 1…Bundles().
func (s *State) Bundles() uint32 { return s.bundles.last }
