package shard

import "slices"

// ringSize is how many of the newest changes are found without looking at every seat.
const ringSize = 4096

// Change is one seat's state after a change.
type Change struct {
	Seat   uint32
	Status Status
}

// note remembers which seat (or area, as a code of no places) the newest version was for.
// The ring is made at the first change: most events of a large catalogue are quiet.
func (e *Event) note(seat uint32) {
	if e.ring == nil {
		e.ring = make([]uint32, ringSize)
		e.ringFrom = e.version - 1
	}
	e.ring[e.version%ringSize] = seat
}

// ChangedSince appends the seats that changed after a version, each once, ascending,
// with the state they are in now. It is a read. The list is exact however old the
// version is, as every seat knows the version of its last change; recent ones cost
// the number of changes, old ones one look at every seat.
func (e *Event) ChangedSince(version uint64, buf []Change) []Change {
	if version >= e.version {
		return buf
	}
	if e.ring == nil || version < e.ringFrom || e.version-version > ringSize {
		return e.scanSince(version, buf)
	}
	start := len(buf)
	for v := version + 1; v <= e.version; v++ {
		seat := e.ring[v%ringSize]
		if seat < areaBit && e.SeatVersion(seat) == v {
			buf = append(buf, Change{seat, e.Status(seat)})
		}
	}
	slices.SortFunc(buf[start:], func(a, b Change) int { return int(a.Seat) - int(b.Seat) })
	return buf
}

func (e *Event) scanSince(version uint64, buf []Change) []Change {
	for pi, p := range e.seatPages {
		for i := range p.version {
			if p.version[i] > version {
				buf = append(buf, Change{uint32(pi)<<seatShift + uint32(i), p.status(uint32(i))})
			}
		}
	}
	return buf
}

// AreasChangedSince appends the numbers of the areas that changed after a version,
// ascending; a read.
func (e *Event) AreasChangedSince(version uint64, buf []uint32) []uint32 {
	for i := range e.areas {
		if e.areas[i].version > version {
			buf = append(buf, uint32(i))
		}
	}
	return buf
}
