package transport

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/usherhq/usher/engine"
)

// granted is the answer to a reservation. Of several events the fields of one are the
// first item's.
type granted struct {
	HoldID       string                `json:"hold_id"`
	EventID      string                `json:"event_id"`
	SeatIDs      []string              `json:"seat_ids"`
	Areas        []engine.AreaRequest  `json:"areas,omitempty"`
	HolderID     string                `json:"holder_id"`
	Status       engine.HoldStatus     `json:"status"`
	FencingToken uint64                `json:"fencing_token"`
	ExpiresAt    time.Time             `json:"expires_at"`
	ServerTime   time.Time             `json:"server_time"`
	Version      uint64                `json:"version"`
	Mode         engine.Mode           `json:"mode,omitempty"`
	Items        []engine.HoldItem     `json:"items,omitempty"`
	Substituted  []engine.Substitution `json:"substituted,omitempty"`
	Routing      *engine.Routing       `json:"routing,omitempty"`
}

func grantedOf(h engine.Hold) granted {
	h = plainHold(h)
	return granted{
		HoldID: h.HoldID, EventID: h.EventID, SeatIDs: h.SeatIDs, Areas: h.Areas, HolderID: h.HolderID, Status: h.Status,
		FencingToken: h.FencingToken, ExpiresAt: h.ExpiresAt, ServerTime: h.ServerTime, Version: h.Version,
		Mode: h.Mode, Items: h.Items, Substituted: h.Substituted, Routing: h.Routing,
	}
}

// reserve answers 201 with the hold: all that was asked for, or none of it.
func (s *Server) reserve(w http.ResponseWriter, r *http.Request) error {
	body, key, err := readCall(w, r)
	if err != nil {
		return err
	}
	req := readReservation(body)
	if err := body.done(); err != nil {
		return err
	}
	req.IdempotencyKey = key
	if req.AdmissionToken, err = admissionToken(r); err != nil {
		return err
	}
	h, err := s.engine.Hold(r.Context(), req)
	if err != nil {
		return s.withAlternatives(r.Context(), req, err)
	}
	w.Header().Set("Location", "/v1/reservations/"+h.HoldID)
	return writeJSON(w, http.StatusCreated, grantedOf(h))
}

// Alternatives look at every seat, which for a stadium is about a millisecond. When a
// crowd is refused only some get any: the next moment most would be gone as well.
const (
	alternativesGiven     = 3 // groups an answer
	alternativesPerSecond = 50
	alternativesAtOnce    = 10
)

// withAlternatives adds to the refusal of an event's named seats what could be had
// instead, an empty list if there is nothing or no time to look. Any other error stays
// what it is.
func (s *Server) withAlternatives(ctx context.Context, req engine.HoldRequest, err error) error {
	var taken *engine.SeatsUnavailableError
	if !errors.As(err, &taken) || len(req.SeatIDs) == 0 {
		return err
	}
	groups := [][]string{} // never null in JSON
	if len(taken.Conflicts) > 0 && s.alternatives.Allow() {
		found, ferr := s.engine.Alternatives(ctx, req.EventID, req.SeatIDs, alternativesGiven)
		if ferr == nil && found != nil {
			groups = found
		}
	}
	p := problemOf(err)
	p.extra["alternatives"] = groups
	return p
}

const (
	admissionHeader = "Admission-Token"
	maxAdmission    = 1024 // characters
)

// admissionToken is what the waiting room gave the shopper, "" if nothing is shown.
func admissionToken(r *http.Request) (string, error) {
	return headerText(r, admissionHeader, maxAdmission)
}
