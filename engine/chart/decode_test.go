package chart

import (
	"reflect"
	"strings"
	"testing"
)

const small = `{"name":"Small \"hall\"","categories":[{"name":"c","color":"#fff"}],"sections":[{"name":"S","x":1.5,"y":-2,"rows":[{"name":"1","seats":[` +
	`{"seat_id":"a","number":"1","category":"c","x":0.13,"y":2,"accessible":true},{"seat_id":"b","number":"2","category":"c","x":10,"y":2,"companion":true,"restricted_view":true}]}]}],` +
	`"areas":[{"area_id":"g","name":"Standing","capacity":100,"category":"c","x":5,"y":6}],"focal_points":[{"x":5,"y":0}]}`

func TestDecodeReadsEveryField(t *testing.T) {
	got, err := Decode([]byte(small))
	if err != nil {
		t.Fatal(err)
	}
	v := func(f float64) *float64 { return &f }
	want := &Chart{
		Name:       `Small "hall"`,
		Categories: []Category{{"c", "#fff"}},
		Sections: []Section{{Name: "S", X: v(1.5), Y: v(-2), Rows: []Row{{Name: "1", Seats: []Seat{
			{SeatID: "a", Number: "1", Category: "c", X: v(0.13), Y: v(2), Accessible: true},
			{SeatID: "b", Number: "2", Category: "c", X: v(10), Y: v(2), Companion: true, RestrictedView: true},
		}}}}},
		Areas:       []Area{{AreaID: "g", Name: "Standing", Capacity: 100, Category: "c", X: v(5), Y: v(6)}},
		FocalPoints: []Point{{5, 0}},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v", got)
	}
	if err := got.Validate(); err != nil {
		t.Error(err)
	}
}

func TestDecodeNamesEveryMistake(t *testing.T) {
	seats := func(s string) string {
		return `{"categories":[{"name":"c"}],"sections":[{"name":"S","rows":[{"name":"1","seats":[` + s + `]}]}]}`
	}
	const good = `{"seat_id":"a","number":"1","category":"c"}`
	for name, in := range map[string]struct {
		data string
		want []string
	}{
		"empty":              {"", []string{"line 1, column 1: unexpected end"}},
		"no object":          {"[]", []string{"chart: must be an object, not a list"}},
		"null":               {"null", []string{"chart: must be an object, not null"}},
		"cut":                {"{\n \"name\": \"x", []string{"line 2, column 11: unexpected end"}},
		"trailing":           {small + "\n{}", []string{"line 2, column 1: invalid character '{' after top-level value"}},
		"not UTF-8":          {"{\"name\":\n\"\xff\"}", []string{"line 2, column 2: is not valid UTF-8"}},
		"case matters":       {`{"Name":"x","areas":[]}`, []string{"Name: not a known field"}},
		"number as text":     {seats(`{"seat_id":"a","number":1,"category":"c"}`), []string{"sections[0].rows[0].seats[0].number: must be a string, not a number"}},
		"fields left out":    {seats(`{}`), []string{"sections[0].rows[0].seats[0].seat_id: is missing", "sections[0].rows[0].seats[0].number: is missing", "sections[0].rows[0].seats[0].category: is missing"}},
		"null for a must":    {seats(`{"seat_id":null,"number":"1","category":"c"}`), []string{"sections[0].rows[0].seats[0].seat_id: must not be null"}},
		"given twice":        {seats(`{"seat_id":"a","number":"1","category":"c","x":1,"y":1,"x":2}`), []string{"sections[0].rows[0].seats[0].x: is given twice"}},
		"escaped key":        {seats(`{"seat\u005fid":"a","number":"1","category":"c","seat_id":"b"}`), []string{"sections[0].rows[0].seats[0].seat_id: is given twice"}},
		"coordinate as text": {seats(`{"seat_id":"a","number":"1","category":"c","x":"1","y":1}`), []string{"sections[0].rows[0].seats[0].x: must be a number, not a string"}},
		"coordinate too big": {seats(`{"seat_id":"a","number":"1","category":"c","x":1e999,"y":1}`), []string{"sections[0].rows[0].seats[0].x: is a number out of range"}},
		"flag as number":     {seats(`{"seat_id":"a","number":"1","category":"c","accessible":1}`), []string{"sections[0].rows[0].seats[0].accessible: must be true or false, not a number"}},
		"seat is no object":  {seats(good + `,["x",{"y":[]}],` + strings.Replace(good, `"a"`, `"b"`, 1)), []string{"sections[0].rows[0].seats[1]: must be an object, not a list"}},
		"form and meaning":   {seats(good + `,` + good + `,{"seat_id":"","number":"1","category":"d","z":0}`), []string{"sections[0].rows[0].seats[2].z: not a known field", "sections[0].rows[0].seats[1].seat_id: already the id", "sections[0].rows[0].seats[2].seat_id: is no id", "sections[0].rows[0].seats[2].category: not a category"}},
		"categories lost":    {strings.Replace(seats(good), `[{"name":"c"}]`, `"c"`, 1), []string{"categories: must be a list, not a string"}},
		"fraction of people": {`{"categories":[{"name":"c"}],"areas":[{"area_id":"g","name":"","capacity":1.5,"category":"c"}]}`, []string{"areas[0].capacity: must be a whole number"}},
		"sections an object": {`{"sections":{"a":[1,"}",{}]}}`, []string{"sections: must be a list, not an object"}},
	} {
		t.Run(name, func(t *testing.T) {
			c, err := Decode([]byte(in.data))
			if c != nil {
				t.Error("a chart came back with the error")
			}
			lists(t, err, in.want...)
		})
	}
}

func TestNullIsLeftOut(t *testing.T) {
	c, err := Decode([]byte(`{"name":null,"categories":[{"name":"c","color":null}],"sections":[{"name":"S","x":null,"y":null,"rows":[{"name":"1","seats":[{"seat_id":"a","number":"","category":"c","x":null}]}]}],"areas":null}`))
	if err != nil {
		t.Fatal(err)
	}
	if s := c.Sections[0]; s.X != nil || s.Rows[0].Seats[0].X != nil || c.Areas != nil {
		t.Errorf("got %+v", c)
	}
}

func TestErrorIsOneLine(t *testing.T) {
	_, err := Decode([]byte(`{"a":1,"b":2}`))
	if want := "bad chart: a: is not a known field (and 1 more)"; err.Error() != want {
		t.Errorf("got %q, want %q", err, want)
	}
}

// A hostile document must neither exhaust the stack nor the memory: 30 MB of it stay cheap.
func TestHostileDocuments(t *testing.T) {
	deep := `{"sections":` + strings.Repeat("[", 9000) + strings.Repeat("]", 9000) + `}`
	if _, err := Decode([]byte(deep)); err == nil {
		t.Error("lists in lists passed for sections")
	}
	many := `{"sections":[{"name":"S","rows":[{"name":"1","seats":[` + strings.Repeat("{},", 300_000) + `{}]}]}]}`
	_, err := Decode([]byte(many))
	bad := err.(*BadChart)
	if n := len(bad.Problems); n > 200_010 {
		t.Errorf("%d problems listed", n)
	}
	if last := bad.Problems[100_000]; last.Problem != "has 800003 more problems, not listed" {
		t.Errorf("the list ends with %v", last)
	}
}
