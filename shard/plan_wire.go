package shard

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// A plan's document: version (1 byte); categories, sections, focal x, focal y, number of
// areas, number of seats (varints); each area's capacity and category (varints); the
// seats. A seat is a byte of its traits and of what follows: its category and section
// (varints) where they are not those of the seat before, and, unless it stands exactly
// where the last two seats point to, how far from there it is (two zigzag varints). So a
// seat of a straight row costs one byte. Before the first seat, all is 0.
//
// Equal plans have equal documents: varints are as short as can be, and nothing is said
// that goes without saying.
const planVersion = 1

const (
	wireCategory trait = 1 << (iota + 5) // beside the traits: a category follows
	wireSection
	wirePlace
	wireTraits = wireCategory - 1
)

// ErrBadPlan wraps what is wrong with a plan's document, and where.
var ErrBadPlan = errors.New("usher: damaged plan")

// pen is where the last seat written or read left off.
type pen struct {
	category, section uint16
	x, y              int64
	dx, dy            int64 // from the seat before it
}

// next is where a seat would be if it went on like the last two.
func (p *pen) next() (x, y int64) { return p.x + p.dx, p.y + p.dy }

func (p *pen) move(x, y int64) {
	p.x, p.y, p.dx, p.dy = x, y, x-p.x, y-p.y
}

// Encode writes the document. Whether its numbers are in range is for DecodePlan to say.
func (s *PlanSpec) Encode() []byte {
	b := make([]byte, 1, 64+len(s.Areas)*6+len(s.Seats)*4)
	b[0] = planVersion
	for _, v := range []uint64{uint64(s.Categories), uint64(s.Sections), uint64(s.FocalX), uint64(s.FocalY), uint64(len(s.Areas)), uint64(len(s.Seats))} {
		b = binary.AppendUvarint(b, v)
	}
	for _, a := range s.Areas {
		b = binary.AppendUvarint(b, uint64(a.Capacity))
		b = binary.AppendUvarint(b, uint64(a.Category))
	}
	var p pen
	for i := range s.Seats {
		b = p.append(b, &s.Seats[i], i == 0)
	}
	return b
}

func (p *pen) append(b []byte, s *PlanSeat, first bool) []byte {
	t := s.traits()
	if first {
		t |= isRow
	}
	if t&isRow != 0 {
		t &^= isAisle // there is no seat before it in its row
	}
	x, y := p.next()
	dx, dy := int64(s.X)-x, int64(s.Y)-y
	t |= wireCategory.when(s.Category != p.category) | wireSection.when(s.Section != p.section) | wirePlace.when(dx != 0 || dy != 0)
	b = append(b, byte(t))
	if t&wireCategory != 0 {
		b = binary.AppendUvarint(b, uint64(s.Category))
	}
	if t&wireSection != 0 {
		b = binary.AppendUvarint(b, uint64(s.Section))
	}
	if t&wirePlace != 0 {
		b = binary.AppendVarint(b, dx)
		b = binary.AppendVarint(b, dy)
	}
	p.category, p.section = s.Category, s.Section
	p.move(int64(s.X), int64(s.Y))
	return b
}

// DecodePlan reads a document and derives what searches need. Its errors wrap
// ErrBadPlan. It takes memory in proportion to the data, whatever they announce.
func DecodePlan(data []byte) (*Plan, error) {
	r := &planReader{all: len(data), rest: data}
	p := r.plan()
	if r.err == nil && len(r.rest) != 0 {
		r.fail("%d bytes too many", len(r.rest))
	}
	if r.err != nil {
		return nil, r.err
	}
	return p.build(), nil
}

// planReader reads a plan's fields; the first error sticks, and after it every field
// reads as zero.
type planReader struct {
	all  int
	rest []byte
	err  error
}

func (r *planReader) fail(format string, args ...any) {
	if r.err == nil {
		r.err = fmt.Errorf("%w: at byte %d: %s", ErrBadPlan, r.all-len(r.rest), fmt.Sprintf(format, args...))
		r.rest = nil
	}
}

