package shard

import "iter"

const (
	pageShift    = 6
	holdsInPage  = 1 << pageShift
	blockShift   = 6
	pagesInBlock = 1 << blockShift
	inlineSeats  = 4
)

// holdPage is 64 holds, about 39 bytes each with four seats. It lives as long as one
// of its holds is active, and Retention longer.
type holdPage struct {
	gen       uint64
	due       int64 // lower bound of when something here is to be done
	lastEnded int64 // when the newest of the ended ones ended
	active    uint32
	used      uint32
	text      []byte   // the holders' ids; only ever appended to
	more      []uint32 // seats of holds of more than four; only ever appended to
	expires   [holdsInPage]int64
	heldAt    [holdsInPage]int64
	seats     [holdsInPage][inlineSeats]uint32 // or: [0] is where they begin in more
	count     [holdsInPage]uint16
	textAt    [holdsInPage]uint16
	textLen   [holdsInPage]uint8
	state     [holdsInPage]HoldState
	flags     [holdsInPage]HoldFlags
	link      *[holdsInPage]uint32 // numbers of the bundles that holds are part of; nil: none is
}

// holdBlock is 64 pages. A nil page was purged, or is not there yet.
type holdBlock struct {
	gen   uint64
	due   int64 // lower bound of its pages'
	pages [pagesInBlock]*holdPage
}

// split is where hold n stands; numbers start at 1.
func split(n uint32) (block, page, slot uint32) {
	n--
	return n >> (pageShift + blockShift), n >> pageShift & (pagesInBlock - 1), n & (holdsInPage - 1)
}

// hold finds a hold for reading; nil when it never was or was purged.
func (e *Event) hold(n uint32) (*holdPage, uint32) {
	b, pg, i := split(n)
	if n == 0 || n > e.lastHold || e.blocks[b] == nil || e.blocks[b].pages[pg] == nil {
		return nil, 0
	}
	return e.blocks[b].pages[pg], i
}

// holdPages are the pages that are there, each behind its first hold's number; a read.
func (e *Event) holdPages() iter.Seq2[uint32, *holdPage] {
	return func(yield func(uint32, *holdPage) bool) {
		for b, k := range e.blocks {
			for pg := 0; k != nil && pg < pagesInBlock; pg++ {
				first := uint32(b)<<(pageShift+blockShift) + uint32(pg)<<pageShift + 1
				if p := k.pages[pg]; p != nil && !yield(first, p) {
					return
				}
			}
		}
	}
}

// ownBlock returns a block for writing.
func (e *Event) ownBlock(b uint32) *holdBlock {
	k := e.blocks[b]
	if k.gen != e.gen {
		c := *k
		c.gen = e.gen
		k = &c
		e.blocks[b] = k
	}
	return k
}

// ownHold returns an existing hold's page for writing. The arenas are shared with the
// page it was copied from: they only grow, and only the newest page appends.
func (e *Event) ownHold(n uint32) (*holdPage, uint32) {
	b, pg, i := split(n)
	k := e.ownBlock(b)
	p := k.pages[pg]
	if p.gen != e.gen {
		c := *p
		c.gen = e.gen
		p = &c
		k.pages[pg] = p
	}
	return p, i
}

// newHold makes room for the newest hold.
func (e *Event) newHold(n uint32) (*holdPage, uint32) {
	b, pg, _ := split(n)
	if int(b) == len(e.blocks) {
		e.blocks = append(e.blocks, &holdBlock{gen: e.gen, due: never})
	}
	if k := e.ownBlock(b); k.pages[pg] == nil {
		k.pages[pg] = &holdPage{gen: e.gen, due: never, text: make([]byte, 0, 8*holdsInPage)}
	}
	p, i := e.ownHold(n)
	p.used++
	return p, i
}

func (p *holdPage) putSeats(i uint32, seats []uint32) {
	p.count[i] = uint16(len(seats))
	if len(seats) <= inlineSeats {
		copy(p.seats[i][:], seats)
		return
	}
	p.seats[i][0] = uint32(len(p.more))
	p.more = append(p.more, seats...)
}

// seatsOf are the hold's seats, ascending; not to be written to.
func (p *holdPage) seatsOf(i uint32) []uint32 {
	if n := p.count[i]; n > inlineSeats {
		at := p.seats[i][0]
		return p.more[at : at+uint32(n)]
	}
	return p.seats[i][:p.count[i]]
}

// bundle is the number of the bundle that the hold is part of; 0: of none.
func (p *holdPage) bundle(i uint32) uint32 {
	if p.link == nil {
		return 0
	}
	return p.link[i]
}

// putBundle is for a new hold, which no frozen page has: the list may be written.
func (p *holdPage) putBundle(i, bundle uint32) {
	if bundle == 0 {
		return
	}
	if p.link == nil {
		p.link = new([holdsInPage]uint32)
	}
	p.link[i] = bundle
}

func (p *holdPage) putHolder(i uint32, holder []byte) {
	p.textAt[i] = uint16(len(p.text)) // 64 × 128 bytes fit
	p.textLen[i] = uint8(len(holder))
	p.text = append(p.text, holder...)
}

func (p *holdPage) holder(i uint32) []byte {
	at := int(p.textAt[i])
	return p.text[at : at+int(p.textLen[i])]
}
