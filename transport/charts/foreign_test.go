package charts

import (
	"testing"

	"github.com/usherhq/usher/engine/chart"
)

func TestBadUsher(t *testing.T) {
	const seat = `{"seat_id":"a","number":"1","category":"c"}`
	refused(t, `{"categories":[{"name":"c"}],"sections":[{"name":"S","rows":[{"name":"1","seats":[`+seat+`,`+seat+`]}]}],"price":1}`, "usher",
		"price: not a known field", "sections[0].rows[0].seats[1].seat_id: already the id at sections[0].rows[0].seats[0].seat_id")
}

func TestBadPretix(t *testing.T) {
	for name, in := range map[string]struct {
		data string
		want []string
	}{
		"cut":        {`{"zones":[`, []string{"line 1, column 10: unexpected end"}},
		"no fields":  {`{}`, []string{"categories: is missing", "zones: is missing"}},
		"no seats":   {`{"categories":[],"zones":[{"rows":[]}]}`, []string{"chart: has no seat"}},
		"wrong type": {`{"categories":[],"zones":[{"name":"Z","rows":{}}]}`, []string{"zones[0].rows: must be a list, not an object"}},
		"seat": {`{"categories":[{"name":"c"}],"zones":[{"name":"Z","rows":[{"row_number":"1","seats":[
			{"seat_guid":"Gründ floor","seat_number":"1","category":"d","position":{"x":"1"}},7]}]}]}`, []string{
			"zones[0].rows[0].seats[0].position.x: must be a number, not a string",
			"zones[0].rows[0].seats[0].position.y: is missing",
			"zones[0].rows[0].seats[1]: must be an object, not a number",
			"zones[0].rows[0].seats[0].seat_guid: is no id",
			`zones[0].rows[0].seats[0].category: "d" is not a category`,
		}},
		"zone twice": {`{"categories":[{"name":"c"}],"zones":[{"name":"Z","rows":[{"seats":[{"seat_guid":"a","seat_number":1,"category":"c"}]}]},
			{"name":"Z","rows":[]},{"name":"Z","rows":[{"seats":[{"seat_guid":"b","seat_number":1,"category":"c"}]}]}]}`, []string{
			`zones[2].name: section "Z" is already at zones[0].name`,
		}},
		"no categories": {`{"categories":5,"zones":[{"name":"Z","rows":[{"seats":[{"seat_guid":"a","seat_number":1,"category":"c"}]}]}]}`, []string{
			"categories: must be a list, not a number",
		}},
	} {
		t.Run(name, func(t *testing.T) { refused(t, in.data, "pretix", in.want...) })
	}
}

const sioCategories = `"categories":{"list":[{"key":1,"label":"one","color":"red"},{"key":"2","label":"two"}]}`

func TestSeatsioNesting(t *testing.T) {
	c, err := Import([]byte(`{"name":"N",`+sioCategories+`,
		"zones":{"list":[{"focalPoint":{"x":5,"y":6}}]},
		"subChart":{
			"rows":[{"label":"A","categoryKey":1,"seats":[{"label":"1","x":1,"y":2,"companionSeat":true},{"label":2,"x":11,"y":2,"categoryKey":2,"restrictedView":true}]},
				{"label":"A","sectionLabel":"Box","categoryKey":1,"seats":[{"label":"1","x":1,"y":50}]}],
			"tables":[{"label":"T1","seats":[{"label":"1","x":5,"y":90,"categoryKey":1}]}],
			"booths":[{"label":"B 1","categoryKey":"2","center":{"x":7,"y":8}}],
			"generalAdmissionAreas":[{"label":"GA","capacity":30,"categoryKey":2}],
			"sections":[{"label":"Outer","categoryKey":1,"topLeft":{"x":100,"y":200},"subChart":{
				"rows":[{"label":"A","seats":[{"label":"1","x":1,"y":2,"categoryKey":null}]}],
				"sections":[{"label":"In ner","topLeft":{"x":10,"y":20},"subChart":{"focalPoint":{"x":0,"y":0},
					"rows":[{"label":"A","seats":[{"label":"1","x":1,"y":2}]},{"label":"A","seats":[{"label":"2","x":9,"y":2}]}]}}]}}]}}`), "", "")
	if err != nil {
		t.Fatal(err)
	}
	x := chart.NewIndex(c)
	for i, want := range []struct {
		id, section, row, category string
		x, y                       float64
	}{
		{"A-1", "Main", "A", "one", 1, 2}, {"A-2", "Main", "A", "two", 11, 2}, {"T1-1", "Main", "T1", "one", 5, 90}, {"B_1", "Main", "B 1", "two", 7, 8},
		{"Box-A-1", "Box", "A", "one", 1, 50},
		{"Outer-A-1", "Outer", "A", "one", 101, 202},
		{"Outer-In_ner-A-1", "Outer-In ner", "A", "one", 111, 222}, {"Outer-In_ner-A-2", "Outer-In ner", "A (2)", "one", 119, 222},
	} {
		n := uint32(i)
		if s := x.Seat(n); s.SeatID != want.id || x.Section(n) != want.section || x.Row(n) != want.row || s.Category != want.category || *s.X != want.x || *s.Y != want.y {
			t.Errorf("seat %d is %s in %s, %s (%s) at %v, %v; want %+v", i, s.SeatID, x.Section(n), x.Row(n), s.Category, *s.X, *s.Y, want)
		}
	}
	if !x.Seat(0).Companion || x.Seat(0).RestrictedView || !x.Seat(1).RestrictedView {
		t.Error("marks of the first two seats are wrong")
	}
	if len(c.Areas) != 1 || c.Areas[0].AreaID != "GA" || c.Areas[0].X == nil {
		t.Errorf("areas %+v", c.Areas)
	}
	if len(c.FocalPoints) != 1 || c.FocalPoints[0] != (chart.Point{X: 5, Y: 6}) {
		t.Errorf("focal points %v", c.FocalPoints)
	}
	if c.Categories[0].Color != palette[0] {
		t.Errorf("a colour that is none of ours stays: %v", c.Categories[0])
	}
	sameBytes(t, c)
}

