package chart

import (
	"crypto/sha256"
	"math"
	"strconv"
	"unicode/utf8"
)

// Encode is the chart in its canonical form: usher's JSON without white space, fields in a fixed order, coordinates rounded to two decimals, what is absent or
// false left out. Equal charts give equal bytes on every machine, and Decode(Encode(c)) encodes to the same bytes again; so their Sum is the chart's identity.
// The chart should be valid: a coordinate that is not finite is left out, text that is not UTF-8 is mended with U+FFFD.
func (c *Chart) Encode() []byte {
	e := encoder(make([]byte, 0, 256+96*c.Seats()))
	e.open('{')
	e.text("name", c.Name)
	e.list("categories", len(c.Categories), func(i int) { e.category(&c.Categories[i]) })
	e.list("sections", len(c.Sections), func(i int) { e.section(&c.Sections[i]) })
	e.list("areas", len(c.Areas), func(i int) { e.area(&c.Areas[i]) })
	if len(c.FocalPoints) > 0 {
		e.list("focal_points", len(c.FocalPoints), func(i int) {
			e.coordinate("x", &c.FocalPoints[i].X)
			e.coordinate("y", &c.FocalPoints[i].Y)
		})
	}
	e.close('}')
	return e
}

// Sum is a chart's identity: the sha256 of its canonical bytes.
func Sum(canonical []byte) [32]byte { return sha256.Sum256(canonical) }

// Round is v as the canonical form has it: two decimals, and no minus before zero.
func Round(v float64) float64 { return math.Round(v*100)/100 + 0 }

// An encoder appends JSON to itself. Written by hand, since encoding/json promises neither the form of its numbers nor of its escapes between releases, and a
// sha256 must outlive them.
type encoder []byte

func (e *encoder) category(c *Category) {
	e.text("name", c.Name)
	e.text("color", c.Color)
}

func (e *encoder) section(s *Section) {
	e.text("name", s.Name)
	e.coordinate("x", s.X)
	e.coordinate("y", s.Y)
	e.list("rows", len(s.Rows), func(i int) {
		row := &s.Rows[i]
		e.text("name", row.Name)
		e.list("seats", len(row.Seats), func(k int) { e.seat(&row.Seats[k]) })
	})
}

func (e *encoder) seat(s *Seat) {
	e.text("seat_id", s.SeatID)
	e.text("number", s.Number)
	e.text("category", s.Category)
	e.coordinate("x", s.X)
	e.coordinate("y", s.Y)
	e.mark("accessible", s.Accessible)
	e.mark("companion", s.Companion)
	e.mark("restricted_view", s.RestrictedView)
}

func (e *encoder) area(a *Area) {
	e.text("area_id", a.AreaID)
	e.text("name", a.Name)
	e.key("capacity")
	*e = strconv.AppendInt(*e, int64(a.Capacity), 10)
	e.text("category", a.Category)
	e.coordinate("x", a.X)
	e.coordinate("y", a.Y)
}

// list writes n objects, each by one call of object.
func (e *encoder) list(key string, n int, object func(i int)) {
	e.key(key)
	e.open('[')
	for i := range n {
		e.comma()
		e.open('{')
		object(i)
		e.close('}')
	}
	e.close(']')
}

func (e *encoder) text(key, value string) {
	e.key(key)
	e.quote(value)
}

func (e *encoder) mark(key string, on bool) {
	if on {
		e.key(key)
		*e = append(*e, "true"...)
	}
}

func (e *encoder) coordinate(key string, v *float64) {
	if v == nil || math.IsNaN(*v) || math.IsInf(*v, 0) {
		return
	}
	e.key(key)
	*e = strconv.AppendFloat(*e, Round(*v), 'f', -1, 64)
}

func (e *encoder) key(key string) {
	e.comma()
	*e = append(*e, '"')
	*e = append(*e, key...)
	*e = append(*e, `":`...)
}

// comma parts this member from the one before, if there is one.
func (e *encoder) comma() {
	if last := (*e)[len(*e)-1]; last != '{' && last != '[' {
		*e = append(*e, ',')
	}
}

func (e *encoder) open(bracket byte)  { *e = append(*e, bracket) }
func (e *encoder) close(bracket byte) { *e = append(*e, bracket) }

// quote escapes what JSON demands and nothing else: the quote, the backslash and controls.
func (e *encoder) quote(s string) {
	const hex = "0123456789abcdef"
	*e = append(*e, '"')
	for i := 0; i < len(s); {
		c := s[i]
		switch {
		case c == '"' || c == '\\':
			*e = append(*e, '\\', c)
		case c < ' ':
			*e = append(*e, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		case c < utf8.RuneSelf:
			*e = append(*e, c)
		default:
			r, size := utf8.DecodeRuneInString(s[i:])
			*e = utf8.AppendRune(*e, r)
			i += size - 1
		}
		i++
	}
	*e = append(*e, '"')
}
