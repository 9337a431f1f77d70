package chart

// A plan is a drawing in the making: seats with their places, which become the chart's when it is settled.
type plan struct {
	seats []*Seat
	at    []Point
	box   box
	focus Point // what the rows face
	inner box   // the pitch; empty where there is none
}

func newPlan() *plan { return &plan{box: emptyBox(), inner: emptyBox()} }

func (p *plan) put(s *Seat, x, y float64) {
	p.seats = append(p.seats, s)
	p.at = append(p.at, Point{x, y})
	p.box.point(x, y)
}

// move shifts the whole drawing.
func (p *plan) move(dx, dy float64) {
	for i := range p.at {
		p.at[i].X += dx
		p.at[i].Y += dy
	}
	p.box.move(dx, dy)
	p.inner.move(dx, dy)
	p.focus.X += dx
	p.focus.Y += dy
}

func (b *box) move(dx, dy float64) {
	b.left, b.right = b.left+dx, b.right+dx
	b.top, b.bottom = b.top+dy, b.bottom+dy
}

// add takes in the seats of another drawing, where they are.
func (p *plan) add(other *plan) {
	for i, s := range other.seats {
		p.put(s, other.at[i].X, other.at[i].Y)
	}
}

// settle writes the places to the seats, rounded. They share one piece of memory: two small allocations a seat would cost more than the layout.
func (p *plan) settle() {
	xy := make([]float64, 2*len(p.seats))
	for i, s := range p.seats {
		xy[2*i], xy[2*i+1] = Round(p.at[i].X), Round(p.at[i].Y)
		s.X, s.Y = &xy[2*i], &xy[2*i+1]
	}
}
