package charts

import (
	"fmt"
	"strconv"

	"github.com/usherhq/usher/engine/chart"
)

// An origin remembers where in a foreign document the parts of a chart came from, in the paths of that document.
type origin struct {
	categories string // the path of their list
	sections   []originSection
	areas      []string                         // their paths
	fields     map[chart.Kind]map[string]string // the document's names for our fields
}

type originSection struct {
	path string
	rows []originRow
}

// originRow is where a row and its seats came from: the seats are the row's list of that name, or the row itself is its one seat (a booth).
type originRow struct{ path, list string }

func (o *origin) name(p chart.Place) string {
	path := o.part(p)
	field := p.Field
	if theirs, ok := o.fields[p.Kind][field]; ok {
		field = theirs
	}
	switch {
	case field == "" && path == "":
		return "chart"
	case field == "":
		return path
	case path == "":
		return field
	}
	return path + "." + field
}

func (o *origin) part(p chart.Place) string {
	switch p.Kind {
	case chart.ACategory:
		return element(o.categories, p.I)
	case chart.ASection:
		return o.sections[p.I].path
	case chart.ARow:
		return o.sections[p.I].rows[p.J].path
	case chart.ASeat:
		row := o.sections[p.I].rows[p.J]
		if row.list == "" {
			return row.path
		}
		return element(row.path+"."+row.list, p.K)
	case chart.AnArea:
		return o.areas[p.I]
	}
	return ""
}

func element(list string, i int) string { return list + "[" + strconv.Itoa(i) + "]" }

// rowNames makes the names of a section's rows unique. Foreign plans draw one row as several, left and right of an aisle: those are rows of their own here, since no one sits beside
// someone across the aisle, and the second "A" is called "A (2)".
type rowNames map[string]int

func (used rowNames) unique(name string) string {
	used[name]++
	for used[name] > 1 {
		again := fmt.Sprintf("%s (%d)", name, used[name])
		if used[again] == 0 {
			used[again]++
			return again
		}
		used[name]++
	}
	return name
}
