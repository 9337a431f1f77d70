package chart

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

// made is a chart of n seats in sections of 50 rows of 30, without coordinates.
func made(n int, name func(section int) string) *Chart {
	c := &Chart{Name: "made", Categories: []Category{{"front", "#0072b2"}, {"back", "#fa0"}}}
	for i := 0; i < n; i++ {
		if i%1500 == 0 {
			c.Sections = append(c.Sections, Section{Name: name(i / 1500)})
		}
		s := &c.Sections[len(c.Sections)-1]
		if i%30 == 0 {
			s.Rows = append(s.Rows, Row{Name: fmt.Sprint(len(s.Rows) + 1)})
		}
		row := &s.Rows[len(s.Rows)-1]
		seat := Seat{Number: fmt.Sprint(i%30 + 1), Category: c.Categories[i%1500/750].Name}
		seat.SeatID = fmt.Sprintf("%s-%s-%s", s.Name, row.Name, seat.Number)
		row.Seats = append(row.Seats, seat)
	}
	return c
}

func numbered(i int) string { return fmt.Sprint(101 + i) }

// lists checks that err is a *BadChart of exactly these problems, each "where: words of the problem".
func lists(t *testing.T, err error, want ...string) {
	t.Helper()
	var bad *BadChart
	if !errors.As(err, &bad) {
		t.Fatalf("got %v, want a bad chart", err)
	}
	if len(bad.Problems) != len(want) {
		t.Fatalf("%d problems, want %d: %v", len(bad.Problems), len(want), bad.Problems)
	}
	for i, p := range bad.Problems {
		where, words, _ := strings.Cut(want[i], ": ")
		if p.Where != where || !strings.Contains(p.Problem, words) {
			t.Errorf("got %q, want %q", p, want[i])
		}
	}
}
