package chart

import "math"

// Distances of an automatic layout.
const (
	SeatPitch = 10.0 // from a seat to its neighbour in the row
	RowPitch  = 16.0 // from a row to the next
	Aisle     = 20.0 // between the outer seats of neighbouring sections, beyond a seat's own width; between tiers too
)

// Layout fills in what coordinates are absent, always the same way for the same chart:
//
//   - A chart without any is drawn as a stadium if its sections' names or numbers say so (see sides), their rows facing a pitch in the middle, else as a hall
//     with its stage at the top. A missing number within a row leaves its place empty.
//   - Sections without any, in a chart where others have them, are drawn as a hall below the rest; a section where only some seats have them is no valid
//     chart, and stays as it is.
//   - Areas without a place stand on the pitch, or below everything.
//   - A section's own x and y become the middle of its seats, and a chart without a focal point gets one: the middle of the pitch, the stage, or, if the
//     seats had their places already, the middle of them all.
//
// Seats are SeatPitch apart, rows RowPitch; sections never overlap, and no two seats laid out share a place. All that is filled in has two decimals.
func (c *Chart) Layout() {
	var bare []*Section
	drawn := emptyBox()
	for i := range c.Sections {
		s := &c.Sections[i]
		if s.seats() > 0 && !s.drawn() {
			bare = append(bare, s)
		}
		drawn.section(s)
	}
	drawn.areas(c.Areas)
	switch {
	case len(bare) > 0 && drawn.empty():
		c.layoutAfresh(bare)
	case len(bare) > 0:
		p := hall(bare)
		p.move(0, drawn.bottom+2*Aisle)
		p.settle()
	}
	c.placeAreas()
	c.anchor()
}

// layoutAfresh draws a chart that has no coordinates at all but, perhaps, a focal point: then the drawing is moved so that its own comes to lie there.
func (c *Chart) layoutAfresh(bare []*Section) {
	p := draw(bare)
	if len(c.FocalPoints) > 0 {
		p.move(c.FocalPoints[0].X-p.focus.X, c.FocalPoints[0].Y-p.focus.Y)
	} else {
		p.move(-p.box.left, -p.box.top)
		c.FocalPoints = []Point{{Round(p.focus.X), Round(p.focus.Y)}}
	}
	p.settle()
	if p.inner.empty() {
		return
	}
	c.onPitch(p.inner)
}

// draw chooses between stadium and hall.
func draw(sections []*Section) *plan {
	if around, beside := sides(sections); around != nil {
		p := bowl(around)
		if len(beside) > 0 {
			below := hall(beside)
			below.move((p.box.left+p.box.right-below.box.left-below.box.right)/2, p.box.bottom+2*Aisle)
			p.add(below)
		}
		return p
	}
	return hall(sections)
}

// onPitch spreads the areas without a place over the pitch, side by side.
func (c *Chart) onPitch(pitch box) {
	var bare []*Area
	for i := range c.Areas {
		if c.Areas[i].X == nil && c.Areas[i].Y == nil {
			bare = append(bare, &c.Areas[i])
		}
	}
	for i, a := range bare {
		step := (pitch.right - pitch.left) / float64(len(bare))
		a.X, a.Y = coordinates(pitch.left+step*(float64(i)+0.5), (pitch.top+pitch.bottom)/2)
	}
}

// placeAreas puts the areas that still have no place in a line below everything.
func (c *Chart) placeAreas() {
	const step = 200.0
	all := c.bounds()
	if all.empty() {
		all = box{}
	}
	x := all.left
	for i := range c.Areas {
		if a := &c.Areas[i]; a.X == nil && a.Y == nil {
			a.X, a.Y = coordinates(x+step/2, all.bottom+step/2)
			x += step
		}
	}
}

// anchor fills in the sections' own places and the focal point.
func (c *Chart) anchor() {
	for i := range c.Sections {
		if s := &c.Sections[i]; s.X == nil && s.Y == nil {
			s.X, s.Y = s.middle()
		}
	}
	if all := c.bounds(); len(c.FocalPoints) == 0 && !all.empty() {
		c.FocalPoints = []Point{{Round((all.left + all.right) / 2), Round((all.top + all.bottom) / 2)}}
	}
}

// middle is the mean of the seats' places; nothing for a section without seats.
func (s *Section) middle() (x, y *float64) {
	var sumX, sumY, n float64
	for j := range s.Rows {
		for k := range s.Rows[j].Seats {
			if seat := &s.Rows[j].Seats[k]; seat.X != nil && seat.Y != nil {
				sumX, sumY, n = sumX+*seat.X, sumY+*seat.Y, n+1
			}
		}
	}
	if n == 0 {
		return nil, nil
	}
	return coordinates(sumX/n, sumY/n)
}

func (c *Chart) bounds() box {
	b := emptyBox()
	for i := range c.Sections {
		b.section(&c.Sections[i])
	}
	b.areas(c.Areas)
	return b
}

func coordinates(x, y float64) (*float64, *float64) {
	x, y = Round(x), Round(y)
	return &x, &y
}

// box is the smallest upright rectangle around some points.
type box struct{ left, top, right, bottom float64 }

func emptyBox() box {
	return box{math.Inf(1), math.Inf(1), math.Inf(-1), math.Inf(-1)}
}

func (b *box) empty() bool { return b.left > b.right }

func (b *box) point(x, y float64) {
	b.left, b.right = min(b.left, x), max(b.right, x)
	b.top, b.bottom = min(b.top, y), max(b.bottom, y)
}

func (b *box) section(s *Section) {
	for j := range s.Rows {
		for k := range s.Rows[j].Seats {
			if seat := &s.Rows[j].Seats[k]; seat.X != nil && seat.Y != nil {
				b.point(*seat.X, *seat.Y)
			}
		}
	}
}

func (b *box) areas(areas []Area) {
	for i := range areas {
		if a := &areas[i]; a.X != nil && a.Y != nil {
			b.point(*a.X, *a.Y)
		}
	}
}
