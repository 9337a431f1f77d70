package chart

import (
	"fmt"
	"math"
	"strings"
	"testing"
)

// apart checks that every seat has a place, and no two are nearer than a seat's width (a little less where rows bend).
func apart(t *testing.T, c *Chart) {
	t.Helper()
	const least = SeatPitch * 0.98
	grid := map[[2]int][]*Seat{}
	for _, s := range c.Sections {
		for _, r := range s.Rows {
			for k := range r.Seats {
				seat := &r.Seats[k]
				if seat.X == nil || seat.Y == nil {
					t.Fatalf("seat %s has no place", seat.SeatID)
				}
				gx, gy := int(math.Floor(*seat.X/SeatPitch)), int(math.Floor(*seat.Y/SeatPitch))
				for dx := -1; dx <= 1; dx++ {
					for dy := -1; dy <= 1; dy++ {
						for _, other := range grid[[2]int{gx + dx, gy + dy}] {
							if d := math.Hypot(*seat.X-*other.X, *seat.Y-*other.Y); d < least {
								t.Fatalf("%s and %s are %.2f apart", seat.SeatID, other.SeatID, d)
							}
						}
					}
				}
				grid[[2]int{gx, gy}] = append(grid[[2]int{gx, gy}], seat)
			}
		}
	}
}

// tribune names sections "north-1"… for four sides of n sections.
func tribune(n int) func(int) string {
	return func(i int) string {
		return fmt.Sprintf("%s-%d", []string{"West", "north", "EAST", "South"}[i/n%4], i%n+1)
	}
}

func TestLayoutsNeverOverlap(t *testing.T) {
	upper := func(i int) string { return fmt.Sprintf("%d", 101+i%16+i/16*100) }
	for name, c := range map[string]*Chart{
		"four stands":     made(30_000, tribune(5)),
		"one each":        made(6_000, tribune(1)),
		"numbered ring":   made(60_000, numbered),
		"ring of tiers":   made(60_000, upper),
		"theatre":         made(3_000, func(i int) string { return []string{"stalls-left", "stalls-right"}[i] }),
		"one section":     made(90, numbered),
		"many halls":      made(10_500, func(i int) string { return string(rune('A' + i)) }),
		"uneven sides":    made(24_000, func(i int) string { return fmt.Sprintf("%s-%d", []string{"north", "south"}[min(1, i/12)], i) }),
		"side and others": made(9_000, func(i int) string { return []string{"north", "south", "box_1", "box_2", "east-VIP", "west"}[i] }),
	} {
		t.Run(name, func(t *testing.T) {
			c.Layout()
			apart(t, c)
			if err := c.Validate(); err != nil {
				t.Error(err)
			}
			if b := c.bounds(); math.Abs(b.left) > 0.01 || b.top < 0 {
				t.Errorf("begins at %v, %v", b.left, b.top)
			}
		})
	}
}

func TestLayoutIsDeterministicAndIdempotent(t *testing.T) {
	a, b := made(30_000, tribune(5)), made(30_000, tribune(5))
	a.Layout()
	b.Layout()
	first := string(a.Encode())
	if first != string(b.Encode()) {
		t.Error("two layouts of one chart differ")
	}
	if a.Layout(); string(a.Encode()) != first {
		t.Error("a second layout moved something")
	}
}

func TestStandsFaceThePitch(t *testing.T) {
	c := made(30_000, tribune(5))
	c.Layout()
	f := c.FocalPoints[0]
	for _, s := range c.Sections {
		away := func(r Row) float64 {
			mid := r.Seats[len(r.Seats)/2]
			return math.Hypot(*mid.X-f.X, *mid.Y-f.Y)
		}
		if front, back := away(s.Rows[0]), away(s.Rows[len(s.Rows)-1]); back-front < 40*RowPitch {
			t.Errorf("%s: the first row is %.0f from the middle, the last %.0f", s.Name, front, back)
		}
		dx, dy := *s.X-f.X, *s.Y-f.Y
		side := strings.ToLower(strings.Split(s.Name, "-")[0])
		if !map[string]bool{"north": dy < -400, "south": dy > 400, "east": dx > 400, "west": dx < -400}[side] {
			t.Errorf("%s is at %.0f, %.0f from the middle", s.Name, dx, dy)
		}
	}
	b := c.bounds()
	if math.Abs(f.X-(b.left+b.right)/2) > 1 || math.Abs(f.Y-(b.top+b.bottom)/2) > 1 {
		t.Errorf("the pitch is not in the middle: %v in %v", f, b)
	}
}

