package shard

// Bounds of a plan.
const (
	MaxPlanAreas  = 2_048
	MaxPlanGroups = 1<<16 - 1 // categories; sections likewise
	// MaxCoordinate bounds a plan's coordinates, so that squared distances of doubled ones
	// are far from overflowing.
	MaxCoordinate = 1 << 20
)

// PlanSeat is a seat as whoever makes a plan describes it. Seats follow each other in
// chart order, row by row.
type PlanSeat struct {
	Category, Section uint16 // from 0 on
	Row               bool   // the first seat of a row; the first seat of all always is
	Aisle             bool   // an aisle runs between this seat and the one before it in its row
	Accessible        bool
	Companion         bool
	Restricted        bool
	X, Y              int32 // 0…MaxCoordinate
}

// PlanArea is standing room.
type PlanArea struct {
	Capacity uint32
	Category uint16 // from 0 on
}

// PlanSpec is what a plan is made of. [PlanSpec.Encode] makes the document that travels
// through the log, [DecodePlan] the plan out of it.
type PlanSpec struct {
	Categories, Sections uint16 // how many there are
	Seats                []PlanSeat
	Areas                []PlanArea
	FocalX, FocalY       int32 // the best seats are near it, unless asked otherwise
}

// Plan is the geometry of a chart as far as the state machine needs it. It never
// changes, all events of the chart share it, and it costs about 18 bytes a seat.
type Plan struct {
	categories, sections uint16
	focal                point
	areas                []PlanArea

	at       []point
	category []uint16
	section  []uint16
	traits   []trait

	rows      spans
	stretches spans // maximal runs of seats of one row with no aisle between; rows itself if there is no aisle

	plain      seatSet // neither accessible nor companion
	accessible countedSet
	companion  countedSet // and not accessible
	inCategory sieve
	inSection  sieve
}

type point struct{ x, y int32 }

// trait is a set of flags of a seat.
type trait uint8

const (
	isRow trait = 1 << iota
	isAisle
	isAccessible
	isCompanion
	isRestricted
)

func (s *PlanSeat) traits() trait {
	return isRow.when(s.Row) | isAisle.when(s.Aisle) | isAccessible.when(s.Accessible) |
		isCompanion.when(s.Companion) | isRestricted.when(s.Restricted)
}

// when is the trait, or none.
func (t trait) when(set bool) trait {
	if set {
		return t
	}
	return 0
}

// Seats is the number of seats.
func (p *Plan) Seats() uint32 { return uint32(len(p.at)) }

// Categories is the number of categories.
func (p *Plan) Categories() uint16 { return p.categories }

// Sections is the number of sections.
func (p *Plan) Sections() uint16 { return p.sections }

// Areas are the standing areas in chart order; not to be written to.
func (p *Plan) Areas() []PlanArea { return p.areas }

// Focal is the point that the best seats are near to.
func (p *Plan) Focal() (x, y int32) { return p.focal.x, p.focal.y }

// Category of a seat, from 0 on. It panics, as all that take a seat do, unless
// seat < Seats().
func (p *Plan) Category(seat uint32) uint16 { return p.category[seat] }

// Section of a seat, from 0 on.
func (p *Plan) Section(seat uint32) uint16 { return p.section[seat] }

// Seat is a seat as the plan's maker described it.
func (p *Plan) Seat(seat uint32) PlanSeat {
	t := p.traits[seat]
	return PlanSeat{
		Category: p.category[seat], Section: p.section[seat],
		Row: t&isRow != 0, Aisle: t&isAisle != 0,
		Accessible: t&isAccessible != 0, Companion: t&isCompanion != 0, Restricted: t&isRestricted != 0,
		X: p.at[seat].x, Y: p.at[seat].y,
	}
}

// linked tells whether a seat has the one before it for a neighbour in its stretch. The
// seat may be Seats(), which has none.
func (p *Plan) linked(seat uint32) bool {
	return seat < p.Seats() && !p.stretches.starts.has(seat)
}
