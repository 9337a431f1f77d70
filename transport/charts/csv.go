package charts

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/usherhq/usher/engine/chart"
	"github.com/usherhq/usher/engine/chart/jsonread"
)

// The columns of a CSV, by their names in its header, in any order. The last two may be left out, or their cells empty.
var csvColumns = []string{"seat_id", "section", "row", "number", "category", "x", "y"}

const (
	colSeatID = iota
	colSection
	colRow
	colNumber
	colCategory
	colX
	colY
	csvRequired = colX // so many of the columns must be there
)

// readCSV reads one seat a line. Chart order is the order of lines, so the lines of a section stand together, and within it those of a row: a section that goes on after another began
// is a problem. Categories come in the order of their first seats and take their colours from the palette. A byte order mark, CRLF, quotes and empty lines are
// as in any CSV (RFC 4180).
func readCSV(data []byte) (*draft, error) {
	in := &csvReader{csv: csv.NewReader(bytes.NewReader(data)), chart: new(chart.Chart)}
	in.csv.FieldsPerRecord = -1
	in.csv.ReuseRecord = true
	in.categories, in.sections = map[string]string{}, map[string]int{}
	if in.header() {
		for in.next() {
		}
	}
	if in.unlisted > 0 {
		in.problems = append(in.problems, chart.Problem{Where: lineName(1), Problem: fmt.Sprintf("the file has %d more problems, not listed", in.unlisted)})
	}
	if len(in.problems) > 0 && len(in.chart.Sections) == 0 {
		return nil, &chart.BadChart{Problems: in.problems}
	}
	return &draft{chart: in.chart, name: in.name, problems: in.problems, lines: true}, nil
}

// A csvReader holds the chart as far as it is read.
type csvReader struct {
	csv        *csv.Reader
	chart      *chart.Chart
	columns    [7]int // where in a record each column stands; −1 if nowhere
	width      int
	categories map[string]string // known ones, by themselves: seats share their memory
	sections   map[string]int    // their places in the chart
	rows       map[string]int    // those of the section that the last line belongs to
	section    int               // that section
	row        int               // and that row
	seats      int               // read so far
	unlisted   int               // problems beyond jsonread.MaxProblems
	lines      [][][]int         // the line of each seat, by section, row and seat
	problems   []chart.Problem
}

// record reads the next line that has fields. After one that is no CSV it goes on with the next: every such line is told.
func (in *csvReader) record() ([]string, bool) {
	for {
		record, err := in.csv.Read()
		var parse *csv.ParseError
		switch {
		case err == nil:
			return record, true
		case err == io.EOF:
			return nil, false
		case errors.As(err, &parse):
			in.note(parse.Line, "column %d: %v", parse.Column, parse.Err)
		default:
			in.note(1, "%v", err)
			return nil, false
		}
	}
}

// header reads the first line, and tells whether the others can be understood.
func (in *csvReader) header() bool {
	record, ok := in.record()
	if !ok {
		in.note(1, "has no header: %s", strings.Join(csvColumns, ","))
		return false
	}
	line, before := in.line(), len(in.problems)
	in.columns, in.width = [7]int{-1, -1, -1, -1, -1, -1, -1}, len(record)
	for i, name := range record {
		switch at := slices.Index(csvColumns, name); {
		case at < 0:
			in.note(line, "column %q is none of %s", name, strings.Join(csvColumns, ","))
		case in.columns[at] >= 0:
			in.note(line, "column %q is there twice", name)
		default:
			in.columns[at] = i
		}
	}
	for i, name := range csvColumns[:csvRequired] {
		if in.columns[i] < 0 {
			in.note(line, "column %q is missing", name)
		}
	}
	if (in.columns[colX] < 0) != (in.columns[colY] < 0) {
		in.note(line, "columns x and y come together or not at all")
	}
	return len(in.problems) == before
}

func (in *csvReader) next() bool {
	record, ok := in.record()
	if !ok {
		return false
	}
	line := in.line()
	if len(record) != in.width {
		in.note(line, "has %d fields; the header has %d", len(record), in.width)
		return true
	}
	if in.seats++; in.seats > chart.MaxSeats {
		in.note(line, "is seat %d; at most %d can be sold", in.seats, chart.MaxSeats)
		return false
	}
	in.seat(line, record)
	return true
}

