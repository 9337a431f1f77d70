package charts

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/usherhq/usher/engine/chart"
	"github.com/usherhq/usher/transport/charts/sample"
)

func TestMetalist(t *testing.T) {
	c, err := Import(sample.Metalist, "", "text/csv; charset=utf-8")
	if err != nil {
		t.Fatal(err)
	}
	rows := 0
	for _, s := range c.Sections {
		rows += len(s.Rows)
	}
	if c.Seats() != 39616 || len(c.Sections) != 58 || rows != 1453 || len(c.Categories) != 3 {
		t.Fatalf("%d seats, %d sections, %d rows, %d categories", c.Seats(), len(c.Sections), rows, len(c.Categories))
	}
	x := chart.NewIndex(c)
	lines := strings.Split(strings.TrimSpace(string(sample.Metalist)), "\n")[1:]
	for i, line := range lines {
		cells := strings.Split(line, ",")
		if n := uint32(i); x.ID(n) != cells[0] || x.Section(n) != cells[1] || x.Row(n) != cells[2] || x.Seat(n).Number != cells[3] || x.Category(n) != cells[4] {
			t.Fatalf("seat %d is not line %d: %s", i, i+2, line)
		}
	}
	tribunesStandAround(t, c)
	seatsStandApart(t, x)
	sameBytes(t, c)
}

// seatsStandApart checks that no two seats are nearer than a seat is wide: those of one cell of a grid, or of neighbouring ones, are compared.
func seatsStandApart(t *testing.T, x *chart.Index) {
	t.Helper()
	grid := map[[2]int][]uint32{}
	for i := range uint32(x.Len()) {
		a := x.Seat(i)
		cx, cy := int(*a.X/chart.SeatPitch), int(*a.Y/chart.SeatPitch)
		for n := range 9 {
			for _, j := range grid[[2]int{cx + n/3 - 1, cy + n%3 - 1}] {
				if b := x.Seat(j); math.Hypot(*a.X-*b.X, *a.Y-*b.Y) < 0.98*chart.SeatPitch {
					t.Fatalf("%s and %s are too near", a.SeatID, b.SeatID)
				}
			}
		}
		grid[[2]int{cx, cy}] = append(grid[[2]int{cx, cy}], i)
	}
}

// tribunesStandAround checks that every tribune of the stadium lies on its side of the pitch, and opposite ones balance.
func tribunesStandAround(t *testing.T, c *chart.Chart) {
	t.Helper()
	focus := c.FocalPoints[0]
	for _, s := range c.Sections {
		dx, dy := *s.X-focus.X, *s.Y-focus.Y
		side, _, _ := strings.Cut(s.Name, "-")
		if good := map[string]bool{"north": dy < -500, "south": dy > 500, "east": dx > 500, "west": dx < -500}[side]; !good {
			t.Errorf("section %s is %v, %v from the middle of the pitch", s.Name, dx, dy)
		}
	}
}

// sameBytes checks the promise that identity rests on.
func sameBytes(t *testing.T, c *chart.Chart) {
	t.Helper()
	canonical := c.Encode()
	again, err := Import(canonical, "usher", "")
	if err != nil {
		t.Fatal("the canonical form does not come back:", err)
	}
	if string(again.Encode()) != string(canonical) {
		t.Fatal("the canonical form changes on its way through")
	}
}

func TestSeatsioSample(t *testing.T) {
	c, err := Import(file(t, "seatsio-sampleChart.json"), "", "application/json")
	if err != nil {
		t.Fatal(err)
	}
	if c.Seats() != 32 || len(c.Areas) != 2 || c.Areas[0].Capacity != 100 || c.Areas[1].Capacity != 100 {
		t.Fatalf("%d seats, areas %+v", c.Seats(), c.Areas)
	}
	x := chart.NewIndex(c)
	i, ok := x.Find("A-7")
	if !ok || i != 6 {
		t.Fatal("no seat A-7 where it should be:", i, ok)
	}
	s := x.Seat(i)
	if *s.X != 271.94 || *s.Y != 99.56 || !s.Accessible || s.Category != "Cat1" || x.Section(i) != "Main" {
		t.Errorf("seat A-7 is %+v at %v, %v", s, *s.X, *s.Y)
	}
	want := []chart.Category{{Name: "Cat1", Color: "#87A9CD"}, {Name: "Cat2", Color: "#5E42ED"}, {Name: "Cat3", Color: "#5E42BB"}}
	if !slices.Equal(c.Categories, want) {
		t.Errorf("categories %v", c.Categories)
	}
	if a := c.Areas[1]; a.AreaID != "GA2" || *a.X != 389.22 || *a.Y != 139.45 || a.Category != "Cat2" {
		t.Errorf("area %+v", a)
	}
	if !slices.Equal(c.FocalPoints, []chart.Point{{X: 225, Y: 33.23}}) {
		t.Errorf("focal points %v", c.FocalPoints)
	}
	sameBytes(t, c)
}

// pretixDoc is the dirty plan, read apart from the importer.
type pretixDoc struct {
	Zones []struct {
		Position struct{ X, Y float64 }
		Rows     []struct {
			Position struct{ X, Y float64 }
			Seats    []map[string]any
		}
	}
}

