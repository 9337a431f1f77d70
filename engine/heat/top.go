package heat

import (
	"cmp"
	"slices"
)

// Ranked is a seat and its score.
type Ranked struct {
	Seat  uint32
	Score float32
}

// byScore orders the hottest first, of equals the lower number.
func byScore(a, b Ranked) int {
	return cmp.Or(cmp.Compare(b.Score, a.Score), cmp.Compare(a.Seat, b.Seat))
}

// top keeps the n hottest of seats that come in ascending order. It gathers twice as many
// before it sorts and cuts, so each costs O(log n) at most, and most cost one comparison.
type top struct {
	n    int
	list []Ranked
	full bool
	bar  float32 // when full: what scores no more is not among the n, as its number is higher too
}

func (t *top) add(r Ranked) {
	if t.full && r.Score <= t.bar || t.n == 0 {
		return
	}
	t.list = append(t.list, r)
	if len(t.list) >= 2*t.n {
		t.cut()
	}
}

func (t *top) cut() {
	slices.SortFunc(t.list, byScore)
	if len(t.list) > t.n {
		t.list = t.list[:t.n]
		t.full, t.bar = true, t.list[t.n-1].Score
	}
}

// result is the n hottest in order.
func (t *top) result() []Ranked {
	t.cut()
	return t.list
}

// Hottest is the n seats with the highest scores above 0, hottest first.
func (m *Map) Hottest(n int) []Ranked {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.hottest(n)
}

func (m *Map) hottest(n int) []Ranked {
	t := top{n: max(n, 0)}
	for i := range m.pages {
		p := m.pages[i].Load()
		if p == nil || !p.warm && p.looks == 0 {
			continue
		}
		for j := range p.won {
			if s := p.score(j); s > 0 {
				t.add(Ranked{uint32(i*pageSeats + j), s})
			}
		}
	}
	return t.result()
}
