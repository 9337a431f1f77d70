package engine

import (
	"math"

	"github.com/usherhq/usher/engine/chart"
)

// aisleIn is the distance beyond which neighbours in a row, the seats from…to-1, are
// apart: half as much again as between the closest two.
func aisleIn(x *chart.Index, from, to uint32) float64 {
	d := math.Inf(1)
	for i := from + 1; i < to; i++ {
		d = min(d, apart(x, i-1, i))
	}
	return 1.5 * d
}

func apart(x *chart.Index, i, j uint32) float64 {
	ax, ay := place(x, i)
	bx, by := place(x, j)
	return math.Hypot(ax-bx, ay-by)
}

// place is where a seat stands; every stored chart has coordinates.
func place(x *chart.Index, i uint32) (float64, float64) {
	seat := x.Seat(i)
	if seat.X == nil || seat.Y == nil {
		return 0, 0
	}
	return *seat.X, *seat.Y
}
