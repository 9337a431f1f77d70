package charts

import "github.com/usherhq/usher/engine/chart/jsonread"

// What usher takes from a seats.io chart as its API publishes it. The format has no public schema; this follows the charts in seats.io's own client libraries' tests (versions
// 17 to 22 of the format).
type (
	sioChart struct {
		name       string
		categories []sioCategory
		zones      []sioZone
		floors     []sioSub
	}
	sioCategory struct{ label, key, color string }
	sioZone     struct{ focus position }
	// sioSub is what stands on a floor or in a section, its coordinates counted from that section's top left corner.
	sioSub struct {
		path                  string
		height                float64
		rows, tables, singles []sioRow // singles: booths, each as a row of one
		areas                 []sioArea
		sections              []sioSection
		focus                 position
	}
	sioSection struct {
		path            string
		label, category string
		topLeft         position
		sub             sioSub
	}
	// sioRow is a row, a table with its chairs, or a booth.
	sioRow struct {
		path            string
		label, section  string
		category        string
		seats           []sioSeat
		whole           bool
		center, topLeft position
	}
	sioSeat struct {
		label, category                 string
		x, y                            *float64
		accessible, companion, obscured bool
	}
	sioArea struct {
		path            string
		label, category string
		capacity        int
		whole           bool
		center          position
	}
)

var (
	sioChartFields = []jsonread.Field[sioChart]{
		jsonread.May("name", func(r *jsonread.Reader, c *sioChart) { c.name = r.Text() }),
		jsonread.Need("categories", func(r *jsonread.Reader, c *sioChart) { c.categories = readInner(r, readSioCategory) }),
		jsonread.May("zones", func(r *jsonread.Reader, c *sioChart) { c.zones = readInner(r, readSioZone) }),
		jsonread.May("subChart", func(r *jsonread.Reader, c *sioChart) {
			var floor sioSub
			readSioSub(r, &floor)
			c.floors = append(c.floors, floor)
		}),
		jsonread.May("subChartFloors", func(r *jsonread.Reader, c *sioChart) {
			c.floors = append(c.floors, jsonread.List(r, readSioSub)...)
		}),
	}
	sioCategoryFields = []jsonread.Field[sioCategory]{
		jsonread.May("label", func(r *jsonread.Reader, c *sioCategory) { c.label = r.Label() }),
		jsonread.Need("key", func(r *jsonread.Reader, c *sioCategory) { c.key = r.Label() }),
		jsonread.May("color", func(r *jsonread.Reader, c *sioCategory) { c.color = r.Text() }),
	}
	sioZoneFields = []jsonread.Field[sioZone]{
		jsonread.May("focalPoint", func(r *jsonread.Reader, z *sioZone) { z.focus = readPosition(r) }),
	}
	sioRowFields = []jsonread.Field[sioRow]{
		jsonread.Need("label", func(r *jsonread.Reader, w *sioRow) { w.label = r.Label() }),
		jsonread.May("sectionLabel", func(r *jsonread.Reader, w *sioRow) { w.section = r.Label() }),
		jsonread.May("categoryKey", func(r *jsonread.Reader, w *sioRow) { w.category = r.Label() }),
		jsonread.May("bookAsAWhole", func(r *jsonread.Reader, w *sioRow) { w.whole = r.Bool() }),
		jsonread.May("center", func(r *jsonread.Reader, w *sioRow) { w.center = readPosition(r) }),
		jsonread.May("topLeft", func(r *jsonread.Reader, w *sioRow) { w.topLeft = readPosition(r) }),
		jsonread.May("seats", func(r *jsonread.Reader, w *sioRow) { w.seats = jsonread.List(r, readSioSeat) }),
	}
	sioSeatFields = []jsonread.Field[sioSeat]{
		jsonread.Need("label", func(r *jsonread.Reader, s *sioSeat) { s.label = r.Label() }),
		jsonread.May("categoryKey", func(r *jsonread.Reader, s *sioSeat) { s.category = r.Label() }),
		jsonread.May("x", func(r *jsonread.Reader, s *sioSeat) { s.x = r.Number() }),
		jsonread.May("y", func(r *jsonread.Reader, s *sioSeat) { s.y = r.Number() }),
		jsonread.May("accessible", func(r *jsonread.Reader, s *sioSeat) { s.accessible = r.Bool() }),
		jsonread.May("companionSeat", func(r *jsonread.Reader, s *sioSeat) { s.companion = r.Bool() }),
		jsonread.May("restrictedView", func(r *jsonread.Reader, s *sioSeat) { s.obscured = r.Bool() }),
	}
	sioAreaFields = []jsonread.Field[sioArea]{
		jsonread.Need("label", func(r *jsonread.Reader, a *sioArea) { a.label = r.Label() }),
		jsonread.Need("capacity", func(r *jsonread.Reader, a *sioArea) { a.capacity = r.Whole() }),
		jsonread.May("categoryKey", func(r *jsonread.Reader, a *sioArea) { a.category = r.Label() }),
		jsonread.May("bookAsAWhole", func(r *jsonread.Reader, a *sioArea) { a.whole = r.Bool() }),
		jsonread.May("center", func(r *jsonread.Reader, a *sioArea) { a.center = readPosition(r) }),
	}
)

