package shard

// State is the events of one group. The zero value is not usable; see [New].
type State struct {
	gen    uint64 // pages of a lower generation may be read by a Frozen: copy before writing
	now    int64  // unix milliseconds; never goes back
	Charts Charts
	events []*Event
	byID   map[string]uint32
	dirty  []uint32 // events touched since TakeDirty, each once

	bundles bundles
	plans   map[[32]byte]*Plan // decoded, by their sums; derived
	scratch scratch            // of the command at work
	picks   []pick             // likewise
}

// New returns an empty state.
func New() *State {
	return &State{gen: 1, byID: make(map[string]uint32), bundles: newBundles()}
}

// Now is the time of the last command, in unix milliseconds.
func (s *State) Now() int64 { return s.now }

// Advance moves the state's time to stamp (unix milliseconds, at most maxStamp) unless
// that would move it back, and returns the time that commands of this entry run at.
func (s *State) Advance(stamp int64) int64 {
	s.now = max(s.now, min(stamp, maxStamp))
	return s.now
}

// Events is the number of events; their numbers are 0…Events()-1.
func (s *State) Events() int { return len(s.events) }

// Event returns the event with that number for reading, or nil.
func (s *State) Event(no uint32) *Event {
	if int(no) >= len(s.events) {
		return nil
	}
	return s.events[no]
}

// Find returns the number of the event with that id.
func (s *State) Find(id string) (uint32, bool) {
	no, ok := s.byID[id]
	return no, ok
}

// own returns the event for writing: copied first when a Frozen may still read it.
func (s *State) own(no uint32) *Event {
	e := s.events[no]
	if e.gen != s.gen {
		e = e.clone(s.gen)
		s.events[no] = e
	}
	if !e.dirty {
		e.dirty = true
		s.dirty = append(s.dirty, no)
	}
	return e
}

// TakeDirty appends to buf the numbers of the events that any command touched since
// the last call, each once, and forgets them.
func (s *State) TakeDirty(buf []uint32) []uint32 {
	for _, no := range s.dirty {
		s.events[no].dirty = false
	}
	buf = append(buf, s.dirty...)
	s.dirty = s.dirty[:0]
	return buf
}
