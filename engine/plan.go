package engine

import (
	"math"

	"github.com/usherhq/usher/engine/chart"
	"github.com/usherhq/usher/shard"
)

// planOf makes the plan of a chart: categories and sections are numbered in chart order,
// and seats, areas and focal point are scaled together to fit 0…shard.MaxCoordinate. It
// is computed once, by who proposes the chart, and travels; so it may round. It is nil for
// a chart with more categories, sections or areas than a plan has numbers for.
func planOf(x *chart.Index) *shard.PlanSpec {
	c := x.Chart()
	if len(c.Categories) > shard.MaxPlanGroups || len(c.Sections) > shard.MaxPlanGroups || len(c.Areas) > shard.MaxPlanAreas {
		return nil
	}
	m := planMaker{
		index: x, scale: scaleOf(x), category: make(map[string]uint16, len(c.Categories)),
		spec: &shard.PlanSpec{Categories: uint16(len(c.Categories)), Sections: uint16(len(c.Sections)), Seats: make([]shard.PlanSeat, 0, x.Len())},
	}
	for i := range c.Categories {
		m.category[c.Categories[i].Name] = uint16(i)
	}
	for i := range c.Sections {
		for j := range c.Sections[i].Rows {
			m.row(uint16(i), uint32(len(c.Sections[i].Rows[j].Seats)))
		}
	}
	for i := range c.Areas {
		m.spec.Areas = append(m.spec.Areas, shard.PlanArea{Capacity: uint32(c.Areas[i].Capacity), Category: m.category[c.Areas[i].Category]})
	}
	m.spec.FocalX, m.spec.FocalY = m.scale.to(m.scale.focus())
	return m.spec
}

type planMaker struct {
	index    *chart.Index
	spec     *shard.PlanSpec
	category map[string]uint16
	scale    *scale
}

// row adds the next n seats.
func (m *planMaker) row(section uint16, n uint32) {
	from := uint32(len(m.spec.Seats))
	aisle := aisleIn(m.index, from, from+n)
	for i := from; i < from+n; i++ {
		s := m.index.Seat(i)
		p := shard.PlanSeat{
			Category: m.category[s.Category], Section: section,
			Row: i == from, Aisle: i > from && apart(m.index, i-1, i) > aisle,
			Accessible: s.Accessible, Companion: s.Companion, Restricted: s.RestrictedView,
		}
		if s.X != nil && s.Y != nil {
			p.X, p.Y = m.scale.to(*s.X, *s.Y)
		}
		m.spec.Seats = append(m.spec.Seats, p)
	}
}

// scale turns a chart's coordinates into a plan's.
type scale struct {
	left, top, right, bottom float64 // all that has a place on the chart
	factor                   float64
	focal                    []chart.Point
}

// scale is a chart's, which takes a look at every seat: too dear for each claim that is
// near a point.
func (c *catalogue) scale(x *chart.Index) *scale {
	if s, ok := c.scales.Load(x); ok {
		return s.(*scale)
	}
	s, _ := c.scales.LoadOrStore(x, scaleOf(x))
	return s.(*scale)
}

func scaleOf(x *chart.Index) *scale {
	c := x.Chart()
	s := &scale{left: math.Inf(1), top: math.Inf(1), right: math.Inf(-1), bottom: math.Inf(-1), focal: c.FocalPoints}
	for i := range uint32(x.Len()) {
		s.include(x.Seat(i).X, x.Seat(i).Y)
	}
	for i := range c.Areas {
		s.include(c.Areas[i].X, c.Areas[i].Y)
	}
	for i := range c.FocalPoints {
		s.include(&c.FocalPoints[i].X, &c.FocalPoints[i].Y)
	}
	if size := max(s.right-s.left, s.bottom-s.top); size > 0 {
		s.factor = shard.MaxCoordinate / size
	}
	return s
}

func (s *scale) include(x, y *float64) {
	if x == nil || y == nil {
		return
	}
	s.left, s.right = min(s.left, *x), max(s.right, *x)
	s.top, s.bottom = min(s.top, *y), max(s.bottom, *y)
}

// focus is the chart's first focal point; without any, the middle of it all.
func (s *scale) focus() (x, y float64) {
	if len(s.focal) > 0 {
		return s.focal[0].X, s.focal[0].Y
	}
	return (s.left + s.right) / 2, (s.top + s.bottom) / 2
}

// to is 0, 0 where everything is at one place, or nothing has one.
func (s *scale) to(x, y float64) (int32, int32) {
	if s.factor == 0 {
		return 0, 0
	}
	return s.toOne(x - s.left), s.toOne(y - s.top)
}

func (s *scale) toOne(v float64) int32 {
	return int32(min(math.Round(v*s.factor), shard.MaxCoordinate))
}

// inside is to for a point that need not be on the chart.
func (s *scale) inside(x, y float64) (int32, int32) {
	return s.to(min(max(x, s.left), s.right), min(max(y, s.top), s.bottom))
}
