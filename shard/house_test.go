package shard

import (
	"math/rand/v2"
	"strings"
	"testing"
)

// house is a drawn one: rows of seats as seen from the stage, which is before the middle
// of the first row.
//
//	.  free        :  free, of category 2       |  an aisle
//	x  not free    X  not free, of category 2
//	a  free and accessible, c a companion's, b both; A, C, B not free
type house struct {
	testing.TB
	plan  *Plan
	free  freeMap
	drawn []string
}

func draw(tb testing.TB, rows ...string) *house {
	tb.Helper()
	s := &PlanSpec{Categories: 2, Sections: uint16(len(rows)), FocalX: 100 + int32(len(rows[0])-1)*5, FocalY: 90}
	free := seatSet{0, 0, 0, 0}
	for y, row := range rows {
		begin, aisle := true, false
		for x, c := range row {
			if c == '|' {
				aisle = true
				continue
			}
			low := strings.ToLower(string(c))
			seat := PlanSeat{Row: begin, Aisle: aisle, Section: uint16(y), X: 100 + int32(x)*10, Y: 100 + int32(y)*10}
			seat.Accessible, seat.Companion = low == "a" || low == "b", low == "c" || low == "b"
			if c == ':' || c == 'X' {
				seat.Category = 1
			}
			if strings.ContainsRune(".:abc", c) {
				free.add(uint32(len(s.Seats)))
			}
			s.Seats = append(s.Seats, seat)
			begin, aisle = false, false
		}
	}
	p := planFrom(tb, s)
	return &house{tb, p, free[:wordsOf(p.Seats())], rows}
}

// shown is the house with these seats drawn as #.
func (h *house) shown(seats []uint32) string {
	marked := map[uint32]bool{}
	for _, seat := range seats {
		marked[seat] = true
	}
	var b strings.Builder
	seat := uint32(0)
	for i, row := range h.drawn {
		if i > 0 {
			b.WriteByte(' ')
		}
		for _, c := range row {
			if c != '|' {
				if marked[seat] {
					c = '#'
				}
				seat++
			}
			b.WriteRune(c)
		}
	}
	return b.String()
}

// at is the seats a drawing marks with #.
func (h *house) at(marked ...string) (seats []uint32) {
	all := strings.ReplaceAll(strings.Join(marked, ""), "|", "")
	for i, c := range all {
		if c == '#' {
			seats = append(seats, uint32(i))
		}
	}
	return seats
}

// randomHouse is a small plan with something of everything, and many equal distances.
func randomHouse(r *rand.Rand) *PlanSpec {
	switch r.IntN(50) {
	case 0:
		return randomRows(r, 1+r.IntN(3), 150) // rows beyond a word of 64
	case 1, 2, 3:
		return randomRows(r, 80, 4) // several tracts
	}
	return randomRows(r, 1+r.IntN(6), 1+r.IntN(14))
}

// largeHouse has several words and tracts, and often many seats in one place.
func largeHouse(r *rand.Rand) *PlanSpec {
	s := randomRows(r, 40+r.IntN(40), 1+r.IntN(12))
	if r.IntN(2) == 0 {
		for i := range s.Seats {
			s.Seats[i].X, s.Seats[i].Y = s.Seats[i].X%3, s.Seats[i].Y%3
		}
	}
	return s
}

func randomRows(r *rand.Rand, rows, longest int) *PlanSpec {
	s := &PlanSpec{Categories: uint16(1 + r.IntN(3)), Sections: uint16(1 + r.IntN(2))}
	s.FocalX, s.FocalY = r.Int32N(30), r.Int32N(8)
	special := r.IntN(4)
	for y := range rows {
		seat := PlanSeat{Y: int32(y)}
		for x := range 1 + r.IntN(longest) {
			seat.Row, seat.X = x == 0, seat.X+1+r.Int32N(5)/4
			seat.Aisle = x > 0 && r.IntN(7) == 0
			if x == 0 || r.IntN(5) == 0 {
				seat.Category, seat.Section = uint16(r.IntN(int(s.Categories))), uint16(r.IntN(int(s.Sections)))
			}
			seat.Accessible, seat.Companion = r.IntN(8) < special, r.IntN(8) < special
			s.Seats = append(s.Seats, seat)
		}
	}
	return s
}

// randomFree frees each seat with a chance of its own for the whole house.
func randomFree(r *rand.Rand, seats uint32) freeMap {
	free, most := newSeatSet(seats), r.IntN(11)
	for seat := range seats {
		if r.IntN(10) < most {
			free.add(seat)
		}
	}
	return free
}
