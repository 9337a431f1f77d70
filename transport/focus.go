package transport

import (
	"context"
	"fmt"

	"github.com/usherhq/usher/engine"
)

// readFocus reads what a client looks at in an event: seats, a section, or nothing.
func (req *request) readFocus(body *fields) {
	req.eventID = body.text("event_id")
	req.sight = &engine.Sight{Section: body.optionalText("section")}
	if body.has("seat_ids") {
		req.sight.SeatIDs = body.texts("seat_ids")
		if n := len(req.sight.SeatIDs); n < 1 || n > engine.MaxFocus {
			body.fail(body.path+"seat_ids", fmt.Sprintf("%d seats, 1 to %d are possible", n, engine.MaxFocus))
		}
		if req.sight.Section != "" {
			body.fail(body.path+"section", "a focus is on seats or on a section")
		}
	}
	_ = body.done() // noted in the frame's too
}

// looks tells whether the focus is on anything.
func (req *request) looks() bool { return req.sight.SeatIDs != nil || req.sight.Section != "" }

// focus turns the connection to something of an event; it has one focus an event. The
// answer comes after all that is said of the focus before.
func (c *conn) focus(req request) error {
	ctx, cancel := context.WithTimeout(c.ctx, askTimeout)
	defer cancel()
	viewer, err := c.viewer(ctx, req.eventID)
	if err != nil {
		return err
	}
	if err := viewer.Look(*req.sight); err != nil {
		return err
	}
	if c.viewers[req.eventID] == nil && req.looks() {
		c.viewers[req.eventID] = viewer
		c.live.metrics.subscriptions.WithLabelValues("focus").Inc()
	}
	focus := viewer.Focus()
	if !req.looks() {
		c.unfocus(req.eventID)
	}
	if s := c.subs[req.key()]; s != nil && s.heat != nil {
		s.hub.post(op{verb: look, sub: s, focus: focus, looks: req.looks(), id: req.id})
	} else {
		c.send(jsonFrame("ok", okMessage{req.id, true}))
	}
	return nil
}

// viewer is the connection's of an event, or a new one, who looks at nothing yet.
func (c *conn) viewer(ctx context.Context, eventID string) (HeatViewer, error) {
	if v := c.viewers[eventID]; v != nil {
		return v, nil
	}
	if len(c.viewers) >= c.live.limits.Subscriptions {
		return nil, &problem{kind: tooManySubscriptions, detail: fmt.Sprintf("a websocket may look at %d events", c.live.limits.Subscriptions)}
	}
	return c.live.engine.HeatViewer(ctx, eventID)
}

// unfocus ends the connection's look at an event; if there is none it is no mistake.
func (c *conn) unfocus(eventID string) {
	v := c.viewers[eventID]
	if v == nil {
		return
	}
	v.Close()
	delete(c.viewers, eventID)
	c.live.metrics.subscriptions.WithLabelValues("focus").Dec()
}

func (c *conn) unfocusAll() {
	for eventID := range c.viewers {
		c.unfocus(eventID)
	}
}
