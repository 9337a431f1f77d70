package transport

import (
	"errors"
	"time"

	"github.com/usherhq/usher/engine"
)

// lineFacts are what all who queue for an event are in together, as one of them sees it.
type lineFacts struct {
	shared
	count   uint64 // of changes of shared
	inLobby int
	saidAt  time.Time // to those in the lobby
	said    uint64    // count as said there
}

// shared is what everybody is to hear of at once.
type shared struct {
	phase       string
	paused      bool
	reason      string
	nothingLeft bool
}

func sharedOf(p engine.Place) shared {
	return shared{p.Phase, p.Paused, p.PausedReason, p.NothingLeft}
}

// learn looks at the room with the eyes of one follower an event, tells the lobby, and leaves
// the others to the sweep.
func (h *lineHub) learn() error {
	for eventID, s := range h.witnesses() {
		p, err := h.line.Place(h.ctx, s.line.n)
		if errors.Is(err, engine.ErrUnknownTicket) {
			continue // the sweep says so
		}
		if err != nil {
			return err
		}
		if p.State != s.line.state {
			continue // it will be told, and somebody else be asked
		}
		h.note(eventID, p)
	}
	return nil
}

// witnesses are a follower of each event: one in the lobby if there is one, else one who waits.
func (h *lineHub) witnesses() map[string]*sub {
	found := make(map[string]*sub, len(h.facts))
	for _, s := range h.subs {
		f := s.line
		known := found[f.eventID]
		if f.state == engine.QueueLobby && (known == nil || known.line.state != engine.QueueLobby) || f.state == engine.QueueWaiting && known == nil {
			found[f.eventID] = s
		}
	}
	for eventID := range h.facts {
		if found[eventID] == nil {
			delete(h.facts, eventID)
		}
	}
	return found
}

// note keeps what a place says of the event's queue.
func (h *lineHub) note(eventID string, p engine.Place) {
	now := sharedOf(p)
	known := h.facts[eventID]
	if known == nil {
		// Whoever is here was told them by its first frame, but not by one of the same moment.
		known = &lineFacts{shared: now, inLobby: -1}
		h.facts[eventID] = known
	}
	if known.shared != now {
		known.shared = now
		known.count++
		h.dirty = len(h.subs)
	}
	if p.State == engine.QueueLobby {
		h.tellLobby(eventID, known, p)
	}
}

// tellLobby tells all in the lobby with one frame: at once what everybody is to hear, and how
// many they are now and then.
func (h *lineHub) tellLobby(eventID string, known *lineFacts, p engine.Place) {
	crowd := p.InLobby != known.inLobby && time.Since(known.saidAt) >= h.live.timing.crowd
	if !crowd && known.said == known.count {
		return
	}
	known.inLobby, known.saidAt, known.said = p.InLobby, time.Now(), known.count
	f := lobbyFrame(p)
	for _, s := range h.subs {
		if s.line.state == engine.QueueLobby && s.line.eventID == eventID {
			h.say(s, f)
		}
	}
}
