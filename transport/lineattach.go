package transport

import (
	"context"

	"github.com/usherhq/usher/engine"
)

// subscribeTicket begins to follow a ticket, in place of the subscription to it there may be. The
// ticket is its holder's secret: who names it may have its admission.
func (c *conn) subscribeTicket(req request) error {
	if err := c.hasRoom(req); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(c.ctx, askTimeout)
	defer cancel()
	line, n, err := c.live.engine.Line(ctx, req.ticket)
	if err != nil {
		return err
	}
	p, err := line.Place(engine.WithConsistency(ctx, engine.Local), n)
	if err != nil {
		return err
	}
	c.unsubscribe(req.key())
	f := &lineFollow{hub: c.live.attachLine(line), ticket: req.ticket, n: n, index: -1, first: sharedOf(p)}
	f.knows(p)
	s := &sub{conn: c, id: req.id, line: f}
	c.subs[req.key()] = s
	c.live.metrics.subscriptions.WithLabelValues(s.label()).Inc()
	c.send(queueFrame(&s.id, p, "")) // before the hub can say what comes after
	if !over(p.State) {
		f.hub.post(lineOp{sub: s})
	}
	return nil
}

// attachLine finds or makes a room's hub and counts the caller in; detachLine counts it out. Only a
// conn's reader calls it, which running counts, so that the hub may be added there.
func (l *live) attachLine(line Line) *lineHub {
	l.mu.Lock()
	defer l.mu.Unlock()
	h := l.lines[line]
	if h == nil {
		h = newLineHub(l, line)
		l.lines[line] = h
		l.metrics.lines.Inc()
		l.running.Go(h.run)
	}
	h.refs++
	return h
}

// detachLine counts a follower out; the last one ends the hub.
func (l *live) detachLine(h *lineHub) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if h.refs--; h.refs == 0 {
		h.stop()
		l.forgetLine(h)
	}
}

// forgetLine takes a hub out of the map, with mu held; a new one may then be made.
func (l *live) forgetLine(h *lineHub) {
	if l.lines[h.line] == h {
		delete(l.lines, h.line)
		l.metrics.lines.Dec()
	}
}