func readSioCategory(r *jsonread.Reader, c *sioCategory) { jsonread.Object(r, sioCategoryFields, c) }
func readSioZone(r *jsonread.Reader, z *sioZone)         { jsonread.Object(r, sioZoneFields, z) }
func readSioSeat(r *jsonread.Reader, s *sioSeat)         { jsonread.Object(r, sioSeatFields, s) }

func readSioRow(r *jsonread.Reader, w *sioRow) {
	w.path = r.Where()
	jsonread.Object(r, sioRowFields, w)
}

func readSioArea(r *jsonread.Reader, a *sioArea) {
	a.path = r.Where()
	jsonread.Object(r, sioAreaFields, a)
}

// readInner reads the list that seats.io wraps in an object of its own: {"list": […]}.
func readInner[T any](r *jsonread.Reader, one func(*jsonread.Reader, *T)) (list []T) {
	fields := []jsonread.Field[[]T]{jsonread.May("list", func(r *jsonread.Reader, l *[]T) { *l = jsonread.List(r, one) })}
	jsonread.Object(r, fields, &list)
	return list
}

// readSioSub makes its table of fields at each call: sections hold sub-charts again, and a table in a variable would be its own initialiser.
func readSioSub(r *jsonread.Reader, s *sioSub) {
	s.path = r.Where()
	jsonread.Object(r, []jsonread.Field[sioSub]{
		jsonread.May("height", func(r *jsonread.Reader, s *sioSub) { s.height = orZero(r.Number()) }),
		jsonread.May("rows", func(r *jsonread.Reader, s *sioSub) { s.rows = jsonread.List(r, readSioRow) }),
		jsonread.May("tables", func(r *jsonread.Reader, s *sioSub) { s.tables = jsonread.List(r, readSioRow) }),
		jsonread.May("booths", func(r *jsonread.Reader, s *sioSub) { s.singles = jsonread.List(r, readSioRow) }),
		jsonread.May("generalAdmissionAreas", func(r *jsonread.Reader, s *sioSub) { s.areas = jsonread.List(r, readSioArea) }),
		jsonread.May("sections", func(r *jsonread.Reader, s *sioSub) { s.sections = jsonread.List(r, readSioSection) }),
		jsonread.May("focalPoint", func(r *jsonread.Reader, s *sioSub) { s.focus = readPosition(r) }),
	}, s)
}

func readSioSection(r *jsonread.Reader, s *sioSection) {
	s.path = r.Where()
	jsonread.Object(r, []jsonread.Field[sioSection]{
		jsonread.Need("label", func(r *jsonread.Reader, s *sioSection) { s.label = r.Label() }),
		jsonread.May("categoryKey", func(r *jsonread.Reader, s *sioSection) { s.category = r.Label() }),
		jsonread.May("topLeft", func(r *jsonread.Reader, s *sioSection) { s.topLeft = readPosition(r) }),
		jsonread.May("subChart", func(r *jsonread.Reader, s *sioSection) { readSioSub(r, &s.sub) }),
	}, s)
}
