package engine

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
)

// Watcher follows one event from a local replica. It holds no queue: a slow reader gets
// one larger delta. Its methods are for one goroutine; Close may be called from any.
type Watcher struct {
	e      *Engine
	ref    *eventRef
	at     uint64
	signal chan struct{}
	closed chan struct{}
	once   sync.Once
}

// Watch follows an event's seats from a version on; the zero Cursor means from the
// beginning, so that the first delta has every seat that ever changed. A cursor of
// another epoch is ErrEpochChanged. The watcher is to be closed.
func (e *Engine) Watch(ctx context.Context, eventID string, from Cursor) (*Watcher, error) {
	ref, err := e.event(ctx, eventID)
	if err != nil {
		return nil, err
	}
	if from.Epoch != "" && from.Epoch != ref.epoch {
		return nil, ErrEpochChanged
	}
	return e.watchers.add(e, ref, from.Version), nil
}

// Next waits until the event has changed since the last delta, and returns the net
// change. Errors: ctx's, ErrClosed, what ended the engine.
func (w *Watcher) Next(ctx context.Context) (Delta, error) {
	for {
		v, err := w.e.version(w.ref)
		if err != nil {
			return Delta{}, err
		}
		if v > w.at {
			c, err := w.e.changes(w.ref, []uint64{w.at})
			if err != nil {
				return Delta{}, err
			}
			w.at = c.Version
			return c.Deltas[0], nil
		}
		if err := w.wait(ctx); err != nil {
			return Delta{}, err
		}
	}
}

// wait blocks until something of the event may have changed.
func (w *Watcher) wait(ctx context.Context) error {
	select {
	case <-w.signal:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-w.closed:
		return ErrClosed
	case <-w.e.done:
		return w.e.Err()
	}
}

// Signal is for those who read for themselves: it gets a value after any change of the
// event, seats or holds, however many there were since the last.
func (w *Watcher) Signal() <-chan struct{} { return w.signal }

// Close ends the watcher.
func (w *Watcher) Close() {
	w.once.Do(func() {
		close(w.closed)
		w.e.watchers.drop(w)
	})
}

// watcherTable tells watchers of changes. changed is called by the state machines'
// goroutines and must cost next to nothing when nobody watches.
type watcherTable struct {
	count atomic.Int64
	mu    sync.RWMutex
	by    map[eventNo][]*Watcher // slices are replaced, not written
}

func newWatcherTable() *watcherTable { return &watcherTable{by: make(map[eventNo][]*Watcher)} }

func (t *watcherTable) add(e *Engine, ref *eventRef, at uint64) *Watcher {
	w := &Watcher{e: e, ref: ref, at: at, signal: make(chan struct{}, 1), closed: make(chan struct{})}
	k := eventNo{ref.group, ref.no}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.by[k] = append(slices.Clip(t.by[k]), w)
	t.count.Add(1)
	return w
}

func (t *watcherTable) drop(w *Watcher) {
	k := eventNo{w.ref.group, w.ref.no}
	t.mu.Lock()
	defer t.mu.Unlock()
	rest := slices.DeleteFunc(slices.Clone(t.by[k]), func(x *Watcher) bool { return x == w })
	if len(rest) == 0 {
		delete(t.by, k)
	} else {
		t.by[k] = rest
	}
	t.count.Add(-1)
}

// changed tells the watchers of a group's events; nil events means all of them.
func (t *watcherTable) changed(group int, events []uint32) {
	if t.count.Load() == 0 {
		return
	}
	t.mu.RLock()
	defer t.mu.RUnlock()
	for _, no := range events {
		wake(t.by[eventNo{group, no}])
	}
	if events != nil {
		return
	}
	for k, ws := range t.by {
		if k.group == group {
			wake(ws)
		}
	}
}

func wake(ws []*Watcher) {
	for _, w := range ws {
		select {
		case w.signal <- struct{}{}:
		default:
		}
	}
}
