package transport

import (
	"errors"
	"time"

	"github.com/usherhq/usher/engine"
)

const (
	// looksPerTick bounds the tickets that are looked at in a tick, looksAtOnce those for
	// which the room is held still, and placesPerTick those who are told something of their own.
	looksPerTick  = 20_000
	looksAtOnce   = 1_000
	placesPerTick = 4_096
)

// standing is where a ticket stands.
type standing struct {
	sub      *sub
	state    engine.QueueState
	position int
}

// advance is a tick: it looks at the room and tells whoever should hear of it.
func (h *lineHub) advance() error {
	start := time.Now()
	defer func() { h.live.metrics.lineTick.Observe(time.Since(start).Seconds()) }()
	h.tick++
	if len(h.subs) == 0 {
		return nil
	}
	version := h.version
	if err := h.line.View(func(v LineView) { version = v.Version() }); err != nil {
		return err
	}
	moved := version != h.version
	h.version = version
	if moved || h.deferred {
		h.dirty, h.deferred = len(h.subs), false
	}
	// Whether anything is left is not the room's to tell by its version.
	if moved || h.tick%ticksSecond == 0 {
		if err := h.learn(); err != nil {
			return err
		}
	}
	return h.sweep()
}

// sweep goes on round the followers who may not know everything.
func (h *lineHub) sweep() error {
	budget := placesPerTick
	for looked := 0; h.dirty > 0 && looked < looksPerTick && budget > 0; {
		n, err := h.view(min(h.dirty, looksAtOnce, budget, looksPerTick-looked))
		if err != nil {
			return err
		}
		looked += n
		for _, l := range h.looks {
			told, err := h.serve(l)
			if err != nil {
				return err
			}
			if told {
				budget--
			}
		}
	}
	return nil
}

// view looks at the next n followers at one moment.
func (h *lineHub) view(n int) (int, error) {
	h.looks = h.looks[:0]
	err := h.line.View(func(v LineView) {
		for range n {
			if h.next >= len(h.subs) {
				h.next = 0
			}
			s := h.subs[h.next]
			state, position := v.At(s.line.n)
			h.looks = append(h.looks, standing{s, state, position})
			h.next++
		}
	})
	if err == nil {
		h.dirty -= n
	}
	return n, err
}

// serve tells one follower what there is to say; told if that took a look at its whole place.
func (h *lineHub) serve(l standing) (told bool, err error) {
	f := l.sub.line
	var facts uint64
	if known := h.facts[f.eventID]; known != nil {
		facts = known.count
	}
	v := f.judge(l.state, l.position, facts, h.version, h.tick)
	switch v {
	case silent:
		return false, nil
	case later:
		h.deferred = true
		return false, nil
	}
	p, err := h.line.Place(h.ctx, f.n)
	if errors.Is(err, engine.ErrUnknownTicket) {
		h.gone(l.sub)
		return true, nil
	}
	if err != nil {
		return false, err
	}
	quiet := v == suspect && !f.news(p)
	milestone := f.knows(p)
	f.tick, f.version, f.facts = h.tick, h.version, facts
	if !quiet {
		h.say(l.sub, queueFrame(nil, p, milestone))
	}
	if over(p.State) {
		h.remove(l.sub)
	}
	return true, nil
}

// gone says the last of a ticket that is not there any more.
func (h *lineHub) gone(s *sub) {
	h.say(s, goneFrame(s.line))
	h.remove(s)
}

func (h *lineHub) say(s *sub, f frame) {
	f.sub = s
	s.conn.send(f)
}
