package transport

import (
	"errors"

	"github.com/usherhq/usher/engine"
	"github.com/usherhq/usher/engine/payment"
)

// withExtra adds what a typed error can say beyond its text.
func withExtra(p *problem) *problem {
	var taken *engine.SeatsUnavailableError
	var unknown *engine.UnknownSeatError
	var changed *engine.VersionConflictError
	var limit *engine.LimitError
	var orphans *engine.OrphanError
	switch err := p.cause; {
	case errors.As(err, &taken):
		p.extra, p.retryable = unavailable(taken), taken.Undecided
	case errors.As(err, &changed):
		p.extra = versionsOf(changed)
	case errors.As(err, &unknown):
		p.extra = map[string]any{"seat_ids": unknown.SeatIDs}
	case errors.As(err, &limit):
		p.extra = map[string]any{"event_id": limit.EventID, "limit": limit.Limit, "has": limit.Has}
	case errors.As(err, &orphans):
		p.extra = map[string]any{"event_id": orphans.EventID, "seat_ids": orphans.SeatIDs}
	case errors.Is(err, engine.ErrTokenRequired):
		p.extra = map[string]any{"field": "fencing_token"}
	case errors.Is(err, payment.ErrBadOptions):
		p.extra = map[string]any{"field": "payment"}
	}
	return p
}

func unavailable(e *engine.SeatsUnavailableError) map[string]any {
	extra := map[string]any{"event_id": e.EventID, "version": e.Version, "conflicts": conflictsOf(e.Conflicts)}
	if len(e.Areas) > 0 {
		extra["areas"] = e.Areas
	}
	if len(e.Suggested) > 0 {
		extra["suggested"] = e.Suggested
	}
	return extra
}

type conflict struct {
	SeatID string `json:"seat_id"`
	Status string `json:"status"`
}

func conflictsOf(list []engine.SeatConflict) []conflict {
	out := make([]conflict, len(list))
	for i, c := range list {
		out[i] = conflict{c.SeatID, c.Status.String()}
	}
	return out
}

type changedSeat struct {
	SeatID  string `json:"seat_id"`
	Version uint64 `json:"version"`
	Status  string `json:"status"`
}

// versionsOf is what the caller has to read before it claims again.
func versionsOf(e *engine.VersionConflictError) map[string]any {
	seats := make([]changedSeat, len(e.Seats))
	for i, s := range e.Seats {
		seats[i] = changedSeat{s.SeatID, s.Version, s.Status.String()}
	}
	extra := map[string]any{"event_id": e.EventID, "version": e.Version, "conflicts": seats}
	if len(e.Areas) > 0 {
		extra["areas"] = e.Areas
	}
	return extra
}
