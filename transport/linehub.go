package transport

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/usherhq/usher/engine"
)

const (
	// lineEvery is the time between two looks at a room.
	lineEvery = 250 * time.Millisecond
	// crowdEvery is the least time between two words about how many are in a lobby.
	crowdEvery = 2 * time.Second
)

// lineHub tells those who follow tickets of one room how these stand. One goroutine looks at the
// room several times a second, and goes round its followers after every change. Invariant between
// ticks: of the followers behind next, dirty ones may not know all that they should, or, when
// deferred, anybody may not whose time has not come.
type lineHub struct {
	live *live
	line Line
	ctx  context.Context
	stop context.CancelFunc
	refs int // guarded by live.mu

	mu   sync.Mutex
	ops  []lineOp      // in order; clients' frames are paced, which bounds it
	wake chan struct{} // capacity 1: there are ops

	// The goroutine's own.
	subs     []*sub // those for whom something may still change
	next     int    // the one to be looked at next
	dirty    int    // how many have not been looked at since the last change, <= len(subs)
	deferred bool   // somebody's time has not come
	tick     uint64
	version  uint64
	facts    map[string]*lineFacts // by event: there while somebody follows it
	looks    []standing            // scratch
}

// lineOp is a change of the hub's followers.
type lineOp struct {
	sub   *sub
	leave bool // else it has come
}

func newLineHub(l *live, line Line) *lineHub {
	h := &lineHub{live: l, line: line, wake: make(chan struct{}, 1), facts: map[string]*lineFacts{}}
	// It shows what there is here, also while nobody leads.
	h.ctx, h.stop = context.WithCancel(engine.WithConsistency(l.ctx, engine.Local))
	return h
}

// post hands the hub a change of its followers.
func (h *lineHub) post(o lineOp) {
	h.mu.Lock()
	h.ops = append(h.ops, o)
	h.mu.Unlock()
	select {
	case h.wake <- struct{}{}:
	default:
	}
}

// run is the hub's goroutine; it ends with the last follower, or when the engine closes.
func (h *lineHub) run() {
	defer h.stop()
	ticker := time.NewTicker(h.live.timing.line)
	defer ticker.Stop()
	for {
		select {
		case <-h.ctx.Done():
			return
		case <-h.live.engine.Done():
			h.abandon()
			return
		case <-h.wake:
			h.takeOps()
			continue
		case <-ticker.C:
		}
		h.takeOps()
		err := h.advance()
		if errors.Is(err, engine.ErrClosed) {
			h.abandon()
			return
		}
		if err != nil && h.ctx.Err() == nil {
			h.live.log.Warn("a waiting room could not be read", "error", err)
			h.dirty = len(h.subs) // whoever was not told is looked at again
			if !h.rest(hubRetry) {
				return
			}
		}
	}
}

// rest pauses; false when the hub ends.
func (h *lineHub) rest(pause time.Duration) bool {
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-h.ctx.Done():
		return false
	}
}

// abandon sends everybody away, since nothing more will be heard here.
func (h *lineHub) abandon() {
	h.live.mu.Lock()
	h.live.forgetLine(h)
	h.live.mu.Unlock()
	h.takeOps()
	for _, s := range h.subs {
		s.conn.close(closeRestart, "the engine is closing")
	}
}

// takeOps carries out what was posted, in order.
func (h *lineHub) takeOps() {
	h.mu.Lock()
	ops := h.ops
	h.ops = nil
	h.mu.Unlock()
	for _, o := range ops {
		if o.leave {
			h.remove(o.sub)
			continue
		}
		f := o.sub.line
		f.index, f.tick = len(h.subs), h.tick
		if known := h.facts[f.eventID]; known != nil && known.shared == f.first {
			f.facts = known.count
		}
		h.subs = append(h.subs, o.sub)
		h.dirty = len(h.subs) // it may have changed since its first frame
	}
}

// remove forgets a follower; one that is not there is no mistake.
func (h *lineHub) remove(s *sub) {
	i, last := s.line.index, len(h.subs)-1
	if i < 0 {
		return
	}
	h.subs[i] = h.subs[last]
	h.subs[i].line.index = i
	h.subs[last] = nil
	h.subs = h.subs[:last]
	s.line.index = -1
	h.dirty = min(h.dirty, last)
	if h.dirty > 0 { // the one that moved may have jumped behind next
		h.dirty = last
	}
}
