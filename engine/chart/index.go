package chart

import "sort"

// Index numbers a chart's seats densely, 0…Len()−1 in chart order, and finds them by name. It is built once a chart, never changes, and may be used by any number
// of goroutines at once. It points into the chart, which must not change any more.
type Index struct {
	chart    *Chart
	find     map[string]uint32
	seats    []*Seat
	rows     []rowSpan // ascending; empty rows are left out
	sections map[string]span
	areas    map[string]int
}

// span is the seats from ≤ i < to.
type span struct{ from, to uint32 }

type rowSpan struct {
	span
	section, row int
}

// NewIndex numbers the seats of a valid chart. Where ids or names stand twice (no valid chart has that) the first one counts.
func NewIndex(c *Chart) *Index {
	n := c.Seats()
	x := &Index{
		chart:    c,
		find:     make(map[string]uint32, n),
		seats:    make([]*Seat, 0, n),
		sections: make(map[string]span, len(c.Sections)),
		areas:    make(map[string]int, len(c.Areas)),
	}
	for i := range c.Sections {
		x.addSection(i)
	}
	for i := range c.Areas {
		if _, taken := x.areas[c.Areas[i].AreaID]; !taken {
			x.areas[c.Areas[i].AreaID] = i
		}
	}
	return x
}

func (x *Index) addSection(i int) {
	s, from := &x.chart.Sections[i], uint32(len(x.seats))
	for j := range s.Rows {
		x.addRow(i, j)
	}
	if _, taken := x.sections[s.Name]; !taken {
		x.sections[s.Name] = span{from, uint32(len(x.seats))}
	}
}

func (x *Index) addRow(i, j int) {
	row, from := &x.chart.Sections[i].Rows[j], uint32(len(x.seats))
	for k := range row.Seats {
		seat := &row.Seats[k]
		if _, taken := x.find[seat.SeatID]; !taken {
			x.find[seat.SeatID] = uint32(len(x.seats))
		}
		x.seats = append(x.seats, seat)
	}
	if to := uint32(len(x.seats)); to > from {
		x.rows = append(x.rows, rowSpan{span{from, to}, i, j})
	}
}

// Len is the number of seats.
func (x *Index) Len() int { return len(x.seats) }

// Find is the number of the seat with this id; false if the chart has none. It costs one hash look-up and allocates nothing.
func (x *Index) Find(seatID string) (uint32, bool) {
	i, ok := x.find[seatID]
	return i, ok
}

// ID is the seat_id of seat i. It panics, as all that take a seat number do, unless i < Len().
func (x *Index) ID(i uint32) string { return x.seats[i].SeatID }

// Seat is seat i, inside the chart: to be read only.
func (x *Index) Seat(i uint32) *Seat { return x.seats[i] }

// Category is the name of seat i's category.
func (x *Index) Category(i uint32) string { return x.seats[i].Category }

// Section is the name of seat i's section.
func (x *Index) Section(i uint32) string { return x.chart.Sections[x.rowOf(i).section].Name }

// Row is the name of seat i's row.
func (x *Index) Row(i uint32) string {
	r := x.rowOf(i)
	return x.chart.Sections[r.section].Rows[r.row].Name
}

// RowRange is the seats of seat i's row, from ≤ s < to, i among them. Seats that follow each other in it are neighbours.
func (x *Index) RowRange(i uint32) (from, to uint32) {
	r := x.rowOf(i)
	return r.from, r.to
}

// SectionRange is the seats of a section, from ≤ i < to: in chart order they always stand together. False if the chart has no such section.
func (x *Index) SectionRange(name string) (from, to uint32, ok bool) {
	s, ok := x.sections[name]
	return s.from, s.to, ok
}

// SectionStarts is the first seat of each section in chart order, so ascending; one without seats begins where the next does.
func (x *Index) SectionStarts() []uint32 {
	starts, n := make([]uint32, len(x.chart.Sections)), 0
	for i := range x.chart.Sections {
		starts[i] = uint32(n)
		for j := range x.chart.Sections[i].Rows {
			n += len(x.chart.Sections[i].Rows[j].Seats)
		}
	}
	return starts
}

// Areas is the chart's standing areas in chart order; live frames number them so. To be read only.
func (x *Index) Areas() []Area { return x.chart.Areas }

// FindArea is the place of an area in Areas; false if there is none with this id.
func (x *Index) FindArea(areaID string) (int, bool) {
	i, ok := x.areas[areaID]
	return i, ok
}

// Chart is the chart that was indexed. To be read only.
func (x *Index) Chart() *Chart { return x.chart }

// rowOf searches the rows by halves, a dozen steps: cheaper to keep than four more bytes for each seat, and off the hot path.
func (x *Index) rowOf(i uint32) rowSpan {
	_ = x.seats[i] // a seat number out of range must not pass for one of the last row
	return x.rows[sort.Search(len(x.rows), func(r int) bool { return x.rows[r].to > i })]
}
