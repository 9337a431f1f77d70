package charts

import (
	"bytes"
	"errors"
	"fmt"
	"mime"
	"strings"

	"github.com/usherhq/usher/engine/chart/jsonread"
)

// Formats are the names that Import takes.
var Formats = []string{"usher", "csv", "pretix", "seatsio"}

// ErrUnknownFormat says that a format's name is none of Formats, or that the bytes look like none of them.
var ErrUnknownFormat = errors.New("unknown chart format")

func reader(data []byte, format, contentType string) (func([]byte) (*draft, error), error) {
	if format == "" {
		format = guess(data, contentType)
	}
	switch format {
	case "usher":
		return readUsher, nil
	case "csv":
		return readCSV, nil
	case "pretix":
		return readPretix, nil
	case "seatsio":
		return readSeatsio, nil
	case "":
		return nil, fmt.Errorf("%w: content type %q, and the bytes look like none of %s", ErrUnknownFormat, contentType, strings.Join(Formats, ", "))
	}
	return nil, fmt.Errorf("%w %q: it is one of %s", ErrUnknownFormat, format, strings.Join(Formats, ", "))
}

// guess trusts a content type that says CSV, tells the JSON formats apart by the field that each of them must have, and takes other text for CSV if its first line has the
// column that no CSV of ours lacks. It is empty if nothing fits.
func guess(data []byte, contentType string) string {
	media, _, _ := mime.ParseMediaType(contentType)
	if media == "text/csv" {
		return "csv"
	}
	first, _, _ := bytes.Cut(data, []byte("\n"))
	switch {
	case bytes.HasPrefix(bytes.TrimLeft(data, " \t\r\n"), []byte("{")):
		return guessJSON(data)
	case media == "application/json":
		return "usher" // it will say what is wrong with it
	case bytes.Contains(first, []byte("seat_id")):
		return "csv"
	}
	return ""
}

func guessJSON(data []byte) string {
	r, problem := jsonread.New(data, true)
	switch {
	case problem != nil:
		return "usher" // any JSON format names the same place in it
	case r.Has("subChart") || r.Has("subChartFloors"):
		return "seatsio"
	case r.Has("zones"):
		return "pretix"
	}
	return "usher"
}
