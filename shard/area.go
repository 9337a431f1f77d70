package shard

// Standing room is sold by number. In the lists of seats of claims, holds and bookings
// some places in an area are one more number, behind all seats: see AreaCode.

const (
	areaBit   = 1 << 31
	areaShift = 20
)

// A code has room for every area of a plan.
var _ [1<<(31-areaShift) - MaxPlanAreas]struct{}

// AreaCode is so many places (1…MaxSeatsPerHold) in an area, as an element of a list of
// seats. Codes are above all seat numbers, and ascend with the areas.
func AreaCode(area, quantity uint32) uint32 { return areaBit | area<<areaShift | quantity }

// SplitCode tells whether an element of a list of seats is places in an area, and of
// which and how many.
func SplitCode(code uint32) (area, quantity uint32, ok bool) {
	return code &^ areaBit >> areaShift, code & (1<<areaShift - 1), code >= areaBit
}

// area is the state of one standing area: held + booked ≤ capacity.
type area struct {
	capacity uint32
	held     uint32
	booked   uint32
	version  uint64 // the event's version at its last change; 0: never
}

func (a *area) left() uint32 { return a.capacity - a.held - a.booked }

func newAreas(p *Plan) []area {
	if p == nil || len(p.Areas()) == 0 {
		return nil
	}
	areas := make([]area, len(p.Areas()))
	for i, a := range p.Areas() {
		areas[i].capacity = a.Capacity
	}
	return areas
}

// AreaInfo is an area as it stands.
type AreaInfo struct {
	Capacity, Held, Booked uint32
	Version                uint64 // the event's version at its last change; 0: never
}

// Areas is the number of areas.
func (e *Event) Areas() int { return len(e.areas) }

// Area reads an area, 0 ≤ i < Areas().
func (e *Event) Area(i int) AreaInfo {
	a := &e.areas[i]
	return AreaInfo{Capacity: a.capacity, Held: a.held, Booked: a.booked, Version: a.version}
}

// Left tells whether any seat is available, or any area has a place.
func (e *Event) Left() bool {
	if e.counts.Available > 0 {
		return true
	}
	for i := range e.areas {
		if e.areas[i].left() > 0 {
			return true
		}
	}
	return false
}

// shift moves places of an area from one status to another: one change, one version.
func (e *Event) shift(code uint32, from, to Status) {
	no, n, _ := SplitCode(code)
	a := &e.areas[no]
	e.sum -= a.sum(no)
	for _, m := range [...]struct {
		st Status
		n  uint32
	}{{from, -n}, {to, n}} {
		switch m.st {
		case Held:
			a.held += m.n
		case Booked:
			a.booked += m.n
		}
	}
	e.version++
	a.version = e.version
	e.sum += a.sum(no)
	e.note(areaBit | no<<areaShift)
}

func (a *area) sum(no uint32) uint64 {
	if a.version == 0 {
		return 0
	}
	return mix(mix(uint64(areaBit|no), uint64(a.held)<<32|uint64(a.booked)), a.version)
}

// weight is how many people a list of seats is for.
func weight(seats []uint32) uint32 {
	n := uint32(0)
	for _, s := range seats {
		if _, q, ok := SplitCode(s); ok {
			n += q
		} else {
			n++
		}
	}
	return n
}

// seatsOnly is the list without its areas.
func seatsOnly(seats []uint32) []uint32 {
	n := len(seats)
	for n > 0 && seats[n-1] >= areaBit {
		n--
	}
	return seats[:n]
}

// checkAreas wants the areas at the end of a list to be the event's, each once.
func (e *Event) checkAreas(codes []uint32) error {
	last := -1
	for _, c := range codes {
		no, n, ok := SplitCode(c)
		switch {
		case !ok:
			return ErrUnknownSeat
		case int(no) >= len(e.areas):
			return ErrUnknownArea
		case int(no) == last:
			return ErrDuplicateSeat
		case n == 0:
			return ErrBadRequest
		}
		last = int(no)
	}
	return nil
}
