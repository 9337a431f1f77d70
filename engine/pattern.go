package engine

import (
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/usherhq/usher/engine/heat"
	"github.com/usherhq/usher/engine/router"
	"github.com/usherhq/usher/shard"
)

var modes = [...]Mode{ModeDirect, ModeSkipLocked, ModeOptimistic, ModeLease, ModeQueue, ModeAuto}

const modeNames = "direct, skip_locked, optimistic, lease, queue, auto"

// number is the mode's place in modes, -1 if it is none.
func (m Mode) number() int { return slices.Index(modes[:], m) }

func (m Mode) known() bool { return m.number() >= 0 }

// senseEvery is how often an event's signals are read; in between the router decides from
// what it sensed.
const senseEvery = time.Second

// countEvery is how often the shows of an event's series are counted: it takes a look at
// the whole catalogue, and changes only as events are created.
const countEvery = time.Minute

// pattern is how a claim is made: what the request says, else the first of its events.
func (e *Engine) pattern(refs []*eventRef, r *HoldRequest) (Mode, *Routing, error) {
	mode := r.mode(refs[0])
	switch {
	case mode == ModeAuto:
		return e.choose(refs, r)
	case !mode.known():
		return "", nil, &InvalidError{"mode", fmt.Sprintf("%q is not one of %s", mode, modeNames)}
	}
	return mode, nil, nil
}

// eventRouting is what the router remembers of an event.
type eventRouting struct {
	mu     sync.Mutex
	sensed time.Duration // monotonic; 0: never
	counts time.Duration // when the shows were counted
	shows  int
	state  router.State
	in     router.Inputs // as last sensed; of the request nothing
}

// choose asks the router. Of several events the most contested one decides.
func (e *Engine) choose(refs []*eventRef, r *HoldRequest) (Mode, *Routing, error) {
	var in router.Inputs
	var state router.State
	for i, ref := range refs {
		x, s, err := e.sense(ref)
		if err != nil {
			return "", nil, err
		}
		if i == 0 || x.Contention > in.Contention {
			in, state = x, s
		}
	}
	in.Tier, in.Accept = r.Tier, string(r.Accept)
	if in.Accept == "" || r.reads() {
		in.Accept = string(AcceptExact)
	}
	in.Nights, in.Party, in.NamedSeats = r.shape()
	for _, ref := range refs {
		in.WaitingRoom = in.WaitingRoom || ref.gated()
	}
	d := router.Choose(&in, state, e.cfg.Router)
	mode := Mode(d.Pattern)
	e.metrics.routed(mode)
	return mode, &Routing{Pattern: mode, Because: d.Because}, nil
}

// reads tells that the claim is one of what was read, for which there are no substitutes.
func (r *HoldRequest) reads() bool {
	return r.Expected != nil || r.IfVersion != nil ||
		slices.ContainsFunc(r.Items, func(it ItemRequest) bool { return it.Expected != nil || it.IfVersion != nil })
}

// shape is what a request looks like from outside.
func (r *HoldRequest) shape() (nights, party int, named bool) {
	one := func(seats []string, areas []AreaRequest, best *BestRequest) int {
		n := len(seats)
		for _, a := range areas {
			n += a.Quantity
		}
		if best != nil {
			n += best.Quantity
		}
		return n
	}
	if len(r.Items) == 0 {
		return 1, one(r.SeatIDs, r.Areas, r.Best), r.Best == nil
	}
	named = true
	for i := range r.Items {
		it := &r.Items[i]
		party = max(party, one(it.SeatIDs, it.Areas, it.Best))
		named = named && it.Best == nil
	}
	if r.AnyOf {
		return 1, party, named
	}
	return len(r.Items), party, named
}

// sense reads an event's signals, at most once in senseEvery.
func (e *Engine) sense(ref *eventRef) (router.Inputs, router.State, error) {
	rt := &ref.routing
	now := e.cfg.Clock.Monotonic()
	rt.mu.Lock()
	defer rt.mu.Unlock()
	if rt.sensed != 0 && now-rt.sensed < senseEvery {
		return rt.in, rt.state, nil
	}
	in, err := e.signals(ref)
	if err != nil {
		return in, rt.state, err
	}
	if in.Series && (rt.counts == 0 || now-rt.counts >= countEvery) {
		if rt.shows, err = e.showsAround(ref); err != nil {
			return in, rt.state, err
		}
		rt.counts = now
	}
	in.SeriesShows = rt.shows
	rt.in, rt.sensed = in, now
	rt.state = router.Sense(&in, rt.state, now.Milliseconds(), e.cfg.Router)
	return in, rt.state, nil
}

func (e *Engine) signals(ref *eventRef) (router.Inputs, error) {
	p := e.heat.Pulse(ref.heatKey())
	in := router.Inputs{
		Contention: p.Contention, Window: heat.HalfLife, AttemptRate: p.Rate, LatencyP99: e.latency.p99(),
		ShowTime: ref.settings.ShowTime != "", Series: ref.settings.Series != "",
	}
	err := e.reader(ref.group).View(func(s *shard.State) {
		c := s.Event(ref.no).Counts()
		in.Free = int(c.Available)
		if total := c.Available + c.Held + c.Booked; total > 0 {
			in.Left = float64(c.Available) / float64(total)
		}
	})
	return in, err
}

// showsAround counts the shows of an event's series in the seven days around it, itself
// included. A claim waits for it, so it completes no event that is half created, and leaves
// out what this replica cannot show yet.
func (e *Engine) showsAround(ref *eventRef) (int, error) {
	day, err := time.Parse(time.DateOnly, ref.settings.EventDate)
	if err != nil {
		return 0, err
	}
	all, err := e.placements()
	if err != nil {
		return 0, err
	}
	week := EventFilter{Series: ref.settings.Series, From: day.AddDate(0, 0, -3).Format(time.DateOnly), To: day.AddDate(0, 0, 3).Format(time.DateOnly)}
	shows := 0
	for _, p := range all {
		if !p.Active {
			continue
		}
		if other, err := e.event(e.ctx, p.Create.ID); err == nil && week.match(other) {
			shows++
		}
	}
	return shows, nil
}
