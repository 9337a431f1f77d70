package charts

import (
	"strings"

	"github.com/usherhq/usher/engine/chart"
	"github.com/usherhq/usher/engine/chart/jsonread"
)

// readSeatsio reads a published seats.io chart.
//
// Sections keep their labels; those within sections are called "outer-inner". What stands in no section is in one called "Main", unless its rows carry a section's label themselves. A table is
// a row of its chairs, a booth a row of one seat. A section's top left corner is added to what it holds; several floors are drawn one below the other. A seat's
// category is its own, else its row's, else its section's.
//
// seat_id is what seats.io calls the object: the labels of section (if any), row and seat, joined by "-"; white space in it becomes "_". Two things that seats.io can sell only
// whole cannot be sold so here, and are problems: a table and an area with bookAsAWhole. Shapes, texts, icons and images are left out.
func readSeatsio(data []byte) (*draft, error) {
	r, err := readJSON(data)
	if err != nil {
		return nil, err
	}
	var doc sioChart
	jsonread.Object(r, sioChartFields, &doc)
	b := newSioBuilder(&doc)
	y := 0.0
	const betweenFloors = 100.0
	for i := range doc.floors {
		b.sub(&doc.floors[i], sioPlace{y: y})
		y += doc.floors[i].height + betweenFloors
	}
	for _, z := range doc.zones {
		b.focus(z.focus, 0)
	}
	return &draft{chart: b.chart, name: b.from.name, problems: append(chart.Problems(r.Problems()), b.problems...)}, nil
}

// A sioBuilder collects the chart, section by section as their labels come up.
type sioBuilder struct {
	chart      *chart.Chart
	from       *origin
	categories map[string]string // names by key
	sections   map[string]int    // by path and name: two sections of one name stay two, and are told
	used       []rowNames
	problems   []chart.Problem
}

// sioPlace is where a sub-chart stands: its section's name (empty for none), path and category, and what is added to its coordinates.
type sioPlace struct {
	section, path, category string
	x, y                    float64
}

func newSioBuilder(doc *sioChart) *sioBuilder {
	b := &sioBuilder{
		chart:      &chart.Chart{Name: doc.name},
		categories: map[string]string{},
		sections:   map[string]int{},
		from: &origin{categories: "categories.list", fields: map[chart.Kind]map[string]string{
			chart.ACategory: {"name": "label"},
			chart.ASection:  {"name": "label"},
			chart.ARow:      {"name": "label"},
			chart.ASeat:     {"seat_id": "label", "number": "label", "category": "categoryKey"},
			chart.AnArea:    {"area_id": "label", "name": "label", "category": "categoryKey", "x": "center.x", "y": "center.y"},
		}},
	}
	for i, c := range doc.categories {
		name := c.label
		if name == "" {
			name = c.key
		}
		b.categories[c.key] = name
		b.chart.Categories = append(b.chart.Categories, chart.Category{Name: name, Color: colorOr(c.color, i)})
	}
	return b
}

func (b *sioBuilder) sub(s *sioSub, at sioPlace) {
	for i := range s.rows {
		b.row(&s.rows[i], at)
	}
	for i := range s.tables {
		if s.tables[i].whole {
			b.note(s.tables[i].path+".bookAsAWhole", "a table can only be sold chair by chair here")
		}
		b.row(&s.tables[i], at)
	}
	for i := range s.singles {
		b.booth(&s.singles[i], at)
	}
	for i := range s.areas {
		b.area(&s.areas[i], at)
	}
	for i := range s.sections {
		b.section(&s.sections[i], at)
	}
	b.focus(s.focus, at.y)
}

func (b *sioBuilder) section(s *sioSection, at sioPlace) {
	inner := sioPlace{section: s.label, path: s.path, category: s.category, x: at.x + s.topLeft.x, y: at.y + s.topLeft.y}
	if at.section != "" {
		inner.section = at.section + "-" + s.label
	}
	if inner.category == "" {
		inner.category = at.category
	}
	s.sub.focus = position{} // the chart's own focal point is the root's
	b.sub(&s.sub, inner)
}

