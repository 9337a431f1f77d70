package chart

import "math"

// A curve is one side of a stadium's front line: a straight piece with an eighth of a circle at either end, where the next side takes over. A place on it is told by s,
// the way along the front line from the middle of the side, clockwise; a row at distance d behind runs parallel to it, longer by d × the angle it turns. Sections hold
// pieces s…s' of their side, so whatever stands within them, however far behind, never meets another section.
type curve struct {
	half   float64 // half the straight piece
	across float64 // half the straight piece of the neighbouring sides
	radius float64 // of the corners, > 0
	at     side
}

// limit is the s at which the side ends.
func (c curve) limit() float64 { return c.half + c.radius*math.Pi/4 }

// along is the way t along the row at distance d that belongs to s.
func (c curve) along(s, d float64) float64 {
	straight := max(-c.half, min(c.half, s))
	return straight + (s-straight)*(c.radius+d)/c.radius
}

// back is the s that belongs to the way t along the row at distance d.
func (c curve) back(t, d float64) float64 {
	straight := max(-c.half, min(c.half, t))
	return straight + (t-straight)*c.radius/(c.radius+d)
}

// point is the place on the drawing, the pitch's middle being its origin, of the way t along the row at distance d.
func (c curve) point(t, d float64) (x, y float64) {
	straight := max(-c.half, min(c.half, t))
	sin, cos := math.Sincos((t - straight) / (c.radius + d))
	x = straight + (c.radius+d)*sin
	y = -c.across - (c.radius+d)*cos
	switch c.at {
	case east:
		return -y, x
	case south:
		return -x, -y
	case west:
		return y, -x
	}
	return x, y
}
