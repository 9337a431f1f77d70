package chart

// Limits of a valid chart.
const (
	MaxSeats    = 1_000_000 // seats of one chart: far above any stadium, and still a seat number that fits four bytes
	MaxCapacity = 1_000_000 // people in one standing area
	MaxID       = 64        // bytes of a seat_id or area_id
	MaxText     = 128       // runes of a name, a number or a category
	// MaxCoordinate bounds |x| and |y|, so that two decimals are exact in a float64 and rounding twice gives what rounding once gave.
	MaxCoordinate = 1e9
)

// Chart is a whole seat map. Chart order, which numbers the seats, is the order of Sections, of their Rows and of those rows' Seats.
type Chart struct {
	Name        string
	Categories  []Category
	Sections    []Section
	Areas       []Area
	FocalPoints []Point // what people look at: pitch or stage; the best seats are near the first one
}

// Category is a class of seats that share a price.
type Category struct {
	Name  string // unique in the chart
	Color string // "#rgb", "#rrggbb" or empty
}

// Section is a block of seats. Its X and Y anchor its label: the middle of its seats, unless given.
type Section struct {
	Name string // unique in the chart
	X, Y *float64
	Rows []Row
}

// Row is a row of a section, its seats from one end to the other.
type Row struct {
	Name  string // unique in its section
	Seats []Seat
}

// Seat is one place that is sold exactly once an event. X and Y are absolute: no offset of section or row is added.
type Seat struct {
	SeatID         string // unique in the chart, among areas too; 1–64 of A-Z a-z 0-9 . _ -
	Number         string // what stands on the seat
	Category       string // the name of one of the chart's categories
	X, Y           *float64
	Accessible     bool // for wheelchair users
	Companion      bool // beside an accessible seat, for the person who comes along
	RestrictedView bool
}

// Area is standing room, sold by number of people. X and Y are its middle.
type Area struct {
	AreaID   string // as SeatID
	Name     string
	Capacity int // people, 1…MaxCapacity
	Category string
	X, Y     *float64
}

// Point is a place on the chart.
type Point struct{ X, Y float64 }

// Seats counts the chart's seats.
func (c *Chart) Seats() int {
	n := 0
	for i := range c.Sections {
		n += c.Sections[i].seats()
	}
	return n
}

func (s *Section) seats() int {
	n := 0
	for i := range s.Rows {
		n += len(s.Rows[i].Seats)
	}
	return n
}
