package shard

// Status is a seat's state in two bits, as the packed map has it.
type Status uint8

// The states of a seat.
const (
	Available Status = 0
	Held      Status = 1
	Booked    Status = 2
	Blocked   Status = 3
)

const (
	seatShift   = 8
	seatsInPage = 1 << seatShift
)

// seatPage is 256 seats: 12.25 bytes a seat.
type seatPage struct {
	gen     uint64
	version [seatsInPage]uint64 // the event's version at the seat's last change; 0: never
	owner   [seatsInPage]uint32 // number of the last hold granted it; 0: never
	packed  [seatsInPage / 4]byte
	channel *[seatsInPage]uint8 // number of the channel a seat is allotted to; nil: none is. Replaced, never written
}

func newSeatPages(gen uint64, seats uint32) []*seatPage {
	pages := make([]*seatPage, (seats+seatsInPage-1)/seatsInPage)
	for i := range pages {
		pages[i] = &seatPage{gen: gen}
	}
	return pages
}

func (p *seatPage) status(i uint32) Status {
	return Status(p.packed[i>>2]>>(2*(i&3))) & 3
}

// Status of a seat, 0 ≤ seat < Seats().
func (e *Event) Status(seat uint32) Status {
	return e.seatPages[seat>>seatShift].status(seat & (seatsInPage - 1))
}

// SeatVersion is the event's version at the seat's last change; 0 if it never changed.
func (e *Event) SeatVersion(seat uint32) uint64 {
	return e.seatPages[seat>>seatShift].version[seat&(seatsInPage-1)]
}

// owner is the number of the last hold that was granted the seat.
func (e *Event) owner(seat uint32) uint32 {
	return e.seatPages[seat>>seatShift].owner[seat&(seatsInPage-1)]
}

// Packed appends the packed map: ⌈N/4⌉ bytes, seat i in byte i/4, bits 2·(i mod 4) up.
func (e *Event) Packed(buf []byte) []byte {
	start := len(buf)
	for _, p := range e.seatPages {
		buf = append(buf, p.packed[:]...)
	}
	return buf[:start+int(e.seats+3)/4]
}

// set moves a seat to a status: one seat change, one version.
func (e *Event) set(seat uint32, st Status, owner uint32) {
	p, i := e.ownSeat(seat)
	old := p.status(i)
	e.sum -= seatSum(seat, old, p.owner[i], p.version[i])
	e.version++
	shift := 2 * (i & 3)
	p.packed[i>>2] = p.packed[i>>2]&^(3<<shift) | byte(st)<<shift
	p.owner[i] = owner
	p.version[i] = e.version
	e.sum += seatSum(seat, st, owner, e.version)
	*e.counts.of(old)--
	*e.counts.of(st)++
	e.note(seat)
}

// ownSeat returns a seat's page for writing.
func (e *Event) ownSeat(seat uint32) (*seatPage, uint32) {
	p := e.seatPages[seat>>seatShift]
	if p.gen != e.gen {
		c := *p
		c.gen = e.gen
		p = &c
		e.seatPages[seat>>seatShift] = p
	}
	return p, seat & (seatsInPage - 1)
}

func (c *Counts) of(s Status) *uint32 {
	switch s {
	case Held:
		return &c.Held
	case Booked:
		return &c.Booked
	case Blocked:
		return &c.Blocked
	}
	return &c.Available
}
