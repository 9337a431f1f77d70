package transport

import (
	"context"
	"fmt"
	"time"

	"github.com/usherhq/usher/engine"
)

// askTimeout bounds what the engine may take to answer a subscription.
const askTimeout = 5 * time.Second

var tooManySubscriptions = kind{429, "too_many_subscriptions", "Too many subscriptions", false}

// request is a client's frame: exactly one of its verbs, about exactly one thing.
type request struct {
	id        uint64
	subscribe bool // or unsubscribe
	eventID   string
	holdID    string
	ticket    string
	since     *place
	heat      bool          // of the event too
	sight     *engine.Sight // of a focus; nil: it is none
}

// parseRequest reads a client's frame. The id is nil if not even that could be read.
func parseRequest(data []byte) (request, *uint64, error) {
	body := readObject(data)
	req := request{id: uint64(body.whole("id", 0, maxExact))}
	if *body.err != nil {
		return request{}, nil, *body.err
	}
	id := req.id
	verb, err := readVerb(body)
	if err != nil {
		return request{}, &id, err
	}
	req.subscribe = verb == "subscribe"
	if verb == "focus" {
		req.readFocus(body.object(verb))
	} else {
		req.readSubject(body.object(verb), verb)
	}
	return req, &id, body.done()
}

func readVerb(body *fields) (string, error) {
	found := ""
	for _, verb := range []string{"subscribe", "unsubscribe", "focus"} {
		if !body.has(verb) {
			continue
		}
		if found != "" {
			return "", badField(verb, "a frame has one of subscribe, unsubscribe and focus")
		}
		found = verb
	}
	if found == "" {
		return "", badField("subscribe", "a frame has one of subscribe, unsubscribe and focus")
	}
	return found, nil
}

// readSubject reads what the verb is about.
func (req *request) readSubject(subject *fields, verb string) {
	req.eventID = subject.optionalText("event_id")
	req.holdID = subject.optionalText("hold_id")
	req.ticket = subject.optionalText("ticket")
	named := 0
	for _, name := range []string{req.eventID, req.holdID, req.ticket} {
		if name != "" {
			named++
		}
	}
	if named != 1 {
		subject.fail(verb, "names exactly one of event_id, hold_id, ticket")
	}
	if req.subscribe && req.eventID != "" {
		if subject.has("since") {
			since := subject.object("since")
			req.since = &place{epoch: since.text("epoch"), version: uint64(since.whole("version", 0, maxExact))}
			_ = since.done() // noted in the body too
		}
		req.heat = subject.flag("heat", false)
	}
	_ = subject.done()
}

// key is what a connection knows a subscription by: one for each thing.
func (req *request) key() string {
	switch {
	case req.holdID != "":
		return "hold " + req.holdID
	case req.ticket != "":
		return "ticket " + req.ticket
	}
	return "event " + req.eventID
}

// handle answers one frame of the client's.
func (c *conn) handle(data []byte) {
	req, id, err := parseRequest(data)
	if err != nil {
		c.send(errorFrame(id, err))
		if c.malformed++; c.malformed >= maxMalformed {
			c.close(closeMisuse, "too many malformed frames")
		}
		return
	}
	switch {
	case req.sight != nil:
		err = c.focus(req)
	case !req.subscribe:
		c.unsubscribe(req.key())
		c.unfocus(req.eventID)
		c.send(jsonFrame("ok", okMessage{req.id, true}))
	case req.ticket != "":
		err = c.subscribeTicket(req)
	default:
		err = c.subscribe(req)
	}
	if err == nil {
		return
	}
	if problemOf(err).status == internal.status {
		c.live.log.Error("a subscription failed", "key", req.key(), "error", err)
	}
	c.send(errorFrame(id, err))
}

// subscribe begins a subscription, in place of the one to the same thing if there is
// one: that is how clients that saw a gap go on.
func (c *conn) subscribe(req request) error {
	if err := c.hasRoom(req); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(c.ctx, askTimeout)
	defer cancel()
	s := &sub{conn: c, id: req.id, holdID: req.holdID, since: req.since, heat: c.heatOf(req)}
	var hold engine.Hold
	var err error
	eventID := req.eventID
	if s.holdID != "" {
		if hold, err = c.live.engine.HoldByID(ctx, s.holdID); err != nil {
			return err
		}
		eventID = hold.EventID
	}
	cursor, err := c.live.engine.SeatVersion(ctx, eventID)
	if err != nil {
		return err
	}
	if s.hub, err = c.live.attach(eventID, cursor); err != nil {
		return err
	}
	c.unsubscribe(req.key())
	c.subs[req.key()] = s
	c.live.metrics.subscriptions.WithLabelValues(s.label()).Inc()
	if s.holdID != "" {
		s.knows(hold)
		c.send(holdFrame(&s.id, hold)) // before the hub can say what comes after
	}
	s.hub.post(op{verb: join, sub: s})
	return nil
}

// hasRoom refuses one subscription too many.
func (c *conn) hasRoom(req request) error {
	if c.subs[req.key()] == nil && len(c.subs) >= c.live.limits.Subscriptions {
		return &problem{kind: tooManySubscriptions, detail: fmt.Sprintf("a websocket may have %d", c.live.limits.Subscriptions)}
	}
	return nil
}

// unsubscribe ends a subscription; one there is not is no mistake.
func (c *conn) unsubscribe(key string) {
	s := c.subs[key]
	if s == nil {
		return
	}
	delete(c.subs, key)
	c.drop(s)
	if s.line != nil {
		s.line.hub.post(lineOp{sub: s, leave: true})
		c.live.detachLine(s.line.hub)
	} else {
		s.hub.post(op{verb: leave, sub: s})
		c.live.detach(s.hub)
	}
	c.live.metrics.subscriptions.WithLabelValues(s.label()).Dec()
}

func (c *conn) unsubscribeAll() {
	for key := range c.subs {
		c.unsubscribe(key)
	}
}

func (s *sub) label() string {
	switch {
	case s.holdID != "":
		return "hold"
	case s.line != nil:
		return "ticket"
	}
	return "event"
}

// knows notes what the client has been told of its hold.
func (s *sub) knows(h engine.Hold) { s.last = holdBody{Status: h.Status, ExpiresAt: h.ExpiresAt} }

// news tells whether the client should be told.
func (s *sub) news(h engine.Hold) bool {
	return s.last.Status != h.Status || !s.last.ExpiresAt.Equal(h.ExpiresAt)
}
