package transport

import (
	"fmt"
	"iter"
	"slices"
	"strconv"
	"strings"

	"github.com/usherhq/usher/engine/chart/jsonread"
)

func element(name string, i int) string { return name + "[" + strconv.Itoa(i) + "]" }

// list goes through a list that must be there; of says what its elements should be.
func (f *fields) list(name, of string) iter.Seq2[int, []byte] {
	return func(yield func(int, []byte) bool) {
		raw := f.take(name, true)
		if raw == nil {
			return
		}
		s := scanner{text: raw}
		if s.next() != '[' {
			f.fail(f.path+name, "must be a list of "+of+", not "+s.kind())
			return
		}
		s.at++
		for i := 0; s.more(']'); i++ {
			if !yield(i, s.value()) {
				return
			}
		}
	}
}

// objects reads a list of at least one object, each with read, which asks for all there is.
func objects[T any](f *fields, name string, read func(*fields) T) []T {
	list := []T{}
	for i, raw := range f.list(name, "objects") {
		inner := f.inner(element(name, i), raw)
		list = append(list, read(inner))
		_ = inner.done() // noted in f too, which is asked at the end
	}
	if len(list) == 0 {
		f.fail(f.path+name, "must not be empty")
	}
	return list
}

// optionalObjects is objects, nil if absent.
func optionalObjects[T any](f *fields, name string, read func(*fields) T) []T {
	if !f.has(name) {
		return nil
	}
	return objects(f, name, read)
}

// choice is a string out of a list, "" if absent.
func choice[T ~string](f *fields, name string, from ...T) T {
	s := T(f.optionalText(name))
	if s != "" && !slices.Contains(from, s) {
		f.fail(f.path+name, fmt.Sprintf("%q is not one of %s", s, joined(from)))
	}
	return s
}

func joined[T ~string](list []T) string {
	texts := make([]string, len(list))
	for i, s := range list {
		texts[i] = string(s)
	}
	return strings.Join(texts, ", ")
}

// flag is true or false, fallback if absent.
func (f *fields) flag(name string, fallback bool) bool {
	raw := f.take(name, false)
	switch {
	case raw == nil:
		return fallback
	case raw[0] != 't' && raw[0] != 'f':
		f.fail(f.path+name, "must be true or false, not "+jsonread.Kind(raw[0]))
	}
	return raw[0] == 't'
}

// optionalVersion is an event's or a seat's version, nil if absent.
func (f *fields) optionalVersion(name string) *uint64 {
	if !f.has(name) {
		return nil
	}
	n := uint64(f.whole(name, 0, maxExact))
	return &n
}

// number is a number that must be there.
func (f *fields) number(name string) float64 {
	raw := f.take(name, true)
	if raw == nil {
		return 0
	}
	if c := raw[0]; c != '-' && (c < '0' || c > '9') {
		f.fail(f.path+name, "must be a number, not "+jsonread.Kind(c))
		return 0
	}
	n, err := strconv.ParseFloat(string(raw), 64)
	if err != nil {
		f.fail(f.path+name, "is out of range")
	}
	return n
}

// isText tells whether a field that is there is a string.
func (f *fields) isText(name string) bool {
	m := f.find(name)
	return m != nil && m.raw[0] == '"'
}

// misplaced refuses fields that have no meaning beside what has been read.
func (f *fields) misplaced(why string, names ...string) {
	for _, name := range names {
		if f.has(name) {
			f.fail(f.path+name, why)
		}
	}
}
