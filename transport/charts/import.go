package charts

import (
	"bytes"

	"github.com/usherhq/usher/engine/chart"
	"github.com/usherhq/usher/engine/chart/jsonread"
)

// Import reads a seat map in the given format, one of Formats; empty means: guess from contentType (a media type, may be empty too) and the bytes. The chart that
// comes back is valid and every seat has its coordinates; its identity is chart.Sum of its Encode.
//
// The error is a *chart.BadChart that lists every problem with its place in the document ("line 17", "zones[0].rows[3].seats[2].seat_guid"), or wraps
// ErrUnknownFormat. data is not kept and may be of any size: the caller bounds it.
func Import(data []byte, format, contentType string) (*chart.Chart, error) {
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	read, err := reader(data, format, contentType)
	if err != nil {
		return nil, err
	}
	d, err := read(data)
	if err != nil {
		return nil, err
	}
	if problems := d.check(); len(problems) > 0 {
		return nil, &chart.BadChart{Problems: problems}
	}
	d.chart.Layout()
	if err := d.chart.ValidateNaming(d.name); err != nil {
		return nil, err // a chart so wide that its layout leaves the plane
	}
	return d.chart, nil
}

// A draft is a chart as it was read, not yet validated.
type draft struct {
	chart    *chart.Chart
	name     func(chart.Place) string // where in the document a part of the chart came from
	problems []chart.Problem          // what could not be read
	lines    bool                     // places are lines, not single fields: one may have several problems
}

// check is what could not be read, then what is not valid in the rest.
func (d *draft) check() []chart.Problem {
	told := d.problems
	if d.lines {
		told = nil
	}
	return append(d.problems, d.chart.ValidateBeyond(told, d.name)...)
}

// readJSON is the reader of a foreign document, whose many fields of no use here are skipped.
func readJSON(data []byte) (*jsonread.Reader, error) {
	r, p := jsonread.New(data, true)
	if p != nil {
		return nil, &chart.BadChart{Problems: []chart.Problem{chart.Problem(*p)}}
	}
	return r, nil
}
