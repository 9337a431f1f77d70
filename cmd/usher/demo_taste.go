package main

import (
	"math/rand/v2"
	"time"

	"github.com/usherhq/usher/engine"
	"github.com/usherhq/usher/engine/chart"
)

// taste is where buyers like to sit: some sections more than others, near the front,
// near the middle of a row, and all of a party side by side.
type taste struct {
	sections []likedSection
	sum      float64
}

type likedSection struct {
	weight float64
	rows   []rowSeats // front first
}

// rowSeats are the seats from ≤ i < to.
type rowSeats struct{ from, to int }

// fashionFor is how long everybody wants one section more than others.
const fashionFor = 45 * time.Second

var categoryPull = map[string]float64{"premium": 3, "side": 1.6, "end": 1}

func newTaste(x *chart.Index) *taste {
	t := &taste{}
	for i := 0; i < x.Len(); {
		name := x.Section(uint32(i))
		_, end, ok := x.SectionRange(name)
		if !ok {
			break
		}
		s := likedSection{weight: float64(int(end)-i) * max(categoryPull[x.Category(uint32(i))], 0.5)}
		for i < int(end) {
			_, to := x.RowRange(uint32(i))
			s.rows = append(s.rows, rowSeats{i, int(to)})
			i = int(to)
		}
		t.sections = append(t.sections, s)
	}
	last := &t.sections[len(t.sections)-1]
	last.rows = last.rows[:len(last.rows)-1] // the spare seats' row
	for i := range t.sections {
		// Some blocks are simply better known: between half and twice the pull.
		t.sections[i].weight *= 0.5 + 1.5*rand.New(rand.NewPCG(uint64(i), 7)).Float64()
		t.sum += t.sections[i].weight
	}
	return t
}

// section draws one, the fashionable one more often.
func (t *taste) section(rng *rand.Rand, now time.Time) *likedSection {
	if rng.Float64() < 0.15 {
		turn := uint64(now.UnixNano() / int64(fashionFor))
		return &t.sections[turn*2654435761%uint64(len(t.sections))]
	}
	at := rng.Float64() * t.sum
	for i := range t.sections {
		if at -= t.sections[i].weight; at < 0 {
			return &t.sections[i]
		}
	}
	return &t.sections[0]
}

// choose finds seats side by side for a party; nil if they like nothing that is left.
func (t *taste) choose(rng *rand.Rand, now time.Time, m *engine.SeatMap, party int) []int {
	for range 6 {
		s := t.section(rng, now)
		for range 5 {
			if len(s.rows) == 0 {
				break
			}
			front := min(rng.Float64(), rng.Float64()) // front rows go first
			if seats := sideBySide(rng, m, s.rows[int(front*float64(len(s.rows)))], party); seats != nil {
				return seats
			}
		}
	}
	return nil
}

// sideBySide finds free neighbours in a row, from about its middle outward.
func sideBySide(rng *rand.Rand, m *engine.SeatMap, r rowSeats, party int) []int {
	places := r.to - r.from - party + 1
	if places < 1 {
		return nil
	}
	start := int((rng.Float64() + rng.Float64()) / 2 * float64(places))
	for d := range places {
		at := r.from + (start+d)%places
		if free(m, at, party) {
			seats := make([]int, party)
			for i := range seats {
				seats[i] = at + i
			}
			return seats
		}
	}
	return nil
}

func free(m *engine.SeatMap, at, n int) bool {
	for i := at; i < at+n; i++ {
		if m.Status(i) != engine.SeatAvailable {
			return false
		}
	}
	return true
}
