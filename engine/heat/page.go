package heat

import (
	"sync/atomic"
	"unsafe"
)

const (
	pageBits  = 8
	pageSeats = 1 << pageBits
	// pageBytes is what a page takes of the heap: the size class that it fits in.
	pageBytes = 5376
	// forgotten is the number of decayed attempts below which a seat has had none.
	forgotten = 1.0 / 64
)

// A page that outgrows its size class would make the bound of Config a lie.
var _ [pageBytes - unsafe.Sizeof(page{})]byte

// page is the heat of 256 seats in chart order.
type page struct {
	window [pageSeats]tally // since the last tick; anybody adds, the tick takes
	dirty  atomic.Bool      // set after an addition, cleared before the window is taken: none is overlooked

	// Guarded by Map.mu.
	warm    bool // some seat has decayed attempts
	looks   int  // sum of viewers
	won     [pageSeats]float32
	lost    [pageSeats]float32
	viewers [pageSeats]int32
}

// tally counts attempts. It has 32 bits since it is taken each second.
type tally struct{ won, lost atomic.Uint32 }

func (t *tally) add(won bool, n uint32) {
	if won {
		t.won.Add(n)
	} else {
		t.lost.Add(n)
	}
}

// take empties the tally. Most are empty, and reading is cheaper than exchanging.
func (t *tally) take() (won, lost uint32) {
	if t.won.Load() != 0 {
		won = t.won.Swap(0)
	}
	if t.lost.Load() != 0 {
		lost = t.lost.Swap(0)
	}
	return won, lost
}

func (p *page) add(i uint32, won bool, n uint32) {
	p.window[i].add(won, n)
	if !p.dirty.Load() { // so that a hot page's flag is shared, not fought for
		p.dirty.Store(true)
	}
}

// tick decays the page, and folds the window in.
func (p *page) tick(d decay) {
	switch {
	case p.dirty.Swap(false):
		p.fold(d)
	case p.warm:
		p.cool(d)
	}
}

func (p *page) fold(d decay) {
	for i := range p.window {
		won, lost := p.window[i].take()
		p.won[i] = p.won[i]*d.all + float32(won)*d.window
		p.lost[i] = p.lost[i]*d.all + float32(lost)*d.window
	}
	p.forget()
}

func (p *page) cool(d decay) {
	for i := range p.won {
		p.won[i] *= d.all
		p.lost[i] *= d.all
	}
	p.forget()
}

func (p *page) forget() {
	p.warm = false
	for i := range p.won {
		if p.won[i]+p.lost[i] < forgotten {
			p.won[i], p.lost[i] = 0, 0
		} else {
			p.warm = true
		}
	}
}

// idle tells that nothing would be lost with the page.
func (p *page) idle() bool { return !p.warm && p.looks == 0 && !p.dirty.Load() }

func (p *page) score(i int) float32 { return p.won[i] + p.lost[i] + viewerWeight*float32(p.viewers[i]) }
