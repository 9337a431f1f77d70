package chart

import (
	"fmt"

	"github.com/usherhq/usher/engine/chart/jsonread"
)

// Validate checks what the form cannot: ids and names are well formed and unique, every category exists, sizes are within the limits, a seat has both coordinates
// or none. The error is a *BadChart that lists every problem, one for each offending seat or field, in chart order (the first 100,000 are listed, the rest counted); places are paths in usher's JSON form.
func (c *Chart) Validate() error { return bad(c.check(Place.String, true)) }

// ValidateNaming is Validate for a chart read from another format: name tells where, in that document, a part of the chart came from.
func (c *Chart) ValidateNaming(name func(Place) string) error { return bad(c.check(name, true)) }

// check finds the problems; whether categories are known is left out if they could not be read.
func (c *Chart) check(name func(Place) string, known bool) []Problem {
	v := &checker{
		name:       name,
		lost:       !known,
		ids:        make(map[string]Place, c.Seats()+len(c.Areas)),
		categories: make(map[string]Place, len(c.Categories)),
		sections:   make(map[string]Place, len(c.Sections)),
	}
	v.text(Place{Field: "name"}, c.Name)
	for i := range c.Categories {
		v.category(Place{Kind: ACategory, I: i}, &c.Categories[i])
	}
	for i := range c.Sections {
		v.section(Place{Kind: ASection, I: i}, &c.Sections[i])
	}
	for i := range c.Areas {
		v.area(Place{Kind: AnArea, I: i}, &c.Areas[i])
	}
	for i := range c.FocalPoints {
		v.position(Place{Kind: AFocalPoint, I: i}, &c.FocalPoints[i].X, &c.FocalPoints[i].Y)
	}
	v.whole(c)
	if v.unlisted > 0 {
		more := fmt.Sprintf("has %d more problems, not listed", v.unlisted)
		v.problems = append(v.problems, Problem{Where: v.name(Place{}), Problem: more})
	}
	return v.problems
}

// A checker collects problems and remembers where each id and name stood first.
type checker struct {
	name                      func(Place) string
	problems                  []Problem
	unlisted                  int
	lost                      bool // the categories
	ids, categories, sections map[string]Place
}

func (v *checker) whole(c *Chart) {
	switch n := c.Seats(); {
	case n > MaxSeats:
		v.note(Place{}, "has %d seats; at most %d can be sold", n, MaxSeats)
	case n == 0 && len(c.Areas) == 0:
		v.note(Place{}, "has no seat and no area")
	}
}

func (v *checker) category(p Place, c *Category) {
	v.text(p.of("name"), c.Name)
	v.unique(p.of("name"), "category", c.Name, v.categories)
	if !isColor(c.Color) {
		v.note(p.of("color"), "%s is not a colour of the form #rgb or #rrggbb", show(c.Color))
	}
}

func (v *checker) section(p Place, s *Section) {
	v.text(p.of("name"), s.Name)
	v.unique(p.of("name"), "section", s.Name, v.sections)
	v.position(p, s.X, s.Y)
	rows, drawn := make(map[string]Place, len(s.Rows)), s.drawn()
	for j := range s.Rows {
		at := Place{Kind: ARow, I: p.I, J: j}
		v.row(at, &s.Rows[j], rows)
		for k := range s.Rows[j].Seats {
			v.seat(Place{Kind: ASeat, I: p.I, J: j, K: k}, &s.Rows[j].Seats[k], drawn)
		}
	}
}

// row checks a row's name, which may be empty: a section of a single row often has none.
func (v *checker) row(p Place, r *Row, rows map[string]Place) {
	v.text(p.of("name"), r.Name)
	if first, taken := rows[r.Name]; taken {
		v.note(p.of("name"), "row %s is already at %s", show(r.Name), v.name(first))
		return
	}
	rows[r.Name] = p
}

// seat checks a seat. drawn tells whether its section has coordinates: all its seats must have them then, since a place made up for some would lie among them.
func (v *checker) seat(p Place, s *Seat, drawn bool) {
	v.id(p.of("seat_id"), s.SeatID)
	v.text(p.of("number"), s.Number)
	v.known(p.of("category"), s.Category)
	v.position(p, s.X, s.Y)
	if drawn && s.X == nil && s.Y == nil {
		v.note(p.of("x"), "x and y are missing: other seats of the section have them")
	}
}

func (v *checker) area(p Place, a *Area) {
	v.id(p.of("area_id"), a.AreaID)
	v.text(p.of("name"), a.Name)
	v.known(p.of("category"), a.Category)
	v.position(p, a.X, a.Y)
	if a.Capacity < 1 || a.Capacity > MaxCapacity {
		v.note(p.of("capacity"), "capacity %d is not between 1 and %d", a.Capacity, MaxCapacity)
	}
}

// id checks a seat_id or area_id. Both are one family: an order names either, and must not be in doubt.
func (v *checker) id(p Place, id string) {
	if !IsID(id) {
		v.note(p, "%s is no id: 1–%d of A-Z a-z 0-9 . _ - are allowed", show(id), MaxID)
		return
	}
	if first, taken := v.ids[id]; taken {
		v.note(p, "%s is already the id at %s", show(id), v.name(first))
		return
	}
	v.ids[id] = p
}

// unique checks a name that must be there and stand only once.
func (v *checker) unique(p Place, what, name string, taken map[string]Place) {
	if name == "" {
		v.note(p, "%s name is empty", what)
		return
	}
	if first, twice := taken[name]; twice {
		v.note(p, "%s %s is already at %s", what, show(name), v.name(first))
		return
	}
	taken[name] = p
}

func (v *checker) known(p Place, category string) {
	if _, ok := v.categories[category]; !ok && !v.lost {
		v.note(p, "%s is not a category of this chart", show(category))
	}
}

func (v *checker) text(p Place, s string) {
	if flaw := textFlaw(s); flaw != "" {
		v.note(p, "%s %s", p.Field, flaw)
	}
}

func (v *checker) position(p Place, x, y *float64) {
	if x != nil && !isCoordinate(*x) {
		v.note(p.of("x"), "%v is not a finite number of at most ±%.0f", *x, MaxCoordinate)
	}
	if y != nil && !isCoordinate(*y) {
		v.note(p.of("y"), "%v is not a finite number of at most ±%.0f", *y, MaxCoordinate)
	}
	if x == nil && y != nil {
		v.note(p.of("x"), "x is missing: a place needs both x and y")
	}
	if x != nil && y == nil {
		v.note(p.of("y"), "y is missing: a place needs both x and y")
	}
}

func (v *checker) note(p Place, format string, args ...any) {
	if len(v.problems) >= jsonread.MaxProblems {
		v.unlisted++
		return
	}
	v.problems = append(v.problems, Problem{Where: v.name(p), Problem: fmt.Sprintf(format, args...)})
}
