package heat

import "math"

// Report is an event's heat, ready for JSON once names stand in it. Counts are decayed,
// rounded to two decimals; chances are 0…1, rounded to six.
type Report struct {
	EventID         string          `json:"event_id"` // left to the caller
	HalfLifeSeconds float64         `json:"half_life_seconds"`
	Attempts        float64         `json:"attempts"` // on seats, won and lost
	Won             float64         `json:"won"`
	Lost            float64         `json:"lost"`
	Viewers         int             `json:"viewers"`
	Chance          float64         `json:"chance"`
	Sections        []SectionReport `json:"sections"` // all, in chart order
	Seats           []SeatReport    `json:"seats"`    // the hottest first
}

// SectionReport is a section's part of a Report.
type SectionReport struct {
	Index    int     `json:"-"`
	Section  string  `json:"section"` // left to the caller
	Viewers  int     `json:"viewers"`
	Attempts float64 `json:"attempts"`
	Won      float64 `json:"won"`
	Lost     float64 `json:"lost"`
	Chance   float64 `json:"chance"`
}

// SeatReport is a seat's heat.
type SeatReport struct {
	Index    uint32  `json:"-"`
	SeatID   string  `json:"seat_id"` // left to the caller
	Viewers  int     `json:"viewers"`
	Attempts float64 `json:"attempts"`
	Chance   float64 `json:"chance"`
}

// reading is what a report is made of, as it stood at one moment.
type reading struct {
	total    sum
	viewers  int
	sections []sum
	looking  []int32
	seats    []seatReading
}

type seatReading struct {
	seat    uint32
	sum     sum
	viewers int32
}

// read copies what a report needs; pick names the seats, with mu held.
func (m *Map) read(pick func() []uint32) reading {
	m.mu.Lock()
	defer m.mu.Unlock()
	r := reading{
		total:    m.total,
		viewers:  m.viewers,
		sections: append([]sum(nil), m.sections...),
		looking:  append([]int32(nil), m.looking...),
	}
	for _, s := range pick() {
		r.seats = append(r.seats, m.readSeat(s))
	}
	return r
}

func (m *Map) readSeat(seat uint32) seatReading {
	p := m.pages[seat>>pageBits].Load()
	if p == nil {
		return seatReading{seat: seat}
	}
	i := seat % pageSeats
	return seatReading{seat, sum{float64(p.won[i]), float64(p.lost[i])}, p.viewers[i]}
}

// Report is the event's heat with its n hottest seats. available tells of a seat whether
// it is; nil means all are.
func (m *Map) Report(n int, available func(seat uint32) bool) Report {
	r := m.read(func() []uint32 {
		var seats []uint32
		for _, h := range m.hottest(n) {
			seats = append(seats, h.Seat)
		}
		return seats
	})
	if available == nil {
		available = func(uint32) bool { return true }
	}
	out := Report{
		HalfLifeSeconds: m.halfLife.Seconds(),
		Attempts:        hundredths(r.total.attempts()),
		Won:             hundredths(r.total.won),
		Lost:            hundredths(r.total.lost),
		Viewers:         r.viewers,
		Sections:        make([]SectionReport, len(r.sections)),
		Seats:           m.seatReports(r, available),
	}
	free := 0
	for i := range r.sections {
		n := m.free(i, available)
		out.Sections[i] = r.section(i, n)
		free += n
	}
	out.Chance = millionths(bounded(shrunk(r.total, 1), free, r.viewers))
	return out
}

// Seats is the heat of the given seats, in their order; those that do not exist are left
// out.
func (m *Map) Seats(seats []uint32, available func(seat uint32) bool) []SeatReport {
	r := m.read(func() []uint32 {
		known := make([]uint32, 0, len(seats))
		for _, s := range seats {
			if int64(s) < int64(m.shape.seats) {
				known = append(known, s)
			}
		}
		return known
	})
	if available == nil {
		available = func(uint32) bool { return true }
	}
	return m.seatReports(r, available)
}

func (m *Map) seatReports(r reading, available func(uint32) bool) []SeatReport {
	out := make([]SeatReport, len(r.seats))
	for i, s := range r.seats {
		free := 0
		if available(s.seat) {
			free = 1
		}
		p := shrunk(s.sum, r.sectionRate(m.shape.section(s.seat)))
		out[i] = SeatReport{
			Index:    s.seat,
			Viewers:  int(s.viewers),
			Attempts: hundredths(s.sum.attempts()),
			Chance:   millionths(bounded(p, free, int(s.viewers))),
		}
	}
	return out
}

// sectionRate is the share of a section's attempts that won, with the event's as prior.
func (r *reading) sectionRate(i int) float64 { return shrunk(r.sections[i], shrunk(r.total, 1)) }

func (r *reading) section(i, free int) SectionReport {
	return SectionReport{
		Index:    i,
		Viewers:  int(r.looking[i]),
		Attempts: hundredths(r.sections[i].attempts()),
		Won:      hundredths(r.sections[i].won),
		Lost:     hundredths(r.sections[i].lost),
		Chance:   millionths(bounded(r.sectionRate(i), free, int(r.looking[i]))),
	}
}

// free counts a section's available seats.
func (m *Map) free(section int, available func(uint32) bool) int {
	n := 0
	for s, to := m.shape.span(section); s < to; s++ {
		if available(uint32(s)) {
			n++
		}
	}
	return n
}

func hundredths(x float64) float64 { return math.Round(x*1e2) / 1e2 }

func millionths(x float64) float64 { return math.Round(x*1e6) / 1e6 }
