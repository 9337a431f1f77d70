package chart

import (
	"slices"
	"strings"

	"github.com/usherhq/usher/engine/chart/jsonread"
)

// What usher's JSON form has, object by object. Categories, sections and areas may be left out (a hall without standing room, a field without seats).
var (
	chartFields = []jsonread.Field[Chart]{
		jsonread.May("name", func(r *jsonread.Reader, c *Chart) { c.Name = r.Text() }),
		jsonread.May("categories", func(r *jsonread.Reader, c *Chart) { c.Categories = jsonread.List(r, readCategory) }),
		jsonread.May("sections", func(r *jsonread.Reader, c *Chart) { c.Sections = jsonread.List(r, readSection) }),
		jsonread.May("areas", func(r *jsonread.Reader, c *Chart) { c.Areas = jsonread.List(r, readArea) }),
		jsonread.May("focal_points", func(r *jsonread.Reader, c *Chart) { c.FocalPoints = jsonread.List(r, readPoint) }),
	}
	categoryFields = []jsonread.Field[Category]{
		jsonread.Need("name", func(r *jsonread.Reader, c *Category) { c.Name = r.Text() }),
		jsonread.May("color", func(r *jsonread.Reader, c *Category) { c.Color = r.Text() }),
	}
	sectionFields = []jsonread.Field[Section]{
		jsonread.Need("name", func(r *jsonread.Reader, s *Section) { s.Name = r.Text() }),
		jsonread.May("x", func(r *jsonread.Reader, s *Section) { s.X = r.Number() }),
		jsonread.May("y", func(r *jsonread.Reader, s *Section) { s.Y = r.Number() }),
		jsonread.Need("rows", func(r *jsonread.Reader, s *Section) { s.Rows = jsonread.List(r, readRow) }),
	}
	rowFields = []jsonread.Field[Row]{
		jsonread.Need("name", func(r *jsonread.Reader, w *Row) { w.Name = r.Text() }),
		jsonread.Need("seats", func(r *jsonread.Reader, w *Row) { w.Seats = jsonread.List(r, readSeat) }),
	}
	seatFields = []jsonread.Field[Seat]{
		jsonread.Need("seat_id", func(r *jsonread.Reader, s *Seat) { s.SeatID = r.Text() }),
		jsonread.Need("number", func(r *jsonread.Reader, s *Seat) { s.Number = r.Text() }),
		jsonread.Need("category", func(r *jsonread.Reader, s *Seat) { s.Category = r.Shared() }),
		jsonread.May("x", func(r *jsonread.Reader, s *Seat) { s.X = r.Number() }),
		jsonread.May("y", func(r *jsonread.Reader, s *Seat) { s.Y = r.Number() }),
		jsonread.May("accessible", func(r *jsonread.Reader, s *Seat) { s.Accessible = r.Bool() }),
		jsonread.May("companion", func(r *jsonread.Reader, s *Seat) { s.Companion = r.Bool() }),
		jsonread.May("restricted_view", func(r *jsonread.Reader, s *Seat) { s.RestrictedView = r.Bool() }),
	}
	areaFields = []jsonread.Field[Area]{
		jsonread.Need("area_id", func(r *jsonread.Reader, a *Area) { a.AreaID = r.Text() }),
		jsonread.Need("name", func(r *jsonread.Reader, a *Area) { a.Name = r.Text() }),
		jsonread.Need("capacity", func(r *jsonread.Reader, a *Area) { a.Capacity = r.Whole() }),
		jsonread.Need("category", func(r *jsonread.Reader, a *Area) { a.Category = r.Text() }),
		jsonread.May("x", func(r *jsonread.Reader, a *Area) { a.X = r.Number() }),
		jsonread.May("y", func(r *jsonread.Reader, a *Area) { a.Y = r.Number() }),
	}
	pointFields = []jsonread.Field[Point]{
		jsonread.Need("x", func(r *jsonread.Reader, p *Point) { p.X = orZero(r.Number()) }),
		jsonread.Need("y", func(r *jsonread.Reader, p *Point) { p.Y = orZero(r.Number()) }),
	}
)

func readCategory(r *jsonread.Reader, c *Category) { jsonread.Object(r, categoryFields, c) }
func readSection(r *jsonread.Reader, s *Section)   { jsonread.Object(r, sectionFields, s) }
func readRow(r *jsonread.Reader, w *Row)           { jsonread.Object(r, rowFields, w) }
func readSeat(r *jsonread.Reader, s *Seat)         { jsonread.Object(r, seatFields, s) }
func readArea(r *jsonread.Reader, a *Area)         { jsonread.Object(r, areaFields, a) }
func readPoint(r *jsonread.Reader, p *Point)       { jsonread.Object(r, pointFields, p) }

// orZero stands in for a coordinate that could not be read, and has been noted.
func orZero(v *float64) float64 {
	if v == nil {
		return 0
	}
	return *v
}

// Decode reads usher's JSON form. A chart whose form is right comes back as it stands, not yet validated. Otherwise the error is a *BadChart that lists what is
// wrong with the form (unknown fields, wrong types, fields given twice or left out) and what Validate finds in the rest; text that is no JSON, or goes
// on after the chart, is one problem with its line and column. data is not kept.
func Decode(data []byte) (*Chart, error) {
	r, p := jsonread.New(data, false)
	if p != nil {
		return nil, bad([]Problem{Problem(*p)})
	}
	c := new(Chart)
	jsonread.Object(r, chartFields, c)
	form := Problems(r.Problems())
	if len(form) > 0 {
		return nil, bad(append(form, c.ValidateBeyond(form, Place.String)...))
	}
	return c, nil
}

// Problems are a reader's problems as a chart's.
func Problems(noted []jsonread.Problem) []Problem {
	problems := make([]Problem, len(noted))
	for i, p := range noted {
		problems[i] = Problem(p)
	}
	return problems
}

// ValidateBeyond is what ValidateNaming finds beyond problems of the form, met while the chart was read and named in the same way: nothing at or inside a place already
// named, nothing that only follows from one (a list of categories that could not be read leaves every seat without its category).
func (c *Chart) ValidateBeyond(form []Problem, name func(Place) string) []Problem {
	named, categories := map[string]bool{}, true
	for _, p := range form {
		named[p.Where] = true
		categories = categories && !strings.HasPrefix(p.Where, "categories")
	}
	if named["chart"] {
		return nil
	}
	whole := name(Place{})
	return slices.DeleteFunc(c.check(name, categories), func(p Problem) bool {
		return len(form) > 0 && p.Where == whole || inside(p.Where, named)
	})
}

// inside tells whether a path, or one that it leads through, is among those named.
func inside(path string, named map[string]bool) bool {
	for path != "" {
		if named[path] {
			return true
		}
		path = path[:max(0, strings.LastIndexAny(path, ".["))]
	}
	return false
}
