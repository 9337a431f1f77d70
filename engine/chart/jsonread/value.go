package jsonread

import (
	"encoding/json"
	"strconv"
)

// Text reads a string.
func (r *Reader) Text() string {
	if r.next() != '"' {
		r.wrong("a string")
		return ""
	}
	return r.quoted()
}

// Shared is Text for what often repeats the one before, as neighbouring seats' categories do: one piece of memory then serves them all.
func (r *Reader) Shared() string {
	if r.next() != '"' {
		r.wrong("a string")
		return ""
	}
	end := r.at + 1 + len(r.lastText)
	if end < len(r.data) && r.data[end] == '"' && string(r.data[r.at+1:end]) == r.lastText && plain(r.lastText) {
		r.at = end + 1
		return r.lastText
	}
	r.lastText = r.quoted()
	return r.lastText
}

// plain tells that a text stands in JSON as it is: a backslash, at its end for one, would be an escape there.
func plain(s string) bool {
	for i := range len(s) {
		if s[i] == '\\' {
			return false
		}
	}
	return true
}

// Label reads a string, or a number as it is written: formats that number their seats and categories use either.
func (r *Reader) Label() string {
	if r.next() == '"' {
		return r.Shared()
	}
	literal, _ := r.literal("a string or a number")
	return literal
}

// Bool reads true or false.
func (r *Reader) Bool() bool {
	switch r.next() {
	case 't':
		r.at += len("true")
		return true
	case 'f':
		r.at += len("false")
		return false
	}
	r.wrong("true or false")
	return false
}

// Number reads a number that a float64 can hold, nil if it is none.
func (r *Reader) Number() *float64 {
	literal, ok := r.literal("a number")
	if !ok {
		return nil
	}
	v, err := strconv.ParseFloat(literal, 64)
	if err != nil {
		r.Note("is a number out of range")
		return nil
	}
	return &v
}

// Whole reads an integer; a number with a fraction or an exponent is noted.
func (r *Reader) Whole() int {
	literal, ok := r.literal("a whole number")
	if !ok {
		return 0
	}
	v, err := strconv.Atoi(literal)
	if err != nil {
		r.Note("must be a whole number")
		return 0
	}
	return v
}

func (r *Reader) literal(want string) (string, bool) {
	if c := r.next(); c != '-' && (c < '0' || c > '9') {
		r.wrong(want)
		return "", false
	}
	start := r.at
	r.skipLiteral()
	return string(r.data[start:r.at]), true
}

// quoted reads the string that comes next, its escapes resolved.
func (r *Reader) quoted() string {
	r.next()
	start := r.at
	escaped := r.skipText()
	if !escaped {
		return string(r.data[start+1 : r.at-1])
	}
	var s string
	_ = json.Unmarshal(r.data[start:r.at], &s) // well formed, so it cannot fail
	return s
}

// wrong notes that the next value is of another type than wanted, and skips it.
func (r *Reader) wrong(want string) {
	r.Note("must be " + want + ", not " + r.kind())
	r.Skip()
}

func (r *Reader) kind() string { return Kind(r.next()) }

// Kind names the sort of the JSON value that begins with this byte, for people.
func Kind(first byte) string {
	switch first {
	case '{':
		return "an object"
	case '[':
		return "a list"
	case '"':
		return "a string"
	case 't':
		return "true"
	case 'f':
		return "false"
	case 'n':
		return "null"
	}
	return "a number"
}
