package transport

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/usherhq/usher/engine"
)

const (
	// joinsPerTick and sincesPerTick bound the work of one tick; who is left over comes
	// with the next.
	joinsPerTick  = 1024
	sincesPerTick = 64
	// behindTicks is how long who has seen more than this replica waits for it: with ticks of 50 ms
	// a second.
	behindTicks = 20
	// maxRecover is the seats of a delta beyond which a snapshot is the shorter answer.
	maxRecover = 16384
	// hubRetry is the pause after the engine could not be read.
	hubRetry = time.Second
)

// errMoved: the event was restored while the hub was reading; read again.
var errMoved = errors.New("transport: the event has another epoch now")

// hub tells an event's changes to all who follow it. One goroutine reads each change
// once. Invariant between ticks: every subscription in subs that is not stale has been
// sent the event up to exactly version of epoch.
type hub struct {
	live    *live
	eventID string
	watcher Watcher
	ctx     context.Context
	stop    context.CancelFunc
	refs    int // guarded by live.mu

	mu   sync.Mutex
	ops  []op          // in order; clients' frames are paced, which bounds it
	wake chan struct{} // capacity 1: ops, or work left over

	// The goroutine's own.
	epoch   string
	version uint64
	subs    map[*sub]struct{}
	pending []*sub // wait for a snapshot, or to be recovered
	holds   holdSweep
	heat    heatFeed
	stale   staleFeed
}

// op is a change of the hub's subscriptions.
type op struct {
	verb verb
	sub  *sub

	// Of look alone.
	focus engine.HeatFocus
	looks bool
	id    uint64 // of the client's frame
}

type verb uint8

const (
	join   verb = iota
	rejoin      // it lost frames: one snapshot
	leave
	look // its connection looks at something else
)

func newHub(l *live, eventID string, cursor engine.Cursor, w Watcher) *hub {
	h := &hub{
		live:    l,
		eventID: eventID,
		watcher: w,
		wake:    make(chan struct{}, 1),
		epoch:   cursor.Epoch,
		version: cursor.Version,
		subs:    map[*sub]struct{}{},
	}
	// A hub waits for nothing but changes: it shows what there is here.
	h.ctx, h.stop = context.WithCancel(engine.WithConsistency(l.ctx, engine.Local))
	return h
}

// post hands the hub a change of its subscriptions.
func (h *hub) post(o op) {
	h.mu.Lock()
	h.ops = append(h.ops, o)
	h.mu.Unlock()
	h.ring()
}

func (h *hub) ring() {
	select {
	case h.wake <- struct{}{}:
	default:
	}
}

// run is the hub's goroutine; it ends with the last subscription, or when the engine
// closes. At most one tick begins in Limits.Tick: changes that come faster share a frame.
func (h *hub) run() {
	defer h.stop()
	defer h.watcher.Close()
	defer h.heat.stop()
	h.stale = newStaleFeed(h.live.timing.stale)
	defer h.stale.ticker.Stop()
	for {
		select {
		case <-h.ctx.Done():
			return
		case <-h.live.engine.Done():
			h.abandon()
			return
		case <-h.watcher.Signal():
			h.holds.stir()
		case <-h.heat.C():
			h.heat.due = true
		case <-h.stale.ticker.C:
			h.stale.due = true
		case <-h.wake:
		}
		start, pause := time.Now(), h.live.limits.Tick
		err := h.tick()
		h.live.metrics.tick.Observe(time.Since(start).Seconds())
		switch {
		case errors.Is(err, engine.ErrClosed):
			h.abandon()
			return
		case errors.Is(err, errMoved), errors.Is(err, engine.ErrEpochChanged):
			h.ring()
		case err != nil && h.ctx.Err() == nil:
			h.live.log.Warn("an event's changes could not be read", "event_id", h.eventID, "error", err)
			pause = max(pause, hubRetry)
			h.ring()
		}
		if !h.rest(start.Add(pause)) {
			return
		}
	}
}

// rest waits until a time; false when the hub ends.
func (h *hub) rest(until time.Time) bool {
	timer := time.NewTimer(time.Until(until))
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-h.ctx.Done():
		return false
	}
}

// abandon sends everybody away, since nothing more will be heard here.
func (h *hub) abandon() {
	h.live.mu.Lock()
	h.live.forget(h)
	h.live.mu.Unlock()
	h.takeOps()
	for _, list := range [][]*sub{h.pending, h.holds.subs} {
		for _, s := range list {
			s.conn.close(closeRestart, "the engine is closing")
		}
	}
	for s := range h.subs {
		s.conn.close(closeRestart, "the engine is closing")
	}
}

// tick brings everybody to the event's present version.
func (h *hub) tick() error {
	h.takeOps()
	if err := h.stale.look(h); err != nil { // before what may not be readable any more
		return err
	}
	if err := h.advance(); err != nil {
		return err
	}
	if err := h.holds.sweep(h.ctx, h.live.engine, h.ring); err != nil {
		return err
	}
	return h.heat.tell(h)
}

// takeOps carries out what was posted, in order.
func (h *hub) takeOps() {
	h.mu.Lock()
	ops := h.ops
	h.ops = nil
	h.mu.Unlock()
	for _, o := range ops {
		h.heat.take(o)
		switch {
		case o.verb == look:
		case o.sub.holdID != "" && o.verb == join:
			h.holds.add(o.sub)
		case o.sub.holdID != "":
			h.holds.remove(o.sub)
		case o.verb == leave:
			h.leave(o.sub)
		case o.verb == rejoin:
			if _, in := h.subs[o.sub]; in { // else it waits for its snapshot, or has left
				delete(h.subs, o.sub)
				o.sub.since = nil
				h.pending = append(h.pending, o.sub)
			}
		default:
			h.pending = append(h.pending, o.sub)
		}
	}
}

// leave forgets a subscription, whether it follows or still waits.
func (h *hub) leave(s *sub) {
	if _, in := h.subs[s]; in {
		delete(h.subs, s)
		return
	}
	if i := slices.Index(h.pending, s); i >= 0 {
		h.pending = slices.Delete(h.pending, i, i+1)
	}
}
