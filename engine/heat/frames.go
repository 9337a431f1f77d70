package heat

import (
	"iter"
	"slices"
)

// FrameSeats is how many seats a live frame should have at most.
const FrameSeats = 512

// Frames tells followers of an event, frame by frame, which classes have changed. What was
// told is kept here, so each group of followers (a hub) has Frames of its own, one byte a
// seat. Invariant: who got Snapshot and each Change after it has exactly told and sections.
type Frames struct {
	shape    *Shape
	told     []uint8 // class of each seat
	warm     []int   // seats of each page with told > 0
	sections []uint8
	cursor   uint32 // where the sweep goes on
}

// Change is a frame: what has another class than was told.
type Change struct {
	Sections []ClassAt
	Seats    []ClassAt // hottest first, then, when there were too many, some of the others
	More     bool      // the rest comes with the next frames
}

// ClassAt is the new class of a seat or section.
type ClassAt struct {
	Index uint32
	Class uint8 // 0…MaxClass
}

// Snapshot is all that was told, two in a byte, the lower bits first: seat i is in byte
// i/2, bits 4·(i mod 2) and up; sections likewise.
type Snapshot struct{ Sections, Seats []byte }

// NewFrames begins with all quiet.
func NewFrames(shape *Shape) *Frames {
	return &Frames{
		shape:    shape,
		told:     make([]uint8, shape.seats),
		warm:     make([]int, (shape.seats+pageSeats-1)/pageSeats),
		sections: make([]uint8, shape.Sections()),
	}
}

// Snapshot is for a newcomer.
func (f *Frames) Snapshot() Snapshot { return Snapshot{nibbles(f.sections), nibbles(f.told)} }

func nibbles(classes []uint8) []byte {
	out := make([]byte, (len(classes)+1)/2)
	for i, c := range classes {
		out[i/2] |= c << (4 * (i % 2))
	}
	return out
}

// next makes a frame of at most limit seats and limit sections, from m or, if that is nil,
// from silence. When more has changed, three quarters are the hottest of it, and one
// quarter is the next in seat order, so that what has cooled is told too, however hot the
// rest is.
func (f *Frames) next(m *Map, limit int) Change {
	if m != nil {
		m.mu.Lock()
		defer m.mu.Unlock()
	}
	var c Change
	c.Sections, c.More = f.changedSections(m, limit)
	seats := f.changedSeats(m, limit)
	c.More = c.More || seats.count > limit
	for _, r := range f.choose(seats, limit) {
		class := classOf(r.Score)
		f.tell(r.Seat, class)
		c.Seats = append(c.Seats, ClassAt{r.Seat, class})
	}
	return c
}

// choose is what of the changed seats is told now.
func (f *Frames) choose(s changedSeats, limit int) []Ranked {
	if s.count <= limit {
		return s.hottest
	}
	chosen := s.hottest[:limit-len(s.sweep)]
	for _, r := range s.sweep {
		if !slices.Contains(chosen, r) {
			chosen = append(chosen, r)
		}
	}
	f.cursor = s.sweep[len(s.sweep)-1].Seat + 1
	return chosen
}

func (f *Frames) tell(seat uint32, class uint8) {
	switch was := f.told[seat]; {
	case was == 0 && class > 0:
		f.warm[seat>>pageBits]++
	case was > 0 && class == 0:
		f.warm[seat>>pageBits]--
	}
	f.told[seat] = class
}

func (f *Frames) changedSections(m *Map, limit int) (changed []ClassAt, more bool) {
	for i := range f.sections {
		class := uint8(0)
		if m != nil {
			from, to := f.shape.span(i)
			class = sectionClass(m.sections[i].attempts()+viewerWeight*float64(m.looking[i]), to-from)
		}
		if class == f.sections[i] {
			continue
		}
		if len(changed) == limit {
			return changed, true
		}
		f.sections[i] = class
		changed = append(changed, ClassAt{uint32(i), class})
	}
	return changed, false
}

// changedSeats is the seats whose class is not as told.
type changedSeats struct {
	count   int
	hottest []Ranked // at most limit
	sweep   []Ranked // the first limit/4 from the cursor on, and round
}

func (f *Frames) changedSeats(m *Map, limit int) changedSeats {
	var before, after []Ranked // of the cursor
	t, room, count := top{n: limit}, max(limit/4, 1), 0
	for i := range f.warm {
		for r := range f.changedIn(m, i) {
			count++
			t.add(r)
			if r.Seat < f.cursor && len(before) < room {
				before = append(before, r)
			} else if r.Seat >= f.cursor && len(after) < room {
				after = append(after, r)
			}
		}
	}
	sweep := append(after, before...)
	return changedSeats{count, t.result(), sweep[:min(room, len(sweep))]}
}

// changedIn goes over the changed seats of a page.
func (f *Frames) changedIn(m *Map, i int) iter.Seq[Ranked] {
	return func(yield func(Ranked) bool) {
		var p *page
		if m != nil {
			p = m.pages[i].Load()
		}
		if p == nil && f.warm[i] == 0 {
			return
		}
		for s := i * pageSeats; s < min((i+1)*pageSeats, len(f.told)); s++ {
			score := float32(0)
			if p != nil {
				score = p.score(s % pageSeats)
			}
			if classOf(score) != f.told[s] && !yield(Ranked{uint32(s), score}) {
				return
			}
		}
	}
}
