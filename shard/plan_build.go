package shard

import "slices"

// build derives what searches need; all that a document says is in the plan already.
func (p *Plan) build() *Plan {
	p.rows = p.cut(isRow)
	p.stretches = p.rows
	if slices.ContainsFunc(p.traits, func(t trait) bool { return t&isAisle != 0 }) {
		p.stretches = p.cut(isRow | isAisle)
	}
	accessible, companion := newSeatSet(p.Seats()), newSeatSet(p.Seats())
	p.plain = newSeatSet(p.Seats())
	for i, t := range p.traits {
		switch seat := uint32(i); {
		case t&isAccessible != 0:
			accessible.add(seat)
		case t&isCompanion != 0:
			companion.add(seat)
		default:
			p.plain.add(seat)
		}
	}
	p.accessible, p.companion = counted(accessible), counted(companion)
	p.inCategory, p.inSection = newSieve(p.category), newSieve(p.section)
	return p
}

// tractSpans is how many spans that follow each other are judged at once.
const tractSpans = 32

// spans are a plan's seats cut into pieces, rows or stretches, by where they begin. In a
// chart what is near in order is mostly near in the house, so boxes around spans, and
// around tracts of them, soon rule out most of it, whatever the point they are seen from.
type spans struct {
	starts seatSet  // the first seat of each
	first  []uint32 // likewise, ascending; at the end the number of seats
	box    []box    // around each
	tracts []box    // around spans tractSpans·t and up
}

// cut begins a span at each seat with one of these traits.
func (p *Plan) cut(at trait) spans {
	s := spans{starts: newSeatSet(p.Seats())}
	for i, t := range p.traits {
		if t&at != 0 {
			s.begin(uint32(i), p.at[i])
		}
		s.box[len(s.box)-1].include(p.at[i])
		s.tracts[len(s.tracts)-1].include(p.at[i])
	}
	s.first = slices.Clip(append(s.first, p.Seats()))
	s.box, s.tracts = slices.Clip(s.box), slices.Clip(s.tracts)
	return s
}

func (s *spans) begin(seat uint32, at point) {
	s.starts.add(seat)
	if len(s.box)%tractSpans == 0 {
		s.tracts = append(s.tracts, box{at, at})
	}
	s.first = append(s.first, seat)
	s.box = append(s.box, box{at, at})
}

// tract is the seats from ≤ s < to of tract t.
func (s *spans) tract(t int) (from, to uint32) {
	return s.first[t*tractSpans], s.first[min((t+1)*tractSpans, len(s.box))]
}

// box is the smallest upright rectangle around some seats.
type box struct{ min, max point }

func (b *box) include(p point) {
	b.min.x, b.max.x = min(b.min.x, p.x), max(b.max.x, p.x)
	b.min.y, b.max.y = min(b.min.y, p.y), max(b.max.y, p.y)
}

// away is the squared distance from a centre to the nearest point of the box: no centre
// of seats within the box is nearer.
func (b *box) away(c centre) int64 {
	dx := max(0, 2*int64(b.min.x)-c.x, c.x-2*int64(b.max.x))
	dy := max(0, 2*int64(b.min.y)-c.y, c.y-2*int64(b.max.y))
	return dx*dx + dy*dy
}

// centre is the middle of two points in doubled coordinates, which keeps it an integer.
type centre struct{ x, y int64 }

func (p point) doubled() centre { return p.middle(p) }

func (p point) middle(q point) centre {
	return centre{int64(p.x) + int64(q.x), int64(p.y) + int64(q.y)}
}

func (c centre) away(d centre) int64 {
	dx, dy := c.x-d.x, c.y-d.y
	return dx*dx + dy*dy
}
