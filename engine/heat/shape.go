package heat

import (
	"fmt"
	"sort"
)

// Shape is how a chart's seats stand in sections: in chart order those of a section stand
// together. It never changes; events on one chart share it.
type Shape struct {
	seats  int
	starts []uint32 // first seat of each section, ascending; starts[0] == 0
}

// NewShape makes the shape of seats 0…seats−1 with a section beginning at each of starts.
func NewShape(seats int, starts []uint32) (*Shape, error) {
	if seats < 0 || int64(seats) > 1<<32 {
		return nil, fmt.Errorf("heat: %d seats", seats)
	}
	if seats > 0 && (len(starts) == 0 || starts[0] != 0) {
		return nil, fmt.Errorf("heat: the sections of %d seats begin at %v, not at seat 0", seats, starts)
	}
	for i, s := range starts {
		if int64(s) > int64(seats) || i > 0 && s < starts[i-1] {
			return nil, fmt.Errorf("heat: section %d of %d seats begins at seat %d", i, seats, s)
		}
	}
	return &Shape{seats, starts}, nil
}

// Seats is the number of seats.
func (s *Shape) Seats() int { return s.seats }

// Sections is the number of sections.
func (s *Shape) Sections() int { return len(s.starts) }

// span is the seats of a section, from ≤ seat < to.
func (s *Shape) span(section int) (from, to int) {
	if section+1 < len(s.starts) {
		return int(s.starts[section]), int(s.starts[section+1])
	}
	return int(s.starts[section]), s.seats
}

// section is that of a seat: the last that begins at it or before, since empty ones may
// begin there too.
func (s *Shape) section(seat uint32) int {
	return sort.Search(len(s.starts), func(i int) bool { return s.starts[i] > seat }) - 1
}
