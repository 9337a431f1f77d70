package transport

import (
	"maps"
	"slices"
	"time"

	"github.com/usherhq/usher/engine"
)

// heatEvery is the least time between two frames of heat, and of one's focus.
const heatEvery = time.Second

// heatFeed tells an event's heat to those of its followers who asked for it. A hub owns
// it. Invariant between ticks: every subscription that is warm, and did not turn cold on
// the way, has been sent what frames has told.
type heatFeed struct {
	subs   map[*sub]struct{}
	asking map[*sub]struct{} // of subs: came, or look at something else, since the last round

	// There while there are subs.
	frames  HeatFrames
	ticker  *time.Ticker
	viewers int // of the event, as told

	due bool // the ticker has ticked
}

// C ticks while somebody follows.
func (f *heatFeed) C() <-chan time.Time {
	if f.ticker == nil {
		return nil
	}
	return f.ticker.C
}

// take carries out what an op means for the heat.
func (f *heatFeed) take(o op) {
	s := o.sub
	if s.heat == nil {
		return
	}
	switch o.verb {
	case join:
		if f.subs == nil {
			f.subs, f.asking = map[*sub]struct{}{}, map[*sub]struct{}{}
		}
		f.subs[s], f.asking[s] = struct{}{}, struct{}{}
	case leave:
		delete(f.subs, s)
		delete(f.asking, s)
	case look:
		s.heat.focus, s.heat.looks, s.heat.told = o.focus, o.looks, false
		if _, in := f.subs[s]; in {
			f.asking[s] = struct{}{}
		}
		s.conn.send(jsonFrame("ok", okMessage{o.id, true})) // from here on it is told of the new focus
	}
}

// tell says what there is to say in a tick of the hub: all of it to newcomers, to who
// turned how that stands, and when it is due what has changed to everybody.
func (f *heatFeed) tell(h *hub) error {
	switch {
	case len(f.subs) == 0:
		f.stop()
		return nil
	case f.frames == nil:
		if err := f.start(h); err != nil {
			return err
		}
	}
	if f.due {
		return f.round(h)
	}
	return f.between(h)
}

// round is the one of every second, for everybody.
func (f *heatFeed) round(h *hub) error {
	everybody := slices.Collect(maps.Keys(f.subs))
	sights, viewers, err := f.look(everybody)
	if err != nil {
		return err
	}
	change := f.frames.Next()
	if len(change.Seats)+len(change.Sections) > 0 || viewers != f.viewers {
		f.broadcast(everybody, textFrame("heat", appendHeatChange(nil, h.eventID, change, viewers)))
	}
	f.viewers = viewers
	f.welcome(h, everybody)
	sights.tell(h.eventID)
	clear(f.asking)
	f.due = false
	return nil
}

// between two rounds those who ask are answered, if they have not been a moment ago.
func (f *heatFeed) between(h *hub) error {
	if len(f.asking) == 0 {
		return nil
	}
	asking := slices.Collect(maps.Keys(f.asking))
	f.welcome(h, asking)
	now := time.Now()
	asking = slices.DeleteFunc(asking, func(s *sub) bool { return now.Sub(s.heat.toldAt) < h.live.timing.heat })
	sights, _, err := f.look(asking)
	if err != nil {
		return err
	}
	sights.tell(h.eventID)
	clear(f.asking)
	return nil
}

// broadcast tells a change to those who can make sense of it.
func (f *heatFeed) broadcast(subs []*sub, change frame) {
	for _, s := range subs {
		if s.heat.warm {
			s.heat.warm = s.conn.sendHeat(s, change)
		}
	}
}

// welcome tells all of the heat to those who do not know it.
func (f *heatFeed) welcome(h *hub, subs []*sub) {
	var all frame // made when the first needs it
	for _, s := range subs {
		if s.heat.warm {
			continue
		}
		if all.message == nil {
			all = textFrame("heat", appendHeatClasses(nil, h.eventID, f.frames.Classes(), f.frames.Sections(), f.viewers))
			all.fresh = true
		}
		s.heat.warm = s.conn.sendHeat(s, all)
	}
}

// look reads how that stands which the subscriptions look at, and how many people look
// at the event.
func (f *heatFeed) look(subs []*sub) (sights, int, error) {
	var v sights
	var foci []engine.HeatFocus
	for _, s := range subs {
		if s.heat.looks {
			v.subs, foci = append(v.subs, s), append(foci, s.heat.focus)
		}
	}
	var viewers int
	var err error
	v.looks, viewers, err = f.frames.Looks(foci)
	return v, viewers, err
}

// sights is how that stands which some subscriptions look at: looks[i] is of subs[i].
type sights struct {
	subs  []*sub
	looks []engine.HeatLook
}

// tell tells those who do not know. Who look at the same are told the same frame.
func (v sights) tell(eventID string) {
	now, made := time.Now(), map[engine.HeatLook]frame{}
	for i, s := range v.subs {
		look := v.looks[i]
		if s.heat.told && s.heat.look == look {
			continue
		}
		f, ok := made[look]
		if !ok {
			f = jsonFrame("heat", lookMessage{lookBody{eventID, look}})
			made[look] = f
		}
		s.heat.told, s.heat.look, s.heat.toldAt = s.conn.sendHeat(s, f), look, now
	}
}

// start begins to follow the heat for the first who asks.
func (f *heatFeed) start(h *hub) error {
	frames, err := h.live.engine.HeatFrames(h.ctx, h.eventID)
	if err != nil {
		return err
	}
	if _, f.viewers, err = frames.Looks(nil); err != nil {
		return err
	}
	f.frames, f.ticker = frames, time.NewTicker(h.live.timing.heat)
	return nil
}

// stop follows no more.
func (f *heatFeed) stop() {
	if f.ticker != nil {
		f.ticker.Stop()
	}
	*f = heatFeed{}
}