func (r *planReader) plan() *Plan {
	if v := r.byte(); v != planVersion {
		r.fail("version %d, where %d is known", v, planVersion)
	}
	p := &Plan{
		categories: uint16(r.number("categories", MaxPlanGroups)), sections: uint16(r.number("sections", MaxPlanGroups)),
		focal: point{int32(r.number("focal x", MaxCoordinate)), int32(r.number("focal y", MaxCoordinate))},
	}
	areas, seats := r.length("areas", MaxPlanAreas, 2), r.length("seats", MaxSeats, 1)
	if areas > 0 {
		p.areas = make([]PlanArea, areas)
	}
	for i := range p.areas {
		p.areas[i].Capacity = uint32(r.number("a capacity", 1<<32-1))
		p.areas[i].Category = r.below("an area's category", p.categories)
	}
	if r.err == nil {
		r.seats(p, seats)
	}
	return p
}

func (r *planReader) seats(p *Plan, n int) {
	p.at, p.traits = make([]point, n), make([]trait, n)
	p.category, p.section = make([]uint16, n), make([]uint16, n)
	var at pen
	for i := 0; i < n && r.err == nil; i++ {
		t := trait(r.byte())
		if (t&isRow == 0 && i == 0) || t&(isRow|isAisle) == isRow|isAisle {
			r.fail("seat %d: row and aisle are not as they must be", i)
		}
		r.class(&at.category, t&wireCategory != 0, p.categories, "category")
		r.class(&at.section, t&wireSection != 0, p.sections, "section")
		r.place(&at, t&wirePlace != 0)
		p.category[i], p.section[i] = at.category, at.section
		p.at[i], p.traits[i] = point{int32(at.x), int32(at.y)}, t&wireTraits
	}
}

// class reads a category or section that is said to differ from the last one.
func (r *planReader) class(last *uint16, differs bool, n uint16, what string) {
	v := *last
	if differs {
		v = r.below(what, n)
	}
	if differs && v == *last {
		r.fail("%s %d again", what, v)
	}
	if v >= n {
		r.fail("%s %d, where there are %d", what, v, n)
	}
	*last = v
}

func (r *planReader) place(at *pen, differs bool) {
	x, y := at.next()
	if differs {
		dx, dy := r.distance(), r.distance()
		if dx == 0 && dy == 0 {
			r.fail("a distance of nothing")
		}
		x, y = x+dx, y+dy
	}
	if x < 0 || x > MaxCoordinate || y < 0 || y > MaxCoordinate {
		r.fail("a seat at %d, %d", x, y)
	}
	at.move(x, y)
}

func (r *planReader) byte() byte {
	if len(r.rest) == 0 {
		r.fail("it ends here")
		return 0
	}
	b := r.rest[0]
	r.rest = r.rest[1:]
	return b
}

// varint wants the shortest form: the last byte of a longer one would be 0.
func (r *planReader) varint() uint64 {
	v, n := binary.Uvarint(r.rest)
	if n <= 0 || n > 1 && r.rest[n-1] == 0 {
		r.fail("no number here")
		return 0
	}
	r.rest = r.rest[n:]
	return v
}

func (r *planReader) number(what string, limit uint64) uint64 {
	v := r.varint()
	if v > limit {
		r.fail("%s: %d, where %d are allowed", what, v, limit)
		return 0
	}
	return v
}

func (r *planReader) below(what string, n uint16) uint16 {
	v := r.varint()
	if v >= uint64(n) {
		r.fail("%s %d, where there are %d", what, v, n)
		return 0
	}
	return uint16(v)
}

// length is how many things follow, each of at least so many bytes.
func (r *planReader) length(what string, limit uint64, each int) int {
	n := int(r.number(what, limit))
	if n > len(r.rest)/each {
		r.fail("%d %s announced, and %d bytes left", n, what, len(r.rest))
		return 0
	}
	return n
}

// distance is a zigzag varint, and never so far that sums could overflow.
func (r *planReader) distance() int64 {
	v := r.varint()
	if v > 16*MaxCoordinate {
		r.fail("a distance of %d", v)
		return 0
	}
	return int64(v>>1) ^ -int64(v&1)
}