func TestDirtyPretixIsRefused(t *testing.T) {
	data := file(t, "stadium-dirty.pretix.json")
	c, err := Import(data, "", "")
	var bad *chart.BadChart
	if c != nil || !errors.As(err, &bad) {
		t.Fatalf("got %v, %v", c, err)
	}
	var doc pretixDoc
	if err := json.Unmarshal(data, &doc); err != nil {
		t.Fatal(err)
	}
	first, want := map[any]string{}, []chart.Problem{}
	for i, z := range doc.Zones {
		for j, r := range z.Rows {
			for k, s := range r.Seats {
				at, guid := fmt.Sprintf("zones[%d].rows[%d].seats[%d].seat_guid", i, j, k), s["seat_guid"]
				if before, twice := first[guid]; twice {
					want = append(want, chart.Problem{Where: at, Problem: fmt.Sprintf("%q is already the id at %s", guid, before)})
				} else {
					first[guid] = at
				}
			}
		}
	}
	if len(want) != 738-318 {
		t.Fatalf("the file has changed: %d seats too many", len(want))
	}
	if !slices.Equal(bad.Problems, want) {
		t.Fatalf("%d problems, want %d; first %v", len(bad.Problems), len(want), bad.Problems[0])
	}
}

func TestCleanedPretix(t *testing.T) {
	data := file(t, "stadium-dirty.pretix.json")
	var all map[string]any
	var doc pretixDoc
	if json.Unmarshal(data, &all) != nil || json.Unmarshal(data, &doc) != nil {
		t.Fatal("the file is no JSON")
	}
	n := 0
	var want []chart.Point
	for i, z := range all["zones"].([]any) {
		for j, r := range z.(map[string]any)["rows"].([]any) {
			for _, s := range r.(map[string]any)["seats"].([]any) {
				seat := s.(map[string]any)
				seat["seat_guid"] = fmt.Sprintf("s-%d", n)
				p, zone := seat["position"].(map[string]any), doc.Zones[i]
				want = append(want, chart.Point{
					X: p["x"].(float64) + zone.Rows[j].Position.X + zone.Position.X,
					Y: p["y"].(float64) + zone.Rows[j].Position.Y + zone.Position.Y,
				})
				n++
			}
		}
	}
	clean, _ := json.Marshal(all)
	c, err := Import(clean, "", "")
	if err != nil {
		t.Fatal(err)
	}
	x := chart.NewIndex(c)
	if x.Len() != 738 || len(c.Sections) != 2 {
		t.Fatalf("%d seats in %d sections", x.Len(), len(c.Sections))
	}
	for i, p := range want {
		if s := x.Seat(uint32(i)); s.SeatID != fmt.Sprintf("s-%d", i) || math.Abs(*s.X-p.X) > 1e-9 || math.Abs(*s.Y-p.Y) > 1e-9 {
			t.Fatalf("seat %d is %s at %v, %v; want %v", i, s.SeatID, *s.X, *s.Y, p)
		}
	}
	if c.Sections[0].Rows[0].Name != "A" || c.Sections[0].Rows[6].Name != "A (2)" {
		t.Errorf("rows %q and %q", c.Sections[0].Rows[0].Name, c.Sections[0].Rows[6].Name)
	}
	sameBytes(t, c)
}

func TestUnknownFormat(t *testing.T) {
	for _, in := range []struct{ data, format, contentType string }{
		{"{}", "xml", ""}, {"<svg/>", "", "image/svg+xml"}, {"", "", ""}, {"hello, world", "", "application/x-www-form-urlencoded"},
	} {
		if c, err := Import([]byte(in.data), in.format, in.contentType); c != nil || !errors.Is(err, ErrUnknownFormat) {
			t.Errorf("%+v: %v, %v", in, c, err)
		}
	}
}

func TestGuess(t *testing.T) {
	for _, in := range []struct{ data, contentType, want string }{
		{`{"sections":[]}`, "application/json", "usher"},
		{` {"name":"x","zones":[]}`, "", "pretix"},
		{`{"zones":{"list":[]},"subChart":{}}`, "text/plain", "seatsio"},
		{`{"a":{"subChart":1},"b":["zones"],"subChartFloors":[]}`, "", "seatsio"},
		{`{"a":{"zones":1}}`, "", "usher"},
		{`{"zones":`, "", "usher"},
		{`[]`, "application/json", "usher"},
		{"section,row,seat_id\n", "", "csv"},
		{`{"zones":[]}`, "text/csv", "csv"},
	} {
		if got := guess([]byte(in.data), in.contentType); got != in.want {
			t.Errorf("%s as %q: %q, want %q", in.data, in.contentType, got, in.want)
		}
	}
}

func file(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// refused checks that a document is refused for exactly these problems, each "where: words of the problem".
func refused(t *testing.T, data, format string, want ...string) {
	t.Helper()
	c, err := Import([]byte(data), format, "")
	var bad *chart.BadChart
	if c != nil || !errors.As(err, &bad) {
		t.Fatalf("%s: got %v, %v", data, c, err)
	}
	if len(bad.Problems) != len(want) {
		t.Fatalf("%s: %d problems, want %d: %v", data, len(bad.Problems), len(want), bad.Problems)
	}
	for i, p := range bad.Problems {
		where, words, _ := strings.Cut(want[i], ": ")
		if p.Where != where || !strings.Contains(p.Problem, words) {
			t.Errorf("%s: got %q, want %q", data, p, want[i])
		}
	}
}
