package transport

import (
	"net/http"
	"slices"
	"time"

	"github.com/usherhq/usher/engine"
)

// getReservation answers with the hold as it stands.
func (s *Server) getReservation(w http.ResponseWriter, r *http.Request) error {
	ctx, err := readLevel(r.Context(), readQuery(r))
	if err != nil {
		return err
	}
	h, err := s.engine.HoldByID(ctx, r.PathValue("hold_id"))
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, plainHold(h))
}

// extend moves the hold's end to now + ttl.
func (s *Server) extend(w http.ResponseWriter, r *http.Request) error {
	body, key, err := readCall(w, r)
	if err != nil {
		return err
	}
	req := engine.ExtendRequest{HoldID: r.PathValue("hold_id"), IdempotencyKey: key}
	req.FencingToken, req.FencingTokens = body.tokens(true)
	req.TTL = time.Duration(body.whole("ttl_seconds", 1, maxSeconds)) * time.Second
	if err := body.done(); err != nil {
		return err
	}
	h, err := s.engine.Extend(r.Context(), req)
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, plainHold(h))
}

// release gives the seats back: 204, also when repeated.
func (s *Server) release(w http.ResponseWriter, r *http.Request) error {
	q := readQuery(r)
	req := engine.ReleaseRequest{HoldID: r.PathValue("hold_id")}
	req.FencingToken, req.FencingTokens = q.tokens()
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

// plainHold is a hold as JSON has it: times in UTC, and no list that is null.
func plainHold(h engine.Hold) engine.Hold {
	h.HeldAt, h.ExpiresAt, h.ServerTime = h.HeldAt.UTC(), h.ExpiresAt.UTC(), h.ServerTime.UTC()
	h.SeatIDs, h.Items = some(h.SeatIDs), plainItems(h.Items)
	return h
}

func plainItems(items []engine.HoldItem) []engine.HoldItem {
	out := slices.Clone(items)
	for i := range out {
		out[i].SeatIDs = some(out[i].SeatIDs)
	}
	return out
}

// some is the list, empty instead of nil.
func some[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}
