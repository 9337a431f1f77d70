package transport

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/usherhq/usher/engine"
)

// granted is the answer to a reservation.
type granted struct {
	HoldID       string            `json:"hold_id"`
	EventID      string            `json:"event_id"`
	SeatIDs      []string          `json:"seat_ids"`
	HolderID     string            `json:"holder_id"`
	Status       engine.HoldStatus `json:"status"`
	FencingToken uint64            `json:"fencing_token"`
	ExpiresAt    time.Time         `json:"expires_at"`
	ServerTime   time.Time         `json:"server_time"`
	Version      uint64            `json:"version"`
}

// reserve answers 201 with the hold: exactly these seats, all or none.
func (s *Server) reserve(w http.ResponseWriter, r *http.Request) error {
	body, key, err := readCall(w, r)
	if err != nil {
		return err
	}
	body.unsupported("items", "best", "mode") // first: they stand in for fields that are required here
	req := engine.HoldRequest{
		EventID:        body.text("event_id"),
		SeatIDs:        body.texts("seat_ids"),
		HolderID:       body.text("holder_id"),
		TTL:            time.Duration(body.optionalWhole("ttl_seconds", 1, maxSeconds)) * time.Second,
		IdempotencyKey: key,
	}
	if err := body.done(); err != nil {
		return err
	}
	h, err := s.engine.Hold(r.Context(), req)
	if err != nil {
		return s.withAlternatives(r.Context(), req, err)
	}
	w.Header().Set("Location", "/v1/reservations/"+h.HoldID)
	return writeJSON(w, http.StatusCreated, granted{
		h.HoldID, h.EventID, h.SeatIDs, h.HolderID, h.Status, h.FencingToken, h.ExpiresAt.UTC(), h.ServerTime.UTC(), h.Version,
	})
}

// Alternatives look at every seat, which for a stadium is about a millisecond. When a
// crowd is refused only some get any: the next moment most would be gone as well.
const (
	alternativesGiven     = 3 // groups an answer
	alternativesPerSecond = 50
	alternativesAtOnce    = 10
)

// withAlternatives adds to the refusal of taken seats what could be had instead, an empty
// list if there is nothing or no time to look. Any other error stays what it is.
func (s *Server) withAlternatives(ctx context.Context, req engine.HoldRequest, err error) error {
	var taken *engine.SeatsUnavailableError
	if !errors.As(err, &taken) {
		return err
	}
	groups := [][]string{} // never null in JSON
	if s.alternatives.Allow() {
		found, ferr := s.engine.Alternatives(ctx, req.EventID, req.SeatIDs, alternativesGiven)
		if ferr == nil && found != nil {
			groups = found
		}
	}
	p := problemOf(err)
	p.extra["alternatives"] = groups
	return p
}

// getReservation answers with the hold as it stands.
func (s *Server) getReservation(w http.ResponseWriter, r *http.Request) error {
	if err := noQuery(r); err != nil {
		return err
	}
	h, err := s.engine.HoldByID(r.Context(), r.PathValue("hold_id"))
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, utcHold(h))
}

// extend moves the hold's end to now + ttl.
func (s *Server) extend(w http.ResponseWriter, r *http.Request) error {
	body, key, err := readCall(w, r)
	if err != nil {
		return err
	}
	body.unsupported("fencing_tokens")
	req := engine.ExtendRequest{
		HoldID:         r.PathValue("hold_id"),
		FencingToken:   uint64(body.whole("fencing_token", 1, maxExact)),
		TTL:            time.Duration(body.whole("ttl_seconds", 1, maxSeconds)) * time.Second,
		IdempotencyKey: key,
	}
	if err := body.done(); err != nil {
		return err
	}
	h, err := s.engine.Extend(r.Context(), req)
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, utcHold(h))
}

// release gives the seats back: 204, also when repeated.
func (s *Server) release(w http.ResponseWriter, r *http.Request) error {
	q := readQuery(r)
	req := engine.ReleaseRequest{HoldID: r.PathValue("hold_id"), FencingToken: q.whole("fencing_token", 1, maxExact)}
	if err := q.done(); err != nil {
		return err
	}
	var err error
	if req.IdempotencyKey, err = idempotencyKey(r); err != nil {
		return err
	}
	if err := s.engine.Release(r.Context(), req); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

func utcHold(h engine.Hold) engine.Hold {
	h.HeldAt, h.ExpiresAt, h.ServerTime = h.HeldAt.UTC(), h.ExpiresAt.UTC(), h.ServerTime.UTC()
	return h
}
