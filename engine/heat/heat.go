package heat

import (
	"context"
	"maps"
	"sync"
	"sync/atomic"
	"time"
)

// Key names an event: its group and its number there. An event has one shape for ever.
type Key struct {
	Group int
	Event uint32
}

// Heat is the maps of all events that are warm. Its methods may be called from any
// goroutine.
type Heat struct {
	cfg    Config
	budget *budget
	maps   atomic.Pointer[map[Key]*Map] // replaced under mu, never written: attempts read it without a lock
	missed atomic.Uint64

	mu sync.Mutex
}

// New makes a Heat without any event. Its owner lets time pass: by Run, or by Tick.
func New(cfg Config) (*Heat, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	cfg = cfg.withDefaults()
	h := &Heat{cfg: cfg, budget: newBudget(cfg.MaxBytes / pageBytes)}
	h.maps.Store(&map[Key]*Map{})
	return h, nil
}

// Run ticks until ctx ends.
func (h *Heat) Run(ctx context.Context) {
	ticker := time.NewTicker(h.cfg.Interval)
	defer ticker.Stop()
	last := time.Now()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			now := time.Now()
			h.Tick(now.Sub(last))
			last = now
		}
	}
}

// Tick lets time pass on all maps, drops those with nothing to tell, and makes room. It is
// for one goroutine at a time.
func (h *Heat) Tick(elapsed time.Duration) {
	for _, m := range *h.maps.Load() {
		m.Tick(elapsed)
	}
	h.makeRoom()
}

// Attempt counts a claim, see [Map.Attempt]; seats may be reused once it has returned. Only
// the first of an event, which makes the map, may wait for a tick to end.
func (h *Heat) Attempt(event Key, shape *Shape, seats []uint32, won bool) {
	if m := h.open(event, shape); m != nil {
		m.Attempt(seats, won)
	}
}

// Pulse is an event's contention, as of the last tick; of a quiet event it is zero.
func (h *Heat) Pulse(event Key) Pulse {
	if m := h.find(event); m != nil {
		return m.Pulse()
	}
	return Pulse{}
}

// Report is an event's heat, see [Map.Report].
func (h *Heat) Report(event Key, shape *Shape, n int, available func(seat uint32) bool) Report {
	return h.read(event, shape).Report(n, available)
}

// Seats is the heat of some seats, see [Map.Seats].
func (h *Heat) Seats(event Key, shape *Shape, seats []uint32, available func(seat uint32) bool) []SeatReport {
	return h.read(event, shape).Seats(seats, available)
}

// Next makes the next frame, of at most limit (at least 1) seats; f is of the event's
// shape.
func (h *Heat) Next(event Key, f *Frames, limit int) Change {
	return f.next(h.find(event), max(limit, 1))
}

// Stats are what there is, for metrics.
type Stats struct {
	Events int    // warm
	Bytes  int64  // of pages
	Missed uint64 // attempts and looks on events that were not counted, as there were too many
}

// Stats tells how much there is.
func (h *Heat) Stats() Stats {
	return Stats{len(*h.maps.Load()), h.budget.used() * pageBytes, h.missed.Load()}
}

func (h *Heat) find(event Key) *Map { return (*h.maps.Load())[event] }

// read is the event's map, or one to read silence from.
func (h *Heat) read(event Key, shape *Shape) *Map {
	if m := h.find(event); m != nil {
		return m
	}
	return newMap(shape, h.cfg.HalfLife, h.budget)
}

// open finds or makes an event's map; nil if there are too many.
func (h *Heat) open(event Key, shape *Shape) *Map {
	if m := h.find(event); m != nil && !m.dropped.Load() {
		return m
	}
	if len(*h.maps.Load()) >= h.cfg.MaxEvents {
		h.missed.Add(1)
		return nil
	}
	return h.make(event, shape)
}

func (h *Heat) make(event Key, shape *Shape) *Map {
	h.mu.Lock()
	defer h.mu.Unlock()
	old := *h.maps.Load() // has none that ended: who ends one has mu until it is out
	if m := old[event]; m != nil {
		return m
	}
	if len(old) >= h.cfg.MaxEvents {
		h.missed.Add(1)
		return nil
	}
	all := maps.Clone(old)
	m := newMap(shape, h.cfg.HalfLife, h.budget)
	all[event] = m
	h.maps.Store(&all)
	return m
}
