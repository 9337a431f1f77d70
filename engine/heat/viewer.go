package heat

// Viewer is someone who looks at an event: a websocket's subscription, say. It counts for
// one focus at a time, and for none after Close, however often what is called. It is for
// one goroutine at a time.
type Viewer struct {
	heat  *Heat
	event Key
	shape *Shape
	on    *Map // where focus is counted; nil if it is not
	focus Focus
}

// Viewer makes a viewer of an event, who looks at nothing yet.
func (h *Heat) Viewer(event Key, shape *Shape) *Viewer {
	return &Viewer{heat: h, event: event, shape: shape}
}

// Look turns the viewer to a focus, of the viewer's shape; the zero Focus is to look away.
// It tells whether that is counted: not while too many events or pages are warm. A
// viewer whose event was dropped as the coldest counts again from its next Look.
func (v *Viewer) Look(f Focus) bool {
	if v.on != nil {
		v.on.leave(v.focus)
	}
	v.on, v.focus = nil, f
	if f.none() {
		return true
	}
	for m := v.heat.open(v.event, v.shape); m != nil; m = v.heat.open(v.event, v.shape) {
		if m.look(f) {
			v.on = m
			return true
		}
		if !m.dropped.Load() { // else it ended between the two calls: there is a new one
			return false
		}
	}
	return false
}

// Focus is what the viewer looks at.
func (v *Viewer) Focus() Focus { return v.focus }

// Close ends the viewer's look.
func (v *Viewer) Close() { v.Look(Focus{}) }