func TestSeatsioFloors(t *testing.T) {
	floor := func(label string) string {
		return `{"height":50,"focalPoint":null,"sections":[{"label":"` + label + `","categoryKey":1,"subChart":{"rows":[{"label":"A","seats":[{"label":"1","x":1,"y":2}]}]}}]}`
	}
	c, err := Import([]byte(`{`+sioCategories+`,"subChartFloors":[`+floor("S1")+`,`+floor("S2")+`]}`), "", "")
	if err != nil {
		t.Fatal(err)
	}
	if a, b := c.Sections[0].Rows[0].Seats[0], c.Sections[1].Rows[0].Seats[0]; *a.Y != 2 || *b.Y != 152 || b.SeatID != "S2-A-1" {
		t.Errorf("seats %+v, %+v", a, b)
	}
}

func TestBadSeatsio(t *testing.T) {
	for name, in := range map[string]struct {
		data string
		want []string
	}{
		"empty": {`{"subChart":{}}`, []string{"categories: is missing"}},
		"rows": {`{` + sioCategories + `,"subChart":{"rows":[{"label":"A","seats":[
			{"label":"1","categoryKey":3,"x":1,"y":1},{"label":"1","categoryKey":1,"x":9},{"label":"ß","x":3,"y":1},{"x":3,"y":1,"categoryKey":1,"accessible":1}]}]}}`, []string{
			"subChart.rows[0].seats[3].accessible: must be true or false, not a number",
			"subChart.rows[0].seats[3].label: is missing",
			`subChart.rows[0].seats[0].categoryKey: "3" is not a category`,
			`subChart.rows[0].seats[1].label: "A-1" is already the id at subChart.rows[0].seats[0].label`,
			"subChart.rows[0].seats[1].y: y is missing",
			`subChart.rows[0].seats[2].label: "A-ß" is no id`,
			`subChart.rows[0].seats[2].categoryKey: "" is not a category`,
		}},
		"whole": {`{` + sioCategories + `,"subChart":{"tables":[{"label":"T","bookAsAWhole":true,"seats":[{"label":"1","categoryKey":1,"x":1,"y":1}]}],
			"generalAdmissionAreas":[{"label":"GA","capacity":0,"categoryKey":1,"bookAsAWhole":true}]}}`, []string{
			"subChart.tables[0].bookAsAWhole: chair by chair",
			"subChart.generalAdmissionAreas[0].bookAsAWhole: number of people",
			"subChart.generalAdmissionAreas[0].capacity: 0 is not between",
		}},
		"booths": {`{` + sioCategories + `,"subChart":{"booths":[{"label":"B","categoryKey":1},{"label":"B","categoryKey":9}]}}`, []string{
			`subChart.booths[1].label: "B" is already the id at subChart.booths[0].label`,
			`subChart.booths[1].categoryKey: "9" is not a category`,
		}},
		"sections": {`{` + sioCategories + `,"subChart":{"sections":[
			{"label":"S","categoryKey":1,"subChart":{"rows":[{"label":"A","seats":[{"label":"1","x":1,"y":1}]}]}},
			{"label":"S","categoryKey":1,"subChart":{"rows":[{"label":"B","seats":[{"label":"1","x":1,"y":1}]}]}}]}}`, []string{
			`subChart.sections[1].label: section "S" is already at subChart.sections[0].label`,
		}},
	} {
		t.Run(name, func(t *testing.T) { refused(t, in.data, "seatsio", in.want...) })
	}
}