// row adds a row or table.
func (b *sioBuilder) row(w *sioRow, at sioPlace) {
	if len(w.seats) == 0 {
		return
	}
	if at.section == "" && w.section != "" {
		at.section = w.section
	}
	if w.category != "" {
		at.category = w.category
	}
	seats := make([]chart.Seat, len(w.seats))
	for k := range w.seats {
		s := &w.seats[k]
		seats[k] = chart.Seat{
			SeatID: sioID(at.section, w.label, s.label), Number: s.label, Category: b.category(s.category, at.category),
			X: plus(s.x, at.x), Y: plus(s.y, at.y),
			Accessible: s.accessible, Companion: s.companion, RestrictedView: s.obscured,
		}
	}
	b.addRow(at, chart.Row{Name: w.label, Seats: seats}, originRow{path: w.path, list: "seats"})
}

// booth adds a booth: one seat, called by the booth's own label, in a row called so too.
func (b *sioBuilder) booth(w *sioRow, at sioPlace) {
	seat := chart.Seat{SeatID: sioID(at.section, w.label), Number: w.label, Category: b.category(w.category, at.category)}
	for _, p := range []position{w.center, w.topLeft} {
		if p.given && seat.X == nil {
			seat.X, seat.Y = point(p.x+at.x, p.y+at.y)
		}
	}
	b.addRow(at, chart.Row{Name: w.label, Seats: []chart.Seat{seat}}, originRow{path: w.path})
}

func (b *sioBuilder) addRow(at sioPlace, row chart.Row, from originRow) {
	name := at.section
	if name == "" {
		name = "Main"
	}
	i, known := b.sections[at.path+"\x00"+name]
	if !known {
		i = len(b.chart.Sections)
		b.sections[at.path+"\x00"+name] = i
		path := at.path
		if path == "" {
			path = from.path // a section that only its rows speak of
		}
		b.chart.Sections = append(b.chart.Sections, chart.Section{Name: name})
		b.from.sections = append(b.from.sections, originSection{path: path})
		b.used = append(b.used, rowNames{})
	}
	row.Name = b.used[i].unique(row.Name)
	b.chart.Sections[i].Rows = append(b.chart.Sections[i].Rows, row)
	b.from.sections[i].rows = append(b.from.sections[i].rows, from)
}

func (b *sioBuilder) area(a *sioArea, at sioPlace) {
	if a.whole {
		b.note(a.path+".bookAsAWhole", "an area can only be sold by number of people here")
	}
	area := chart.Area{
		AreaID: sioID(at.section, a.label), Name: a.label, Capacity: a.capacity, Category: b.category(a.category, at.category),
	}
	if a.center.given {
		area.X, area.Y = point(a.center.x+at.x, a.center.y+at.y)
	}
	b.chart.Areas = append(b.chart.Areas, area)
	b.from.areas = append(b.from.areas, a.path)
}

// category is the name for the first key that is given; a key that no category has stands for itself, and is found missing.
func (b *sioBuilder) category(keys ...string) string {
	for _, key := range keys {
		if name, known := b.categories[key]; known {
			return name
		}
		if key != "" {
			return key
		}
	}
	return ""
}

func (b *sioBuilder) focus(p position, y float64) {
	if p.given {
		b.chart.FocalPoints = append(b.chart.FocalPoints, chart.Point{X: p.x, Y: p.y + y})
	}
}

func (b *sioBuilder) note(where, problem string) {
	b.problems = append(b.problems, chart.Problem{Where: where, Problem: problem})
}

// sioID joins labels as seats.io does.
func sioID(labels ...string) string {
	var parts []string
	for _, l := range labels {
		if l = strings.Join(strings.Fields(l), "_"); l != "" {
			parts = append(parts, l)
		}
	}
	return strings.Join(parts, "-")
}

func plus(v *float64, offset float64) *float64 {
	if v == nil {
		return nil
	}
	sum := *v + offset
	return &sum
}
