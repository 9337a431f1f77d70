package transport

import (
	"context"
	"errors"
	"time"

	"github.com/usherhq/usher/engine"
)

const (
	// holdsPerTick bounds the holds that are read in a tick: an event may have ten
	// thousand followed ones, and a change concerns few, but which is not known.
	holdsPerTick = 512
	holdTimeout  = time.Second
)

// holdSweep reads the holds that are followed, round and round, after each change of
// their event, and tells of those that are not what they were. A hub owns it.
type holdSweep struct {
	subs  []*sub
	next  int // the one to be read next
	dirty int // how many have not been read since the last change, <= len(subs)
}

// stir says that any of the holds may have changed.
func (w *holdSweep) stir() { w.dirty = len(w.subs) }

func (w *holdSweep) add(s *sub) {
	w.subs = append(w.subs, s)
	w.stir() // it may have changed since its first frame
}

func (w *holdSweep) remove(s *sub) {
	for i, other := range w.subs {
		if other == s {
			last := len(w.subs) - 1
			w.subs[i] = w.subs[last]
			w.subs[last] = nil
			w.subs = w.subs[:last]
			w.dirty = min(w.dirty, last)
			if w.dirty > 0 { // the one that moved may have jumped behind next
				w.stir()
			}
			return
		}
	}
}

// sweep reads some of the holds; again is called if some are left. On an error the rest
// is read another time.
func (w *holdSweep) sweep(ctx context.Context, e Engine, again func()) error {
	for range min(w.dirty, holdsPerTick) {
		if w.next >= len(w.subs) {
			w.next = 0
		}
		if err := w.read(ctx, e, w.subs[w.next]); err != nil {
			return err
		}
		w.next++
		w.dirty--
	}
	if w.dirty > 0 {
		again()
	}
	return nil
}

func (w *holdSweep) read(ctx context.Context, e Engine, s *sub) error {
	ctx, cancel := context.WithTimeout(ctx, holdTimeout)
	defer cancel()
	h, err := e.HoldByID(ctx, s.holdID)
	if errors.Is(err, engine.ErrUnknownHold) {
		return nil // ended so long ago that it is forgotten: its client knows how
	}
	if err != nil {
		return err
	}
	if s.news(h) {
		s.knows(h)
		f := holdFrame(nil, h)
		f.sub = s
		s.conn.send(f)
	}
	return nil
}
