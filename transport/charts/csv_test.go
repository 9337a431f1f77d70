package charts

import (
	"slices"
	"strings"
	"testing"

	"github.com/usherhq/usher/engine/chart"
)

const csvHead = "seat_id,section,row,number,category\n"

func TestCSVColumnsInAnyOrder(t *testing.T) {
	in := "\ufeffcategory,y,x,number,row,section,seat_id\r\nvip,2.5,1,1,A,Left,a1\r\n\r\nvip,2.5,11,2,A,Left,a2\r\n\"p,k\",9,4,1,B,Left,b1\r\n"
	c, err := Import([]byte(in), "csv", "")
	if err != nil {
		t.Fatal(err)
	}
	want := []chart.Category{{Name: "vip", Color: palette[0]}, {Name: "p,k", Color: palette[1]}}
	if !slices.Equal(c.Categories, want) {
		t.Errorf("categories %v", c.Categories)
	}
	s := c.Sections[0].Rows[0].Seats[1]
	if s.SeatID != "a2" || s.Number != "2" || *s.X != 11 || *s.Y != 2.5 || s.Category != "vip" {
		t.Errorf("seat %+v", s)
	}
	if c.Seats() != 3 || c.Sections[0].Rows[1].Seats[0].Category != "p,k" {
		t.Errorf("chart %+v", c)
	}
}

func TestBadCSV(t *testing.T) {
	for name, in := range map[string]struct {
		data string
		want []string
	}{
		"nothing":            {"", []string{"line 1: no header"}},
		"header only":        {csvHead, []string{"line 1: has no seat"}},
		"missing columns":    {"seat_id,section,row\n", []string{`line 1: "number" is missing`, `line 1: "category" is missing`}},
		"unknown column":     {"seat_id,section,row,number,category,price\n", []string{`line 1: "price" is none of`}},
		"column twice":       {"seat_id,section,row,number,category,row\n", []string{`line 1: "row" is there twice`}},
		"x alone":            {"seat_id,section,row,number,category,x\n", []string{"line 1: x and y come together"}},
		"too few fields":     {csvHead + "a,S,1,1,c\nb,S,1\n", []string{"line 3: has 3 fields; the header has 5"}},
		"duplicate id":       {csvHead + "a,S,1,1,c\n\nb,S,1,2,c\na,S,1,3,c\n", []string{`line 5: "a" is already the id at line 2`}},
		"bad id":             {csvHead + "a b,S,1,1,c\n,S,1,2,c\n", []string{`line 2: "a b" is no id`, `line 3: "" is no id`}},
		"no category":        {csvHead + "a,S,1,1,\n", []string{`line 2: "" is not a category`}},
		"no section":         {csvHead + "a,,1,1,c\n", []string{"line 2: section name is empty"}},
		"section comes back": {csvHead + "a,S,1,1,c\nb,T,1,1,c\nc,S,2,1,c\nd,S,2,2,c\n", []string{`line 4: section "S" began at line 2`}},
		"row comes back":     {csvHead + "a,S,1,1,c\nb,S,2,1,c\nc,S,1,2,c\n", []string{`line 4: row "1" began at line 2`}},
		"not a number":       {"seat_id,section,row,number,category,x,y\na,S,1,1,c,left,2\n", []string{`line 2: x "left" is not a number`}},
		"infinite":           {"seat_id,section,row,number,category,x,y\na,S,1,1,c,Inf,NaN\n", []string{"line 2: +Inf is not a finite", "line 2: NaN is not a finite"}},
		"half a place":       {"seat_id,section,row,number,category,x,y\na,S,1,1,c,1,\n", []string{"line 2: y is missing"}},
		"some places":        {"seat_id,section,row,number,category,x,y\na,S,1,1,c,1,1\nb,S,1,2,c,,\n", []string{"line 3: x and y are missing"}},
		"bare quote":         {csvHead + "a,S,1,1,c\nb,S\"x,1,2,c\nc,S,1,3,c\na,S,1,4,c\n", []string{"line 3: column 4: bare \"", `line 5: "a" is already`}},
		"several on a line":  {"seat_id,section,row,number,category,x,y\n!,S,1,1,,left,2\n", []string{"line 2: left", "line 2: is no id", "line 2: not a category"}},
		"control character":  {csvHead + "a,S,1,\x07,c\n", []string{"line 2: number contains the control character U+0007"}},
		"not UTF-8":          {csvHead + "a,\xff,1,1,c\n", []string{"line 2: name is not valid UTF-8"}},
		"long category":      {csvHead + "a,S,1,1,c\nb,S,1,2," + strings.Repeat("é", 129) + "\n", []string{"line 3: name has 129 characters"}},
	} {
		t.Run(name, func(t *testing.T) { refused(t, in.data, "csv", in.want...) })
	}
}

// A file of a million bad lines must not become a gigabyte of complaints.
func TestHostileCSV(t *testing.T) {
	_, err := Import([]byte(csvHead+strings.Repeat("x\n", 150_000)), "csv", "")
	problems := err.(*chart.BadChart).Problems
	if n := len(problems); n != 100_001 || problems[n-1].Problem != "the file has 50000 more problems, not listed" {
		t.Errorf("%d problems, the last %v", n, problems[n-1])
	}
	_, err = Import([]byte(csvHead+strings.Repeat(",,,,\n", chart.MaxSeats+5)), "csv", "")
	if p := err.(*chart.BadChart).Problems[0]; p.Where != "line 1000002" || p.Problem != "is seat 1000001; at most 1000000 can be sold" {
		t.Errorf("too many seats: %v", p)
	}
}