func TestMissingNumbersStayEmpty(t *testing.T) {
	for name, in := range map[string]struct {
		numbers string
		want    []int
	}{
		"gap":         {"1 2 5 6", []int{0, 1, 4, 5}},
		"falling":     {"9 8 6", []int{0, 1, 3}},
		"odd":         {"1 3 5 9", []int{0, 1, 2, 4}},
		"letters":     {"A B D", []int{0, 1, 2}},
		"out of line": {"1 3 2", []int{0, 1, 2}},
		"huge gap":    {"1 2 4 5000", []int{0, 1, 2, 3}},
		"one":         {"17", []int{0}},
	} {
		var seats []Seat
		for _, n := range strings.Fields(in.numbers) {
			seats = append(seats, Seat{Number: n})
		}
		if got := slots(seats); fmt.Sprint(got) != fmt.Sprint(in.want) {
			t.Errorf("%s: %v, want %v", name, got, in.want)
		}
	}
}

func TestRowsGoBehindOneAnotherByNumber(t *testing.T) {
	c := &Chart{Sections: []Section{{Name: "S", Rows: []Row{
		{Name: "3", Seats: []Seat{{SeatID: "c"}}}, {Name: "2", Seats: []Seat{{SeatID: "b"}}}, {Name: "1", Seats: []Seat{{SeatID: "a"}}},
	}}}}
	c.Layout()
	rows := c.Sections[0].Rows
	if y := func(i int) float64 { return *rows[i].Seats[0].Y }; y(1)-y(2) != RowPitch || y(0)-y(1) != RowPitch || y(2) <= c.FocalPoints[0].Y {
		t.Errorf("rows 3, 2, 1 are at %v, %v, %v; the stage at %v", y(0), y(1), y(2), c.FocalPoints[0])
	}
}

func TestTiers(t *testing.T) {
	for tail, want := range map[string]string{"-12": "", "-VIP_B": "vip", " upper 3": "upper", "-214": "2", "-A": "", "": "", " left": "", "-SB_3_5": "sb"} {
		if got := tierOf(tail); got != want {
			t.Errorf("%q is tier %q, want %q", tail, got, want)
		}
	}
}

func TestUndrawnSectionGoesBelow(t *testing.T) {
	c := made(3000, numbered)
	place := func(s *Section) {
		for j := range s.Rows {
			for k := range s.Rows[j].Seats {
				s.Rows[j].Seats[k].X, s.Rows[j].Seats[k].Y = coordinates(1000+float64(k), 500+float64(j))
			}
		}
	}
	place(&c.Sections[0])
	c.Layout()
	if top := *c.Sections[1].Rows[0].Seats[0].Y; top < 549+Aisle {
		t.Errorf("the second section begins at %v, among the first", top)
	}
	if x, y := *c.Sections[0].X, *c.Sections[0].Y; x != 1014.5 || y != 524.5 {
		t.Errorf("the first section's label stands at %v, %v", x, y)
	}
	if got := *c.Sections[0].Rows[3].Seats[4].X; got != 1004 {
		t.Errorf("a seat that had a place was moved to %v", got)
	}
}

func TestAreasAndFocus(t *testing.T) {
	c := made(30_000, tribune(5))
	c.Areas = []Area{{AreaID: "a"}, {AreaID: "b"}}
	c.FocalPoints = []Point{{-50, 70}}
	c.Layout()
	if c.FocalPoints[0] != (Point{-50, 70}) || *c.Areas[0].X >= -50 || *c.Areas[1].X <= -50 || *c.Areas[0].Y != 70 {
		t.Errorf("focus %v, areas at %v and %v, %v", c.FocalPoints, *c.Areas[0].X, *c.Areas[1].X, *c.Areas[0].Y)
	}
	if b := c.bounds(); math.Abs((b.left+b.right)/2+50) > 1 || math.Abs((b.top+b.bottom)/2-70) > 1 {
		t.Errorf("the stadium at %v is not around its focal point", b)
	}
	standing := &Chart{Areas: []Area{{AreaID: "a"}, {AreaID: "b"}}}
	standing.Layout()
	if *standing.Areas[0].X == *standing.Areas[1].X || len(standing.FocalPoints) != 1 {
		t.Errorf("areas alone: %+v", standing)
	}
}
