package charts

import (
	"github.com/usherhq/usher/engine/chart"
	"github.com/usherhq/usher/engine/chart/jsonread"
)

// What usher takes from a pretix seating plan; its schema is src/pretix/static/seating/seating-plan.schema.json in pretix/pretix.
type (
	pretixPlan struct {
		name       string
		categories []chart.Category
		zones      []pretixZone
	}
	pretixZone struct {
		name, id string
		position position
		rows     []pretixRow
	}
	pretixRow struct {
		number, label string
		position      position
		seats         []pretixSeat
	}
	pretixSeat struct {
		guid, number, category string
		position               position
	}
	position struct {
		x, y  float64
		given bool
	}
)

var (
	pretixPlanFields = []jsonread.Field[pretixPlan]{
		jsonread.May("name", func(r *jsonread.Reader, p *pretixPlan) { p.name = r.Text() }),
		jsonread.Need("categories", func(r *jsonread.Reader, p *pretixPlan) { p.categories = jsonread.List(r, readPretixCategory) }),
		jsonread.Need("zones", func(r *jsonread.Reader, p *pretixPlan) { p.zones = jsonread.List(r, readPretixZone) }),
	}
	pretixCategoryFields = []jsonread.Field[chart.Category]{
		jsonread.Need("name", func(r *jsonread.Reader, c *chart.Category) { c.Name = r.Text() }),
		jsonread.May("color", func(r *jsonread.Reader, c *chart.Category) { c.Color = r.Text() }),
	}
	pretixZoneFields = []jsonread.Field[pretixZone]{
		jsonread.May("name", func(r *jsonread.Reader, z *pretixZone) { z.name = r.Text() }),
		jsonread.May("zone_id", func(r *jsonread.Reader, z *pretixZone) { z.id = r.Label() }),
		jsonread.May("position", func(r *jsonread.Reader, z *pretixZone) { z.position = readPosition(r) }),
		jsonread.Need("rows", func(r *jsonread.Reader, z *pretixZone) { z.rows = jsonread.List(r, readPretixRow) }),
	}
	pretixRowFields = []jsonread.Field[pretixRow]{
		jsonread.May("row_number", func(r *jsonread.Reader, w *pretixRow) { w.number = r.Label() }),
		jsonread.May("row_label", func(r *jsonread.Reader, w *pretixRow) { w.label = r.Label() }),
		jsonread.May("position", func(r *jsonread.Reader, w *pretixRow) { w.position = readPosition(r) }),
		jsonread.Need("seats", func(r *jsonread.Reader, w *pretixRow) { w.seats = jsonread.List(r, readPretixSeat) }),
	}
	pretixSeatFields = []jsonread.Field[pretixSeat]{
		jsonread.Need("seat_guid", func(r *jsonread.Reader, s *pretixSeat) { s.guid = r.Text() }),
		jsonread.Need("seat_number", func(r *jsonread.Reader, s *pretixSeat) { s.number = r.Label() }),
		jsonread.Need("category", func(r *jsonread.Reader, s *pretixSeat) { s.category = r.Shared() }),
		jsonread.May("position", func(r *jsonread.Reader, s *pretixSeat) { s.position = readPosition(r) }),
	}
	positionFields = []jsonread.Field[position]{
		jsonread.Need("x", func(r *jsonread.Reader, p *position) { p.x = orZero(r.Number()) }),
		jsonread.Need("y", func(r *jsonread.Reader, p *position) { p.y = orZero(r.Number()) }),
	}
)

func readPretixCategory(r *jsonread.Reader, c *chart.Category) {
	jsonread.Object(r, pretixCategoryFields, c)
}
func readPretixZone(r *jsonread.Reader, z *pretixZone) { jsonread.Object(r, pretixZoneFields, z) }
func readPretixRow(r *jsonread.Reader, w *pretixRow)   { jsonread.Object(r, pretixRowFields, w) }
func readPretixSeat(r *jsonread.Reader, s *pretixSeat) { jsonread.Object(r, pretixSeatFields, s) }

func readPosition(r *jsonread.Reader) position {
	p := position{given: true}
	jsonread.Object(r, positionFields, &p)
	return p
}

func orZero(v *float64) float64 {
	if v == nil {
		return 0
	}
	return *v
}

// readPretix reads a pretix seating plan. Zones become sections; a zone's, a row's and a seat's positions add up. seat_guid is the seat_id as it stands: tickets already sold name
// it, so one that does not fit is a problem, not something to mend. A zone's areas are drawings (stages, bars, outlines), not standing room, and are left out, as
// are rows without seats and zones without any.
func readPretix(data []byte) (*draft, error) {
	r, err := readJSON(data)
	if err != nil {
		return nil, err
	}
	var plan pretixPlan
	jsonread.Object(r, pretixPlanFields, &plan)
	c, from := plan.chart()
	return &draft{chart: c, name: from.name, problems: chart.Problems(r.Problems())}, nil
}

func (p *pretixPlan) chart() (*chart.Chart, *origin) {
	c := &chart.Chart{Name: p.name, Categories: p.categories}
	for i := range c.Categories {
		c.Categories[i].Color = colorOr(c.Categories[i].Color, i)
	}
	from := &origin{categories: "categories", fields: map[chart.Kind]map[string]string{
		chart.ARow:  {"name": "row_number"},
		chart.ASeat: {"seat_id": "seat_guid", "number": "seat_number", "x": "position.x", "y": "position.y"},
	}}
	for i := range p.zones {
		section, rows := p.zones[i].section(element("zones", i))
		if len(section.Rows) == 0 {
			continue
		}
		c.Sections = append(c.Sections, section)
		from.sections = append(from.sections, rows)
	}
	return c, from
}

func (z *pretixZone) section(path string) (chart.Section, originSection) {
	s, from, used := chart.Section{Name: z.name}, originSection{path: path}, rowNames{}
	if s.Name == "" {
		s.Name = z.id
	}
	for j := range z.rows {
		row := &z.rows[j]
		if len(row.seats) == 0 {
			continue
		}
		name := row.number
		if name == "" {
			name = row.label
		}
		seats := row.chartSeats(z.position.x+row.position.x, z.position.y+row.position.y)
		s.Rows = append(s.Rows, chart.Row{Name: used.unique(name), Seats: seats})
		from.rows = append(from.rows, originRow{path: element(path+".rows", j), list: "seats"})
	}
	return s, from
}

func (w *pretixRow) chartSeats(x, y float64) []chart.Seat {
	seats := make([]chart.Seat, len(w.seats))
	for k := range w.seats {
		s := &w.seats[k]
		seats[k] = chart.Seat{SeatID: s.guid, Number: s.number, Category: s.category}
		if s.position.given {
			seats[k].X, seats[k].Y = point(x+s.position.x, y+s.position.y)
		}
	}
	return seats
}

func point(x, y float64) (*float64, *float64) { return &x, &y }
