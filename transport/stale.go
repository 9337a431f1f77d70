package transport

import (
	"math"
	"net/http"
	"time"
)

// staleHeader stands in answers that may be old, with the seconds for which this node has heard of
// no leader.
const staleHeader = "Usher-Stale"

func writeStale(h http.Header, stale time.Duration) {
	if stale > 0 {
		h.Set(staleHeader, itoa(wholeSeconds(stale)))
	}
}

// wholeSeconds is at least 1.
func wholeSeconds(d time.Duration) uint64 { return uint64(max(1, math.Round(d.Seconds()))) }

type (
	staleMessage struct {
		Stale staleBody `json:"stale"`
	}
	staleBody struct {
		EventID string `json:"event_id"`
		Seconds uint64 `json:"seconds"`
	}
	freshMessage struct {
		Fresh freshBody `json:"fresh"`
	}
	freshBody struct {
		EventID string `json:"event_id"`
	}
)

// staleEvery is how often a hub looks whether its event is stale.
const staleEvery = 2 * time.Second

// staleFeed tells those who follow an event when it becomes stale, and when it is not any more. A
// hub owns it. Invariant between ticks: every subscription of the hub that follows has been told
// how it stands, if it is stale, after its snapshot.
type staleFeed struct {
	ticker *time.Ticker
	due    bool
	since  time.Time // zero: it is not stale
}

func newStaleFeed(every time.Duration) staleFeed {
	return staleFeed{ticker: time.NewTicker(every), due: true} // who comes first is to be told
}

// look asks the engine, when it is time to, and tells all who follow if something changed. The
// engine answers from memory, also when the event itself cannot be read.
func (f *staleFeed) look(h *hub) error {
	if !f.due {
		return nil
	}
	stale, err := h.live.engine.Stale(h.ctx, h.eventID)
	if err != nil {
		return err
	}
	f.due = false
	was := !f.since.IsZero()
	switch is := stale > 0; {
	case is:
		f.since = time.Now().Add(-stale)
		if !was {
			f.tell(h, f.frame(h.eventID))
		}
	case was:
		f.since = time.Time{}
		f.tell(h, jsonFrame("fresh", freshMessage{freshBody{h.eventID}}))
	}
	return nil
}

func (f *staleFeed) frame(eventID string) frame {
	return jsonFrame("stale", staleMessage{staleBody{eventID, wholeSeconds(time.Since(f.since))}})
}

func (f *staleFeed) tell(h *hub, said frame) {
	for s := range h.subs {
		said.sub = s
		s.conn.send(said)
	}
}

// greet tells one that has just been given the event's state.
func (f *staleFeed) greet(s *sub) {
	if f.since.IsZero() {
		return
	}
	said := f.frame(s.hub.eventID)
	said.sub = s
	s.conn.send(said)
}
