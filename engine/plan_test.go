package engine

import (
	"fmt"
	"slices"
	"testing"

	"github.com/usherhq/usher/engine/chart"
	"github.com/usherhq/usher/shard"
	"github.com/usherhq/usher/transport/charts"
	"github.com/usherhq/usher/transport/charts/sample"
)

func seatAt(id, category string, x, y float64) chart.Seat {
	return chart.Seat{SeatID: id, Number: id, Category: category, X: &x, Y: &y}
}

// twoBlocks is a chart of two sections: a row with an aisle, an empty row, a short row.
func twoBlocks() *chart.Chart {
	x, y := 200.0, 50.0
	a := []chart.Seat{seatAt("a1", "near", 100, 10), seatAt("a2", "near", 110, 10), seatAt("a3", "far", 130, 10), seatAt("a4", "far", 140, 10)}
	a[0].Accessible, a[1].Companion, a[3].RestrictedView = true, true, true
	return &chart.Chart{
		Name: "two blocks", Categories: []chart.Category{{Name: "far"}, {Name: "near"}},
		Sections: []chart.Section{
			{Name: "left", Rows: []chart.Row{{Name: "A", Seats: a}, {Name: "B"}}},
			{Name: "right", Rows: []chart.Row{{Name: "A", Seats: []chart.Seat{seatAt("b1", "near", 150, 10), seatAt("b2", "near", 160, 10)}}}},
		},
		Areas:       []chart.Area{{AreaID: "floor", Name: "Floor", Capacity: 800, Category: "near", X: &x, Y: &y}},
		FocalPoints: []chart.Point{{X: 150, Y: 0}, {X: 100, Y: 0}},
	}
}

func TestPlanOfAChart(t *testing.T) {
	// The chart is 100 wide, from 100 on.
	at := func(v float64) int32 { return int32(v*shard.MaxCoordinate/100 + 0.5) }
	got := planOf(chart.NewIndex(twoBlocks()))
	want := &shard.PlanSpec{
		Categories: 2, Sections: 2, FocalX: at(50), FocalY: 0, Areas: []shard.PlanArea{{Capacity: 800, Category: 1}},
		Seats: []shard.PlanSeat{
			{Category: 1, Row: true, Accessible: true, X: 0, Y: at(10)},
			{Category: 1, Companion: true, X: at(10), Y: at(10)},
			{Category: 0, Aisle: true, X: at(30), Y: at(10)},
			{Category: 0, Restricted: true, X: at(40), Y: at(10)},
			{Category: 1, Section: 1, Row: true, X: at(50), Y: at(10)},
			{Category: 1, Section: 1, X: at(60), Y: at(10)},
		},
	}
	if fmt.Sprintf("%+v", got) != fmt.Sprintf("%+v", want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	if _, err := shard.DecodePlan(got.Encode()); err != nil {
		t.Error(err)
	}
}

func TestPlanWithoutPlaces(t *testing.T) {
	c := twoBlocks()
	c.FocalPoints, c.Areas = nil, nil
	for i := range c.Sections {
		for j := range c.Sections[i].Rows {
			for k := range c.Sections[i].Rows[j].Seats {
				s := &c.Sections[i].Rows[j].Seats[k]
				s.X, s.Y = nil, nil
			}
		}
	}
	p := planOf(chart.NewIndex(c))
	for i, s := range p.Seats {
		if s.X != 0 || s.Y != 0 || s.Aisle {
			t.Errorf("seat %d is %+v", i, s)
		}
	}
	if _, err := shard.DecodePlan(p.Encode()); err != nil {
		t.Error(err)
	}
}

func TestPlanFocusIsTheMiddleUnlessNamed(t *testing.T) {
	c := twoBlocks()
	c.FocalPoints = nil // x is 100…200, y 10…50
	p := planOf(chart.NewIndex(c))
	if p.FocalX != shard.MaxCoordinate/2 || p.FocalY != shard.MaxCoordinate/5 {
		t.Errorf("it is %d, %d", p.FocalX, p.FocalY)
	}
}

func TestPlanOfTooManyAreas(t *testing.T) {
	c := twoBlocks()
	c.Areas = slices.Repeat(c.Areas, shard.MaxPlanAreas+1)
	if planOf(chart.NewIndex(c)) != nil {
		t.Error("it has a plan")
	}
}

// The real stadium: what its plan says is what the chart says, and it is small.
func TestPlanOfTheRealStadium(t *testing.T) {
	c, err := charts.Import(sample.Metalist, "csv", "")
	if err != nil {
		t.Fatal(err)
	}
	c.Layout()
	x := chart.NewIndex(c)
	doc := planOf(x).Encode()
	p, err := shard.DecodePlan(doc)
	if err != nil {
		t.Fatal(err)
	}
	if int(p.Seats()) != x.Len() {
		t.Fatalf("%d seats of %d", p.Seats(), x.Len())
	}
	rows, aisles := 0, 0
	for i := range p.Seats() {
		s := p.Seat(i)
		from, _ := x.RowRange(i)
		if c.Categories[s.Category].Name != x.Category(i) || c.Sections[s.Section].Name != x.Section(i) || s.Row != (i == from) {
			t.Fatalf("%s is %+v", x.ID(i), s)
		}
		if s.Row {
			rows++
		}
		if s.Aisle {
			aisles++
		}
	}
	t.Logf("%d seats, %d rows, %d aisles: %d bytes, %.2f a seat", x.Len(), rows, aisles, len(doc), float64(len(doc))/float64(x.Len()))
	if len(doc) > 6*x.Len() {
		t.Errorf("%d bytes", len(doc))
	}
}
