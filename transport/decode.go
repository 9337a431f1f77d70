package transport

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/usherhq/usher/engine/chart/jsonread"
)

// fields is a JSON object being read strictly: every field is asked for by name, and
// done complains of those nobody asked for. The first mistake counts and names its field
// by path ("seat_ids[3]"); after it the getters return zeros, so that a request is read
// in one go and checked once. encoding/json alone would take a field given twice, or in
// another case, and could not say which element it means.
type fields struct {
	path    string // with the dot, "" for the body itself
	members []member
	err     *error // shared by the objects of one body
}

type member struct {
	name string
	raw  []byte // one JSON value, trimmed; nil once it has been asked for
}

// readObject reads text as one JSON object. What is wrong with it comes out of done.
func readObject(text []byte) *fields {
	f := &fields{err: new(error)}
	if err := wellFormed(text); err != nil {
		*f.err = err
		return f
	}
	f.split("body", text)
	return f
}

func wellFormed(text []byte) error {
	if !utf8.Valid(text) {
		return badField("body", "is not valid UTF-8")
	}
	if json.Valid(text) {
		return nil
	}
	var v json.RawMessage
	err := json.Unmarshal(text, &v)
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) {
		return badField("body", fmt.Sprintf("is not valid JSON at byte %d: %v", syntax.Offset, err))
	}
	return badField("body", "is not valid JSON")
}

// split finds an object's members in well-formed text.
func (f *fields) split(name string, text []byte) {
	s := scanner{text: text}
	if s.next() != '{' {
		f.fail(name, "must be an object, not "+s.kind())
		return
	}
	for s.at++; s.more('}'); {
		key := unquote(s.value())
		s.next() // the colon
		s.at++
		for i := range f.members {
			if f.members[i].name == key {
				f.fail(f.path+key, "is given twice")
			}
		}
		f.members = append(f.members, member{key, s.value()})
		if len(f.members) > maxMembers {
			f.fail(name, fmt.Sprintf("has more than %d fields", maxMembers))
			return
		}
	}
}

// maxMembers bounds the look for fields given twice, which is quadratic.
const maxMembers = 1000

func unquote(literal []byte) string {
	if body := literal[1 : len(literal)-1]; !containsBackslash(body) {
		return string(body)
	}
	var s string
	_ = json.Unmarshal(literal, &s) // well formed, so it cannot fail
	return s
}

func containsBackslash(b []byte) bool {
	for _, c := range b {
		if c == '\\' {
			return true
		}
	}
	return false
}

func (f *fields) fail(field, what string) {
	if *f.err == nil {
		*f.err = badField(field, what)
	}
}

// find is the member of that name that has not been asked for; nil if there is none.
func (f *fields) find(name string) *member {
	for i := range f.members {
		if f.members[i].name == name && f.members[i].raw != nil {
			return &f.members[i]
		}
	}
	return nil
}

// take hands out a member, once; nil if there is none or something failed before.
func (f *fields) take(name string, required bool) []byte {
	if *f.err != nil {
		return nil
	}
	if m := f.find(name); m != nil {
		raw := m.raw
		m.raw = nil
		return raw
	}
	if required {
		f.fail(f.path+name, "is missing")
	}
	return nil
}

// has tells whether a field is there and has not been asked for.
func (f *fields) has(name string) bool { return f.find(name) != nil }

// text is a string that must be there; it may not be empty.
func (f *fields) text(name string) string { return f.string(name, f.take(name, true), false) }

// optionalText is a string, "" if absent; it may not be given and empty.
func (f *fields) optionalText(name string) string {
	return f.string(name, f.take(name, false), false)
}

// words is a string for people, which may be empty or absent.
func (f *fields) words(name string) string { return f.string(name, f.take(name, false), true) }

func (f *fields) string(name string, raw []byte, empty bool) string {
	if raw == nil {
		return ""
	}
	if raw[0] != '"' {
		f.fail(f.path+name, "must be a string, not "+jsonread.Kind(raw[0]))
		return ""
	}
	s := unquote(raw)
	if s == "" && !empty {
		f.fail(f.path+name, "must not be empty")
	}
	return s
}

// texts is a list of strings that must be there; which and how many is not its concern.
func (f *fields) texts(name string) []string {
	list := []string{}
	for i, raw := range f.list(name, "strings") {
		list = append(list, f.string(element(name, i), raw, true))
	}
	if *f.err != nil {
		return nil
	}
	return list
}

// whole is an integer min ≤ n ≤ max that must be there.
func (f *fields) whole(name string, min, max int64) int64 {
	return f.integer(name, f.take(name, true), min, max)
}

// optionalWhole is an integer min ≤ n ≤ max, 0 if absent.
func (f *fields) optionalWhole(name string, min, max int64) int64 {
	return f.integer(name, f.take(name, false), min, max)
}

func (f *fields) integer(name string, raw []byte, min, max int64) int64 {
	if raw == nil {
		return 0
	}
	if c := raw[0]; c != '-' && (c < '0' || c > '9') {
		f.fail(f.path+name, "must be a whole number, not "+jsonread.Kind(raw[0]))
		return 0
	}
	n, err := strconv.ParseInt(string(raw), 10, 64)
	if err != nil || n < min || n > max {
		f.fail(f.path+name, fmt.Sprintf("must be a whole number from %d to %d", min, max))
		return 0
	}
	return n
}

// optionalTime is an RFC 3339 time, nil if absent.
func (f *fields) optionalTime(name string) *time.Time {
	s := f.optionalText(name)
	if s == "" {
		return nil
	}
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		f.fail(f.path+name, "must be a time such as 2024-08-16T09:00:00Z")
		return nil
	}
	t = t.UTC()
	return &t
}

// object is an object that must be there.
func (f *fields) object(name string) *fields { return f.inner(name, f.take(name, true)) }

// inner reads a value as an object within f; nil, after a mistake, is an empty one.
func (f *fields) inner(name string, raw []byte) *fields {
	inner := &fields{path: f.path + name + ".", err: f.err}
	if raw != nil {
		inner.split(f.path+name, raw)
	}
	return inner
}

// raw is an object that must be there, for somebody else to read.
func (f *fields) raw(name string) []byte {
	raw := f.take(name, true)
	if raw != nil && raw[0] != '{' {
		f.fail(f.path+name, "must be an object, not "+jsonread.Kind(raw[0]))
		return nil
	}
	return raw
}

// done is the first mistake; a field nobody asked for is one.
func (f *fields) done() error {
	if *f.err == nil {
		for i := range f.members {
			if f.members[i].raw != nil {
				f.fail(f.path+f.members[i].name, "is not a known field")
			}
		}
	}
	return *f.err
}
