package shard

import "slices"

// fanOut finds seats for a claim that takes others where its own are gone. The wanted
// seats, ascending, each once and of the plan, are kept where they are free. Wanted seats
// that are all free are the answer; the policy about orphans is then not looked at.
//
// First the party stays where it is: for each seat that is gone, in ascending order, comes
// the nearest free seat (of equals, the lowest) of that seat's category, accessible or
// companion as that one is, that is next to a seat of the party in its stretch. This
// counts if all gone seats are replaced and the policy strands none.
//
// Else it moves: if the wanted seats are of one category and none is accessible or a
// companion's, to the best group of that category around their middle, as [Best] ranks
// them. Else there is no answer. It is ascending, and the caller's.
func (p *Plan) fanOut(wanted []uint32, free freeMap, o Orphans, s *scratch) ([]uint32, bool) {
	if seats, ok := p.patch(wanted, free, o, s); ok {
		return seats, true
	}
	q, ok := p.elsewhere(wanted)
	if !ok {
		return nil, false
	}
	return p.best(&q, free, o, s)
}

// patch is the party with substitutes for the seats that are gone.
func (p *Plan) patch(wanted []uint32, free freeMap, o Orphans, s *scratch) ([]uint32, bool) {
	d := party{plan: p, scratch: s}
	s.taken, s.border = s.taken[:0], s.border[:0]
	s.free = append(s.free[:0], free...)
	for _, seat := range wanted {
		if free.has(seat) {
			s.free.remove(seat)
			s.taken = append(s.taken, seat)
		}
	}
	switch len(s.taken) {
	case len(wanted):
		return slices.Clone(wanted), true
	case 0:
		return nil, false
	}
	d.frontier()
	for _, seat := range wanted {
		if !free.has(seat) && !d.replace(seat) {
			return nil, false
		}
	}
	slices.Sort(s.taken)
	if s.border = p.stranded(free, s.taken, o, s.border); len(s.border) > 0 {
		return nil, false
	}
	return slices.Clone(s.taken), true
}

// elsewhere asks for a group as large as the party around its middle.
func (p *Plan) elsewhere(wanted []uint32) (Best, bool) {
	if len(wanted) == 0 || len(wanted) > MaxSeatsPerHold {
		return Best{}, false
	}
	category := p.category[wanted[0]]
	var x, y int64
	for _, seat := range wanted {
		if p.category[seat] != category || !p.plain.has(seat) {
			return Best{}, false
		}
		x, y = x+int64(p.at[seat].x), y+int64(p.at[seat].y)
	}
	n := int64(len(wanted))
	return Best{
		Quantity: uint16(n), Category: category + 1,
		NearPoint: true, X: int32(x / n), Y: int32(y / n),
	}, true
}

// party has its seats in taken and no longer in free. Beside them, in border, are the
// free seats next to them, some twice.
type party struct {
	*scratch
	plan *Plan
}

func (d *party) frontier() {
	for _, seat := range d.taken {
		d.neighbours(seat)
	}
}

func (d *party) neighbours(seat uint32) {
	if d.plan.linked(seat) && d.free.has(seat-1) {
		d.border = append(d.border, seat-1)
	}
	if d.plan.linked(seat+1) && d.free.has(seat+1) {
		d.border = append(d.border, seat+1)
	}
}

// replace takes the nearest seat of the border that will do for the one that is gone.
func (d *party) replace(gone uint32) bool {
	var b closest
	found := false
	for _, seat := range d.border {
		if !d.free.has(seat) || !d.plan.alike(seat, gone) {
			continue
		}
		away := d.plan.at[seat].doubled().away(d.plan.at[gone].doubled())
		if !found || away < b.away || away == b.away && seat < b.first {
			b, found = closest{seat, away}, true
		}
	}
	if found {
		d.free.remove(b.first)
		d.taken = append(d.taken, b.first)
		d.neighbours(b.first)
	}
	return found
}

// alike tells whether one seat may stand in for the other.
func (p *Plan) alike(a, b uint32) bool {
	const same = isAccessible | isCompanion
	return p.category[a] == p.category[b] && p.traits[a]&same == p.traits[b]&same
}