func (in *csvReader) seat(line int, record []string) {
	cell := func(column int) string { return record[in.columns[column]] }
	in.enterSection(line, cell(colSection))
	in.enterRow(line, cell(colRow))
	row := &in.chart.Sections[in.section].Rows[in.row]
	row.Seats = append(row.Seats, chart.Seat{
		SeatID:   strings.Clone(cell(colSeatID)),
		Number:   strings.Clone(cell(colNumber)),
		Category: in.category(cell(colCategory)),
		X:        in.coordinate(line, colX, record),
		Y:        in.coordinate(line, colY, record),
	})
	in.lines[in.section][in.row] = append(in.lines[in.section][in.row], line)
}

// enterSection makes sure that the section is the one last begun. One that comes again is told, once a return, and its seats go where it stands: so the rest of the file is
// checked as it is meant.
func (in *csvReader) enterSection(line int, name string) {
	if len(in.lines) > 0 && in.chart.Sections[in.section].Name == name {
		return
	}
	if at, known := in.sections[name]; known {
		in.note(line, "section %q began at line %d and another came between: the lines of a section stand together", name, in.lines[at][0][0])
		in.section, in.row = at, -1
	} else {
		name = strings.Clone(name)
		in.section, in.row = len(in.chart.Sections), -1
		in.sections[name] = in.section
		in.chart.Sections = append(in.chart.Sections, chart.Section{Name: name})
		in.lines = append(in.lines, nil)
	}
	in.rows = map[string]int{}
	for i, row := range in.chart.Sections[in.section].Rows {
		in.rows[row.Name] = i
	}
}

func (in *csvReader) enterRow(line int, name string) {
	section := &in.chart.Sections[in.section]
	if in.row >= 0 && section.Rows[in.row].Name == name {
		return
	}
	if at, known := in.rows[name]; known {
		if in.row >= 0 {
			in.note(line, "row %q began at line %d and another came between: the lines of a row stand together", name, in.lines[in.section][at][0])
		}
		in.row = at
		return
	}
	name = strings.Clone(name)
	in.row = len(section.Rows)
	in.rows[name] = in.row
	section.Rows = append(section.Rows, chart.Row{Name: name})
	in.lines[in.section] = append(in.lines[in.section], nil)
}

// category makes a category of a name that is new. An empty cell makes none: the seat's problem is that it has no category.
func (in *csvReader) category(name string) string {
	if name == "" {
		return ""
	}
	if known, ok := in.categories[name]; ok {
		return known
	}
	name = strings.Clone(name)
	in.categories[name] = name
	in.chart.Categories = append(in.chart.Categories, chart.Category{Name: name, Color: colorOf(len(in.chart.Categories))})
	return name
}

// coordinate reads x or y; what is no number is noted and stands as 0, so that it is not also found missing.
func (in *csvReader) coordinate(line, column int, record []string) *float64 {
	if in.columns[column] < 0 || record[in.columns[column]] == "" {
		return nil
	}
	v, err := strconv.ParseFloat(record[in.columns[column]], 64)
	if err != nil {
		in.note(line, "%s %q is not a number", csvColumns[column], record[in.columns[column]])
		v = 0
	}
	return &v
}

// line is the number of the record just read, counted from 1.
func (in *csvReader) line() int {
	line, _ := in.csv.FieldPos(0)
	return line
}

func (in *csvReader) note(line int, format string, args ...any) {
	if len(in.problems) >= jsonread.MaxProblems {
		in.unlisted++
		return
	}
	in.problems = append(in.problems, chart.Problem{Where: lineName(line), Problem: fmt.Sprintf(format, args...)})
}

// name gives the line of a seat; that of its first seat for a section or row, and of the header for the chart. A category has none of its own: it is named by
// the line of the first seat in it.
func (in *csvReader) name(p chart.Place) string {
	switch p.Kind {
	case chart.ASeat:
		return lineName(in.lines[p.I][p.J][p.K])
	case chart.ARow:
		return lineName(in.lines[p.I][p.J][0])
	case chart.ASection:
		return lineName(in.lines[p.I][0][0])
	case chart.ACategory:
		return lineName(in.firstOf(in.chart.Categories[p.I].Name))
	}
	return lineName(1)
}

func (in *csvReader) firstOf(category string) int {
	for i, s := range in.chart.Sections {
		for j, r := range s.Rows {
			for k := range r.Seats {
				if r.Seats[k].Category == category {
					return in.lines[i][j][k]
				}
			}
		}
	}
	return 1
}

func lineName(line int) string { return "line " + strconv.Itoa(line) }
