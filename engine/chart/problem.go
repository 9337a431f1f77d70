package chart

import (
	"fmt"
	"strconv"
)

// Problem is one thing wrong with a chart, and where it stands in the document that was read: "sections[3].rows[0].seats[7].category", "line 17".
type Problem struct {
	Where   string `json:"where"`
	Problem string `json:"problem"`
}

func (p Problem) String() string { return p.Where + ": " + p.Problem }

// BadChart is the error of a chart that cannot be used. It lists every problem found, at least one, in the order of the document.
type BadChart struct {
	Problems []Problem
}

// Error is one line: the first problem, and how many more there are.
func (b *BadChart) Error() string {
	switch n := len(b.Problems); n {
	case 0:
		return "bad chart"
	case 1:
		return "bad chart: " + b.Problems[0].String()
	default:
		return fmt.Sprintf("bad chart: %s (and %d more)", b.Problems[0], n-1)
	}
}

// bad is the error for a list of problems: nil for none.
func bad(problems []Problem) error {
	if len(problems) == 0 {
		return nil
	}
	return &BadChart{Problems: problems}
}

// Kind says what a Place points at.
type Kind uint8

const (
	TheChart    Kind = iota // no index
	ACategory               // I
	ASection                // I
	ARow                    // I: section, J: row
	ASeat                   // I: section, J: row, K: seat
	AnArea                  // I
	AFocalPoint             // I
)

// Place points at a part of a chart by its indexes (counted from 0, as many as its Kind has) and, unless the whole part is meant, the field in usher's JSON form.
type Place struct {
	Kind    Kind
	I, J, K int
	Field   string
}

// String is the place's path in usher's JSON form, e.g. "sections[3].rows[0].seats[7].category"; the chart itself is "chart".
func (p Place) String() string {
	path := p.part()
	switch {
	case p.Field == "" && path == "":
		return "chart"
	case p.Field == "":
		return path
	case path == "":
		return p.Field
	}
	return path + "." + p.Field
}

func (p Place) part() string {
	switch p.Kind {
	case ACategory:
		return at("categories", p.I)
	case ASection:
		return at("sections", p.I)
	case ARow:
		return at("sections", p.I) + "." + at("rows", p.J)
	case ASeat:
		return at("sections", p.I) + "." + at("rows", p.J) + "." + at("seats", p.K)
	case AnArea:
		return at("areas", p.I)
	case AFocalPoint:
		return at("focal_points", p.I)
	}
	return ""
}

// of is the same place, narrowed to one of its fields.
func (p Place) of(field string) Place {
	p.Field = field
	return p
}

func at(list string, i int) string { return list + "[" + strconv.Itoa(i) + "]" }
