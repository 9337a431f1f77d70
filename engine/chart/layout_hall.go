package chart

import (
	"math"
	"strings"
)

// hall draws sections as a theatre: the stage at the top, rows facing it, the first row of each section in front. Sections whose names differ only after the last "-", "_" or space
// ("stalls-left", "stalls-right") stand side by side; else one stands behind another, unless that would make a tower of many. The focus is the middle of the stage's edge.
func hall(sections []*Section) *plan {
	p, y := newPlan(), 0.0
	for _, shelf := range shelves(sections) {
		align(shelf)
		x, deepest := -(runLength(shelf)-Aisle)/2, 0
		for _, b := range shelf {
			b.stand(p, x, y)
			x += SeatPitch*float64(b.width) + Aisle
			deepest = max(deepest, b.depth)
		}
		y += RowPitch*float64(deepest) + Aisle
	}
	const toStage = 60.0
	p.focus = Point{0, -toStage}
	p.box.point(0, -toStage)
	return p
}

// stand sets a section's seats, its left end at x and its front at y, each row in the middle.
func (b *block) stand(p *plan, x, y float64) {
	middle := x + SeatPitch*float64(b.width)/2
	for _, l := range b.lines {
		first := middle - SeatPitch*float64(l.width-1)/2
		for k, slot := range l.slots {
			p.put(&l.row.Seats[k], first+SeatPitch*float64(slot), y+RowPitch*float64(l.depth))
		}
	}
}

// shelves are the sections that stand side by side, front to back.
func shelves(sections []*Section) [][]*block {
	const tower = 4 // so many sections may stand one behind another
	families := map[string]bool{}
	for _, s := range sections {
		families[family(s.Name)] = true
	}
	blocks, area, widest := make([]*block, len(sections)), 0.0, 0.0
	for i, s := range sections {
		b := measure(s)
		w, d := SeatPitch*float64(b.width)+Aisle, RowPitch*float64(b.depth)+Aisle
		blocks[i], area, widest = b, area+w*d, max(widest, w)
	}
	breadth := max(widest, math.Sqrt(1.6*area))
	var all [][]*block
	for i, b := range blocks {
		fresh := i == 0 || len(families) <= tower && family(sections[i].Name) != family(sections[i-1].Name)
		if !fresh {
			last := all[len(all)-1]
			fresh = runLength(last)+SeatPitch*float64(b.width) > breadth && len(families) > tower
		}
		if fresh {
			all = append(all, nil)
		}
		all[len(all)-1] = append(all[len(all)-1], b)
	}
	return all
}

// family is a section's name up to its last "-", "_" or space.
func family(name string) string {
	if i := strings.LastIndexAny(name, "-_ "); i > 0 {
		return name[:i]
	}
	return name
}
