package heat

import "sync/atomic"

// Counter counts the attempts of one event for who keeps it at hand: it saves finding the
// event's map, which costs as much as counting. Any number of goroutines may use it. One
// may stand long after the event has cooled, and holds little then.
type Counter struct {
	heat  *Heat
	event Key
	shape *Shape
	on    atomic.Pointer[Map] // nil, or the event's map, which may have ended
}

// Counter makes a counter of an event.
func (h *Heat) Counter(event Key, shape *Shape) *Counter {
	return &Counter{heat: h, event: event, shape: shape}
}

// Attempt is [Heat.Attempt].
func (c *Counter) Attempt(seats []uint32, won bool) {
	m := c.on.Load()
	if m == nil || m.dropped.Load() {
		if m = c.heat.open(c.event, c.shape); m == nil {
			return
		}
		c.on.Store(m)
	}
	m.Attempt(seats, won)
}
