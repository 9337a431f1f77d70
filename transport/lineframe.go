package transport

import (
	"time"

	"github.com/usherhq/usher/engine"
)

type (
	queueMessage struct {
		ID    *uint64   `json:"id,omitempty"` // only in the first, which answers
		Queue queueBody `json:"queue"`
	}
	queueBody struct {
		engine.Place
		Milestone string `json:"milestone,omitempty"`
	}
	lobbyMessage struct {
		Queue lobbyBody `json:"queue"`
	}
	// lobbyBody is what all in the lobby of an event are told alike: a place without what is
	// the ticket's own.
	lobbyBody struct {
		EventID       string            `json:"event_id"`
		State         engine.QueueState `json:"state"`
		Phase         string            `json:"phase"`
		OpensAt       *time.Time        `json:"opens_at,omitempty"`
		InLobby       int               `json:"in_lobby,omitempty"`
		RatePerMinute int               `json:"rate_per_minute"`
		Paused        bool              `json:"paused,omitempty"`
		PausedReason  string            `json:"paused_reason,omitempty"`
		ServerTime    time.Time         `json:"server_time"`
	}
	// goneBody is the last word about a ticket that is no longer there: a restored backup
	// may not have it.
	goneMessage struct {
		Queue goneBody `json:"queue"`
	}
	goneBody struct {
		Ticket     string            `json:"ticket"`
		EventID    string            `json:"event_id"`
		State      engine.QueueState `json:"state"`
		Reason     string            `json:"reason"`
		ServerTime time.Time         `json:"server_time"`
	}
)

// reasonUnknown is why a ticket that is not there has left.
const reasonUnknown = "unknown"

func queueFrame(id *uint64, p engine.Place, milestone string) frame {
	return jsonFrame("queue", queueMessage{id, queueBody{plainPlace(p), milestone}})
}

func lobbyFrame(p engine.Place) frame {
	p = plainPlace(p)
	return jsonFrame("queue", lobbyMessage{lobbyBody{p.EventID, p.State, p.Phase, p.OpensAt, p.InLobby, p.RatePerMinute,
		p.Paused, p.PausedReason, p.ServerTime}})
}

func goneFrame(f *lineFollow) frame {
	return jsonFrame("queue", goneMessage{goneBody{f.ticket, f.eventID, engine.QueueLeft, reasonUnknown, time.Now().UTC()}})
}

// plainPlace is a place as JSON has it: times in UTC.
func plainPlace(p engine.Place) engine.Place {
	p.ServerTime = p.ServerTime.UTC()
	p.OpensAt, p.ExpiresAt = utc(p.OpensAt), utc(p.ExpiresAt)
	return p
}

// utc is that time in UTC, nil of nil.
func utc(t *time.Time) *time.Time {
	if t == nil {
		return nil
	}
	out := t.UTC()
	return &out
}
