package chart

import (
	"math"
	"strings"
	"testing"
)

func TestValidate(t *testing.T) {
	v := func(f float64) *float64 { return &f }
	for name, in := range map[string]struct {
		spoil func(*Chart)
		want  []string
	}{
		"empty":            {func(c *Chart) { *c = Chart{} }, []string{"chart: has no seat and no area"}},
		"chart's name":     {func(c *Chart) { c.Name = "a\nb" }, []string{"name: control character U+000A"}},
		"bad id":           {func(c *Chart) { seat(c, 0).SeatID = "a:b" }, []string{`sections[0].rows[0].seats[0].seat_id: "a:b" is no id`}},
		"long id":          {func(c *Chart) { seat(c, 0).SeatID = strings.Repeat("x", 65) }, []string{"sections[0].rows[0].seats[0].seat_id: is no id"}},
		"id twice":         {func(c *Chart) { seat(c, 1).SeatID = "a" }, []string{"sections[0].rows[0].seats[1].seat_id: already the id at sections[0].rows[0].seats[0].seat_id"}},
		"seat and area":    {func(c *Chart) { c.Areas[0].AreaID = "b" }, []string{"areas[0].area_id: already the id at sections[0].rows[0].seats[1].seat_id"}},
		"category":         {func(c *Chart) { seat(c, 1).Category = "d"; c.Areas[0].Category = "" }, []string{`sections[0].rows[0].seats[1].category: "d" is not a category`, `areas[0].category: "" is not`}},
		"category twice":   {func(c *Chart) { c.Categories = append(c.Categories, c.Categories[0], Category{}) }, []string{"categories[1].name: already at categories[0].name", "categories[2].name: is empty"}},
		"colour":           {func(c *Chart) { c.Categories[0].Color = "#12345" }, []string{"categories[0].color: not a colour"}},
		"signed colour":    {func(c *Chart) { c.Categories[0].Color = "#+12" }, []string{"categories[0].color: not a colour"}},
		"section twice":    {func(c *Chart) { c.Sections = append(c.Sections, Section{Name: "S"}, Section{}) }, []string{"sections[1].name: already at sections[0].name", "sections[2].name: is empty"}},
		"row twice":        {func(c *Chart) { c.Sections[0].Rows = append(c.Sections[0].Rows, Row{Name: "1"}) }, []string{"sections[0].rows[1].name: already at sections[0].rows[0]"}},
		"capacity":         {func(c *Chart) { c.Areas[0].Capacity = 0 }, []string{"areas[0].capacity: 0 is not between 1 and 1000000"}},
		"capacity too big": {func(c *Chart) { c.Areas[0].Capacity = 1_000_001 }, []string{"areas[0].capacity: 1000001 is not"}},
		"infinite":         {func(c *Chart) { seat(c, 0).X = v(math.Inf(1)); c.FocalPoints[0].Y = math.NaN() }, []string{"sections[0].rows[0].seats[0].x: finite", "focal_points[0].y: finite"}},
		"far away":         {func(c *Chart) { c.Sections[0].Y = v(-1.1e9) }, []string{"sections[0].y: at most"}},
		"half a place":     {func(c *Chart) { seat(c, 0).Y = nil; c.Areas[0].X = nil }, []string{"sections[0].rows[0].seats[0].y: needs both", "areas[0].x: needs both"}},
		"some places":      {func(c *Chart) { seat(c, 1).X, seat(c, 1).Y = nil, nil }, []string{"sections[0].rows[0].seats[1].x: other seats of the section"}},
		"long text":        {func(c *Chart) { seat(c, 0).Number = strings.Repeat("é", 129) }, []string{"sections[0].rows[0].seats[0].number: 129 characters"}},
		"not UTF-8":        {func(c *Chart) { c.Sections[0].Rows[0].Name = "\xff" }, []string{"sections[0].rows[0].name: not valid UTF-8"}},
		"all at once":      {func(c *Chart) { seat(c, 0).SeatID, seat(c, 1).Category, c.Areas[0].Capacity = "", "x", -1 }, []string{"sections[0].rows[0].seats[0].seat_id: no id", "sections[0].rows[0].seats[1].category: not a category", "areas[0].capacity: -1"}},
	} {
		t.Run(name, func(t *testing.T) {
			c, _ := Decode([]byte(small))
			in.spoil(c)
			lists(t, c.Validate(), in.want...)
		})
	}
}

func seat(c *Chart, k int) *Seat { return &c.Sections[0].Rows[0].Seats[k] }

func TestLimitsAreAllowed(t *testing.T) {
	c, _ := Decode([]byte(small))
	seat(c, 0).SeatID = strings.Repeat("Az0._-", 11)[:64]
	seat(c, 0).Number = strings.Repeat("é", 128)
	c.Areas[0].Capacity = MaxCapacity
	c.Categories[0].Color = ""
	c.Sections[0].Rows = append(c.Sections[0].Rows, Row{Name: ""})
	if err := c.Validate(); err != nil {
		t.Error(err)
	}
}

func TestTooManySeats(t *testing.T) {
	seats := make([]Seat, MaxSeats+1)
	c := &Chart{Sections: []Section{{Name: "S", Rows: []Row{{Seats: seats}}}}}
	bad := c.Validate().(*BadChart)
	if len(bad.Problems) != 100_001 {
		t.Errorf("%d problems listed", len(bad.Problems))
	}
	v := &checker{name: Place.String}
	v.whole(c)
	lists(t, &BadChart{v.problems}, "chart: has 1000001 seats")
}
