package transport

import (
	"time"

	"github.com/usherhq/usher/engine"
)

// heatFollow is the part of a subscription that follows an event's heat. It is the hub's
// once it was posted to it, but for cold.
type heatFollow struct {
	focus engine.HeatFocus
	looks bool // at something: focus is not the zero one

	warm   bool // it has been told what the hub's frames have told
	told   bool // it knows look
	look   engine.HeatLook
	toldAt time.Time // when it was told of its focus last

	cold bool // guarded by conn.mu: it lost heat frames, and only all of the heat makes up for them
}

// heatOf is what a new subscription follows of the heat; the connection may have looked
// at the event before.
func (c *conn) heatOf(req request) *heatFollow {
	if !req.heat {
		return nil
	}
	f := &heatFollow{}
	if v := c.viewers[req.eventID]; v != nil {
		f.focus, f.looks = v.Focus(), true
	}
	return f
}

// sendHeat queues a frame of heat, unless half of the queue is in use: seats come first.
// False says that the subscription has missed something, now or before, and is to be
// told everything; a frame that is fresh does.
func (c *conn) sendHeat(s *sub, f frame) bool {
	f.sub, f.heat = s, true
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ending != nil || s.gone {
		return true
	}
	if s.heat.cold && !f.fresh {
		return false
	}
	if c.bytes > 0 && c.bytes+f.size > c.live.limits.QueueBytes/2 {
		s.heat.cold = true
		c.live.metrics.dropped.Inc()
		return false
	}
	s.heat.cold = false
	c.push(f)
	return true
}

// shedHeat takes all heat out of a full queue, so that no seat frame has to give way to
// it.
func (c *conn) shedHeat() {
	c.takeOut(func(q frame) bool { return q.heat }, func(s *sub) { s.heat.cold = true })
}
