package waitroom

import "github.com/usherhq/usher/shard/frame"

const (
	activeShift  = 8
	activeInPage = 1 << activeShift

	// maxHolds is how many holds of a session are known; who has more ends by time.
	maxHolds = 64
)

// holdAt is a hold of a session's.
type holdAt struct{ event, hold uint32 }

// active is an admission that is not over.
type active struct {
	ticket   uint32
	deadline int64    // of its first use, or of its session
	holds    []holdAt // replaced, never written; more than maxHolds: not all
}

func (a *active) sum() uint64 {
	h := frame.Mix(uint64(a.ticket)^frame.K2, uint64(a.deadline))
	for _, x := range a.holds {
		h = frame.Mix(h, uint64(x.event)<<32|uint64(x.hold))
	}
	return h
}

type activePage struct {
	gen  uint64
	recs [activeInPage]active // ticket 0: free
}

// activeTable has the admissions that are not over. Where a record stands says nothing.
type activeTable struct {
	pages []*activePage

	// Derived.
	where  map[uint32]uint32 // ticket → record
	holder map[holdAt]uint32 // hold → ticket
	free   []uint32
	agenda agenda
}

func (t *activeTable) init() {
	t.where, t.holder = make(map[uint32]uint32), make(map[holdAt]uint32)
}

// get finds a ticket's record for reading, or nil.
func (t *activeTable) get(ticket uint32) *active {
	at, ok := t.where[ticket]
	if !ok {
		return nil
	}
	return &t.pages[at>>activeShift].recs[at&(activeInPage-1)]
}

func (t *activeTable) own(gen uint64, at uint32) *active {
	p := t.pages[at>>activeShift]
	if p.gen != gen {
		c := *p
		c.gen = gen
		p = &c
		t.pages[at>>activeShift] = p
	}
	return &p.recs[at&(activeInPage-1)]
}

// put adds a record, and returns its sum.
func (t *activeTable) put(gen uint64, ticket uint32, deadline int64) uint64 {
	if len(t.free) == 0 {
		first := uint32(len(t.pages)) << activeShift
		t.pages = append(t.pages, &activePage{gen: gen})
		for i := range uint32(activeInPage) {
			t.free = append(t.free, first+activeInPage-1-i)
		}
	}
	at := t.free[len(t.free)-1]
	t.free = t.free[:len(t.free)-1]
	a := t.own(gen, at)
	*a = active{ticket: ticket, deadline: deadline}
	t.where[ticket] = at
	t.agenda.add(deadline, ticket)
	return a.sum()
}

// change lets write change a record, and returns what its sum grows by.
func (t *activeTable) change(gen uint64, ticket uint32, write func(*active)) uint64 {
	a := t.own(gen, t.where[ticket])
	was := a.sum()
	write(a)
	return a.sum() - was
}

// remove takes a record out, and returns its sum.
func (t *activeTable) remove(gen uint64, ticket uint32) uint64 {
	at := t.where[ticket]
	a := t.own(gen, at)
	sum := a.sum()
	for _, h := range a.holds {
		delete(t.holder, h)
	}
	*a = active{}
	delete(t.where, ticket)
	t.free = append(t.free, at)
	return sum
}

// dueBy tells whether something on the agenda wants to be looked at.
func (t *activeTable) dueBy(now int64) bool { return len(t.agenda) > 0 && t.agenda[0].at <= now }

// Active calls fn for each admission that is not over, in no order: until when it is to be
// begun, or when started until when it lasts (unix ms; it may have passed and not been dealt
// with yet).
func (r *Room) Active(fn func(ticket uint32, deadline int64, started bool)) {
	for _, p := range r.active.pages {
		for i := range p.recs {
			if a := &p.recs[i]; a.ticket != 0 {
				fn(a.ticket, a.deadline, r.at(a.ticket).is() == InShop)
			}
		}
	}
}
