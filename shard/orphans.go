package shard

// Orphans is an event's policy about seats left alone. An orphan is a free seat whose
// neighbours in its stretch, of any category, are both not free, or not there. Only new
// ones count: those that a claim makes.
type Orphans uint8

// The policies. Numbers are in the log: they never change.
const (
	OrphansAllow  Orphans = 0
	OrphansAvoid  Orphans = 1 // not where it can be helped
	OrphansForbid Orphans = 2 // never
)

// stranded appends to buf[:0] the seats that a claim of exactly these, ascending and all
// free, would leave alone against the policy; none if it may go on. Avoid judges each
// run of free seats within a stretch for itself: where all but one are taken, the one
// cannot be helped; any other that would be left alone could have been.
func (p *Plan) stranded(free freeMap, taken []uint32, o Orphans, buf []uint32) []uint32 {
	buf = buf[:0]
	if o == OrphansAllow {
		return buf
	}
	for len(taken) > 0 {
		from, to := p.freeRun(free, taken[0])
		n := 0
		for n < len(taken) && taken[n] < to {
			n++
		}
		if left := int(to-from) - n; o == OrphansForbid || left != 1 {
			buf = alone(from, to, taken[:n], buf)
		}
		taken = taken[n:]
	}
	return buf
}

// freeRun is the free seats from ≤ s < to without an aisle or gap around a free seat.
func (p *Plan) freeRun(free freeMap, seat uint32) (from, to uint32) {
	for from = seat; p.linked(from) && free.has(from-1); {
		from--
	}
	for to = seat + 1; p.linked(to) && free.has(to); {
		to++
	}
	return from, to
}

// alone appends the seats of from ≤ s < to that have both neighbours taken or outside.
func alone(from, to uint32, taken, buf []uint32) []uint32 {
	next := from // the first seat behind those taken
	for _, seat := range taken {
		if seat == next+1 {
			buf = append(buf, next)
		}
		next = seat + 1
	}
	if to == next+1 {
		buf = append(buf, next)
	}
	return buf
}
