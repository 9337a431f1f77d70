package chart

import (
	"fmt"
	"math"
	"strconv"
	"unicode"
	"unicode/utf8"
)

// IsID tells whether s can be a seat_id or area_id: 1–64 of A-Z a-z 0-9 . _ -
func IsID(s string) bool {
	if len(s) == 0 || len(s) > MaxID {
		return false
	}
	for i := range len(s) {
		if !isIDByte(s[i]) {
			return false
		}
	}
	return true
}

func isIDByte(c byte) bool {
	return 'A' <= c && c <= 'Z' || 'a' <= c && c <= 'z' || '0' <= c && c <= '9' || c == '.' || c == '_' || c == '-'
}

// isColor accepts #rgb, #rrggbb and none.
func isColor(s string) bool {
	if s == "" {
		return true
	}
	if s[0] != '#' || len(s) != 4 && len(s) != 7 {
		return false
	}
	_, err := strconv.ParseUint(s[1:], 16, 32)
	return err == nil && s[1] != '+' && s[1] != '-'
}

// textFlaw says what keeps s from being a name that pages, logs and tickets can show; empty if nothing does.
func textFlaw(s string) string {
	if !utf8.ValidString(s) {
		return "is not valid UTF-8"
	}
	if n := utf8.RuneCountInString(s); n > MaxText {
		return fmt.Sprintf("has %d characters; at most %d are allowed", n, MaxText)
	}
	for _, r := range s {
		if unicode.IsControl(r) {
			return fmt.Sprintf("contains the control character %U", r)
		}
	}
	return ""
}

func isCoordinate(v float64) bool { return math.Abs(v) <= MaxCoordinate } // false for NaN too

// drawn tells whether any seat of the section has a coordinate.
func (s *Section) drawn() bool {
	for j := range s.Rows {
		for k := range s.Rows[j].Seats {
			if seat := &s.Rows[j].Seats[k]; seat.X != nil || seat.Y != nil {
				return true
			}
		}
	}
	return false
}

// show quotes a text from outside, cut to a length that a problem can carry.
func show(s string) string {
	if len(s) > MaxID+16 {
		return fmt.Sprintf("%+q…", s[:MaxID])
	}
	return strconv.Quote(s)
}
