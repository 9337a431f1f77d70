package heat

import (
	"fmt"
	"slices"
)

// MaxFocus is how many seats one viewer may look at.
const MaxFocus = 64

// Focus is what someone looks at: seats, a section, or, the zero Focus, nothing.
type Focus struct {
	seats   []uint32 // ascending, each once
	section int      // counted from 1
}

// OnSeats is a focus on 1…MaxFocus seats.
func (s *Shape) OnSeats(seats []uint32) (Focus, error) {
	if len(seats) == 0 || len(seats) > MaxFocus {
		return Focus{}, fmt.Errorf("heat: %d seats to look at, 1…%d are possible", len(seats), MaxFocus)
	}
	own := slices.Clone(seats)
	slices.Sort(own)
	if last := own[len(own)-1]; int64(last) >= int64(s.seats) {
		return Focus{}, fmt.Errorf("heat: seat %d of %d", last, s.seats)
	}
	return Focus{seats: slices.Compact(own)}, nil
}

// OnSection is a focus on a section.
func (s *Shape) OnSection(section int) (Focus, error) {
	if section < 0 || section >= s.Sections() {
		return Focus{}, fmt.Errorf("heat: section %d of %d", section, s.Sections())
	}
	return Focus{section: section + 1}, nil
}

func (f Focus) none() bool { return f.section == 0 && len(f.seats) == 0 }

// look counts a viewer with this focus; false if the map has ended or has no room for
// the pages. With false nothing was counted.
func (m *Map) look(f Focus) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.dropped.Load() {
		return false
	}
	for _, s := range f.seats { // first the room, so that it is all or nothing
		if m.page(s) == nil {
			return false
		}
	}
	m.count(f, 1)
	return true
}

// leave counts a viewer out that look counted. On a map that has ended it does nothing:
// the counts have ended with it.
func (m *Map) leave(f Focus) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.dropped.Load() {
		m.count(f, -1)
	}
}

func (m *Map) count(f Focus, delta int) {
	m.viewers += delta
	if f.section > 0 {
		m.looking[f.section-1] += int32(delta)
	}
	last := -1
	for _, s := range f.seats {
		p := m.pages[s>>pageBits].Load() // there since look, as long as it has viewers
		p.viewers[s%pageSeats] += int32(delta)
		p.looks += delta
		if section := m.shape.section(s); section != last {
			m.looking[section] += int32(delta)
			last = section
		}
	}
}
