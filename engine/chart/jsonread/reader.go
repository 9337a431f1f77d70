package jsonread

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"unicode/utf8"
)

// Bounds on what a document can make its reader hold: a body of 32 MiB could otherwise become gigabytes of empty objects, or of complaints about them.
const (
	MaxElements = 2_500_000 // of all lists together
	MaxProblems = 100_000   // listed; beyond them only counted
)

// Problem is one mistake and its place: a path ("zones[0].rows[3].seats[2].seat_guid"), the document ("chart"), or line and column where it is not even JSON.
type Problem struct{ Where, Problem string }

// Reader walks one document. It is not for concurrent use.
type Reader struct {
	data     []byte
	at       int
	path     []step
	elements int
	problems []Problem
	unlisted int
	lastText string // what Shared read last
	lenient  bool
}

// step is one part of the path to the value being read: a key, or an index where key is empty.
type step struct {
	key   string
	index int
}

// New is a Reader at the start of data, which must not change while it is read. The error is a problem if data is not one well-formed JSON value in UTF-8, text after it included.
// A lenient reader skips fields it does not know; others note them.
func New(data []byte, lenient bool) (*Reader, *Problem) {
	if p := wellFormed(data); p != nil {
		return nil, p
	}
	return &Reader{data: data, lenient: lenient}, nil
}

// Problems are the mistakes noted so far, in the order of the document.
func (r *Reader) Problems() []Problem {
	if r.unlisted == 0 {
		return r.problems
	}
	more := Problem{"chart", fmt.Sprintf("has %d more problems, not listed", r.unlisted)}
	return append(r.problems[:len(r.problems):len(r.problems)], more)
}

// Note adds a mistake at the place now being read.
func (r *Reader) Note(problem string) {
	if len(r.problems) >= MaxProblems {
		r.unlisted++
		return
	}
	r.problems = append(r.problems, Problem{r.Where(), problem})
}

// Where is the path to the value being read; "chart" for the document itself.
func (r *Reader) Where() string {
	var path []byte
	for _, s := range r.path {
		if s.key == "" {
			path = append(path, '[')
			path = strconv.AppendInt(path, int64(s.index), 10)
			path = append(path, ']')
			continue
		}
		if len(path) > 0 {
			path = append(path, '.')
		}
		path = append(path, s.key...)
	}
	if len(path) == 0 {
		return "chart"
	}
	return string(path)
}

// Has tells whether the value that comes next is an object with this key.
func (r *Reader) Has(key string) bool {
	was := *r
	defer func() { *r = was }()
	if r.next() != '{' {
		return false
	}
	for r.at++; r.more('}'); r.Skip() {
		if r.quoted() == key {
			return true
		}
		r.colon()
	}
	return false
}

func wellFormed(data []byte) *Problem {
	if !utf8.Valid(data) {
		return &Problem{lineAndColumn(data, firstBadRune(data)), "is not valid UTF-8"}
	}
	if json.Valid(data) {
		return nil
	}
	var all json.RawMessage
	err := json.Unmarshal(data, &all)
	where := len(data)
	if syntax := (*json.SyntaxError)(nil); errors.As(err, &syntax) {
		where = int(syntax.Offset) - 1
	}
	return &Problem{lineAndColumn(data, where), fmt.Sprintf("is not valid JSON: %v", err)}
}

func firstBadRune(data []byte) int {
	for i := 0; i < len(data); {
		r, size := utf8.DecodeRune(data[i:])
		if r == utf8.RuneError && size == 1 {
			return i
		}
		i += size
	}
	return len(data)
}

// lineAndColumn counts both from 1, the column in bytes.
func lineAndColumn(data []byte, offset int) string {
	offset = max(0, min(offset, len(data)))
	line := 1 + bytes.Count(data[:offset], []byte("\n"))
	column := offset - bytes.LastIndexByte(data[:offset], '\n')
	return fmt.Sprintf("line %d, column %d", line, column)
}
