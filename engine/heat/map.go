package heat

import (
	"sync"
	"sync/atomic"
	"time"
)

// Map is the heat of one event. It begins empty and takes a page of memory where the
// first attempt or viewer is. Its methods may be called from any goroutine.
type Map struct {
	// A cache line that every attempt reads, and nobody writes but ticks.
	shape    *Shape
	halfLife time.Duration
	budget   *budget // of pages, shared by all events; nil: no bound
	pages    []atomic.Pointer[page]
	pulse    atomic.Pointer[Pulse] // as of the last tick
	thin     atomic.Uint32         // 1 of 2^thin attempts is counted
	thinMost int                   // bound of thin
	dropped  atomic.Bool           // set under pageMu and mu: no page, no viewer comes any more

	claims [stripes]stripe

	// pageMu orders the making and dropping of pages, briefly; it may be taken under mu.
	pageMu sync.Mutex

	mu       sync.Mutex
	sections []sum
	total    sum     // of sections
	claimed  sum     // claims, not seats
	viewers  int     // people, each once
	looking  []int32 // people by section, each once a section
	seconds  float64 // since the map began, decayed as the counts are
}

// sum is decayed attempts.
type sum struct{ won, lost float64 }

func (s sum) attempts() float64 { return s.won + s.lost }

// stripes keep apart the counters of claims that begin in different pages: two cores that
// add to one cache line wait for each other.
const stripes = 8

type stripe struct {
	tally
	_ [56]byte
}

// NewMap makes the map of an event whose counts halve in halfLife.
func NewMap(shape *Shape, halfLife time.Duration) *Map { return newMap(shape, halfLife, nil) }

func newMap(shape *Shape, halfLife time.Duration, b *budget) *Map {
	m := &Map{
		shape:    shape,
		halfLife: halfLife,
		budget:   b,
		thinMost: maxThin,
		pages:    make([]atomic.Pointer[page], (shape.seats+pageSeats-1)/pageSeats),
		sections: make([]sum, shape.Sections()),
		looking:  make([]int32, shape.Sections()),
	}
	m.pulse.Store(&Pulse{})
	return m
}

// page finds or makes the page of a seat; nil if there is no room for it, or no such seat.
func (m *Map) page(seat uint32) *page {
	if int64(seat) >= int64(m.shape.seats) {
		return nil
	}
	if p := m.pages[seat>>pageBits].Load(); p != nil {
		return p
	}
	return m.makePage(int(seat >> pageBits))
}

func (m *Map) makePage(i int) *page {
	m.pageMu.Lock()
	defer m.pageMu.Unlock()
	if p := m.pages[i].Load(); p != nil {
		return p
	}
	if m.dropped.Load() || !m.budget.take() {
		return nil
	}
	p := new(page)
	p.dirty.Store(true) // so that no tick takes it for idle before its first attempt is in
	m.pages[i].Store(p)
	return p
}

// dropPage gives a page back that is idle. An attempt that is being added to it just now
// is lost: counts are approximate. Viewers are not, and need mu, which the caller has.
func (m *Map) dropPage(i int) {
	m.pageMu.Lock()
	defer m.pageMu.Unlock()
	m.pages[i].Store(nil)
	m.budget.give(1)
}

// drop ends the map: who has it may go on, but nothing counts any more.
func (m *Map) drop() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.end()
}

// dropIdle ends the map if it has nothing to tell.
func (m *Map) dropIdle() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.viewers > 0 || m.claimed.attempts() > 0 || m.claimsPending() {
		return false
	}
	for i := range m.pages {
		if m.pages[i].Load() != nil {
			return false
		}
	}
	m.end()
	return true
}

func (m *Map) end() {
	m.pageMu.Lock()
	defer m.pageMu.Unlock()
	m.dropped.Store(true)
	for i := range m.pages {
		if m.pages[i].Swap(nil) != nil {
			m.budget.give(1)
		}
	}
}
