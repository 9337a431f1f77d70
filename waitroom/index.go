package waitroom

import (
	"encoding/binary"
	"math/bits"
)

const (
	indexTables = 256
	indexShift  = 7
	indexPage   = 1 << indexShift // slots; 1 KiB
)

// index finds the newest ticket of an entrant: 256 open-addressed tables, by the first byte of
// the id, each of which grows by itself, so that no command pays for all. A slot is the ticket
// (low 32 bits, 0: empty) and 32 bits of the id, which say where the slot belongs and whether
// it is worth a look at the ticket. Ids are uniform, see Entrant. Nothing is ever taken out.
type index struct {
	tables [indexTables]indexTable
	moving []uint64 // of grow
	warmth uint64   // of warm, so that its reads are made
}

// indexTable is made of pages, so that to grow takes no memory but what it grows by: fresh
// memory is dear, as the system has to find it and clear it.
type indexTable struct {
	pages []*[indexPage]uint64
	used  int
}

func (ix *index) table(id *[16]byte) (*indexTable, uint32) {
	return &ix.tables[id[0]], binary.LittleEndian.Uint32(id[1:])
}

func (t *indexTable) slots() int { return len(t.pages) << indexShift }

func (t *indexTable) slot(i int) *uint64 { return &t.pages[i>>indexShift][i&(indexPage-1)] }

// home is where a tag's search begins: tags are spread evenly over the slots, in their order. It
// is the first slot of eight, a line of the processor's cache, as most searches end in it.
func (t *indexTable) home(tag uint32) int {
	hi, _ := bits.Mul64(uint64(tag)<<32, uint64(t.slots()))
	return int(hi) &^ 7
}

// seek finds the slot of an id, or the empty one where it would be; the table has slots.
func (t *indexTable) seek(r *Room, id *[16]byte, tag uint32) *uint64 {
	for i := t.home(tag); ; {
		s := t.slot(i)
		if *s == 0 {
			return s
		}
		if uint32(*s>>32) == tag {
			if r.at(uint32(*s)).id == *id {
				return s
			}
		}
		if i++; i == t.slots() {
			i = 0
		}
	}
}

// find is the ticket of an id, or 0.
func (ix *index) find(r *Room, id *[16]byte) uint32 {
	t, tag := ix.table(id)
	if t.used == 0 {
		return 0
	}
	return uint32(*t.seek(r, id, tag))
}

// put makes ticket the one of an id, which has none or another.
func (ix *index) put(r *Room, id *[16]byte, ticket uint32) {
	t, tag := ix.table(id)
	if t.used >= t.slots()/5*4 {
		ix.grow(t)
	}
	s := t.seek(r, id, tag)
	if *s == 0 {
		t.used++
	}
	*s = uint64(tag)<<32 | uint64(ticket)
}

// warm reads what the search for these entrants will read first. The reads wait for each other
// no more than the processor has to, where those of one search after the other would.
func (ix *index) warm(entrants []Entrant) {
	sum := uint64(0)
	for i := range entrants {
		if t, tag := ix.table(&entrants[i].ID); t.used > 0 {
			sum += *t.slot(t.home(tag))
		}
	}
	ix.warmth = sum
}

// grow makes a table a quarter larger.
func (ix *index) grow(t *indexTable) {
	ix.moving = ix.moving[:0]
	for _, p := range t.pages {
		for _, s := range p {
			if s != 0 {
				ix.moving = append(ix.moving, s)
			}
		}
		*p = [indexPage]uint64{}
	}
	for range max(1, len(t.pages)/4) {
		t.pages = append(t.pages, new([indexPage]uint64))
	}
	for _, s := range ix.moving {
		i := t.home(uint32(s >> 32))
		for *t.slot(i) != 0 {
			if i++; i == t.slots() {
				i = 0
			}
		}
		*t.slot(i) = s
	}
}

func (ix *index) bytes() int {
	n := 8 * cap(ix.moving)
	for i := range ix.tables {
		n += 8 * (ix.tables[i].slots() + cap(ix.tables[i].pages))
	}
	return n
}
