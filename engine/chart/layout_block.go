package chart

import (
	"strconv"
)

// A block is a section measured in seats: how wide each row is, and how far behind the front it stands.
type block struct {
	section *Section
	lines   []line
	width   int  // of the widest row, in seats
	depth   int  // rows from the front to the last one, gaps counted
	numbers bool // the rows' names are numbers that rise or fall throughout
	lowest  int  // the lowest of them

	from, to float64 // along its side of a stadium: see curve
	front    float64 // distance from the stadium's front line to the block's first row
}

// A line is one row: its seats' slots, counted from 0 at its first seat, and its depth, counted in rows from the front of its block.
type line struct {
	row    *Row
	slots  []int
	width  int
	depth  int
	number int
}

func measure(s *Section) *block {
	b := &block{section: s}
	for j := range s.Rows {
		if len(s.Rows[j].Seats) == 0 {
			continue
		}
		l := line{row: &s.Rows[j], slots: slots(s.Rows[j].Seats), depth: len(b.lines)}
		l.width = l.slots[len(l.slots)-1] + 1
		b.width = max(b.width, l.width)
		b.lines = append(b.lines, l)
	}
	b.depth = len(b.lines)
	b.readNumbers()
	return b
}

// readNumbers looks for row numbers. Falling ones mean that the chart lists the last row first: the lowest is the front.
func (b *block) readNumbers() {
	numbers := make([]int, len(b.lines))
	for i := range b.lines {
		n, err := strconv.Atoi(b.lines[i].row.Name)
		if err != nil || n < 0 || n > MaxSeats {
			return
		}
		numbers[i] = n
	}
	steps := direction(numbers)
	if steps == 0 {
		return
	}
	b.numbers, b.lowest = true, min(numbers[0], numbers[len(numbers)-1])
	for i := range b.lines {
		b.lines[i].number = numbers[i]
		if steps < 0 {
			b.lines[i].depth = len(b.lines) - 1 - i
		}
	}
}

// byNumber sets the rows' depths by their numbers, counted from first, unless the numbers leave more places empty than they fill twice over.
func (b *block) byNumber(first int) {
	last := 0
	for i := range b.lines {
		last = max(last, b.lines[i].number-first)
	}
	if !b.numbers || last > 3*len(b.lines) {
		return
	}
	for i := range b.lines {
		b.lines[i].depth = b.lines[i].number - first
	}
	b.depth = last + 1
}

// slots tells where in its row each seat stands. Numbers that rise or fall throughout leave room for those that are missing; a common step (odd numbers on the left, even
// ones on the right) is one place. Anything else, or more gaps than seats, stands shoulder to shoulder.
func slots(seats []Seat) []int {
	numbers := make([]int, len(seats))
	dense := make([]int, len(seats))
	counted := true
	for i := range seats {
		n, err := strconv.Atoi(seats[i].Number)
		counted = counted && err == nil && n >= 0 && n < 1<<30
		numbers[i], dense[i] = n, i
	}
	if !counted || len(seats) < 2 || direction(numbers) == 0 {
		return dense
	}
	step := 0
	for i := range numbers[1:] {
		step = divisor(step, max(numbers[i+1]-numbers[i], numbers[i]-numbers[i+1]))
	}
	places, first := make([]int, len(seats)), numbers[0]
	for i, n := range numbers {
		places[i] = max(n-first, first-n) / step
	}
	if places[len(places)-1] >= 2*len(seats)+4 {
		return dense
	}
	return places
}

// direction is +1 if the numbers rise throughout, −1 if they fall, else 0.
func direction(numbers []int) int {
	rises, falls := true, true
	for i := 1; i < len(numbers); i++ {
		rises = rises && numbers[i] > numbers[i-1]
		falls = falls && numbers[i] < numbers[i-1]
	}
	switch {
	case rises && len(numbers) > 0:
		return 1
	case falls && len(numbers) > 0:
		return -1
	}
	return 0
}

func divisor(a, b int) int {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

// align sets the rows of neighbouring sections on common lines by their numbers, if at least half of the sections begin with the same, lowest one: row 6 of the corner then
// continues row 6 beside it, and what its first five rows would take stays free. Sections numbered each in a way of its own stay as they are.
func align(blocks []*block) {
	lowest, same := 0, 0
	for i, b := range blocks {
		if !b.numbers {
			return
		}
		switch {
		case i == 0 || b.lowest < lowest:
			lowest, same = b.lowest, 1
		case b.lowest == lowest:
			same++
		}
	}
	if 2*same < len(blocks) {
		return
	}
	for _, b := range blocks {
		b.byNumber(lowest)
	}
}
