package transport

import (
	"net/http"
	"time"

	"github.com/usherhq/usher/engine"
)

// fenced tells a third system that the token it was shown is the newest there is.
type fenced struct {
	Valid        bool              `json:"valid"` // always true: else the answer is a problem
	HoldID       string            `json:"hold_id"`
	EventID      string            `json:"event_id"`
	Status       engine.HoldStatus `json:"status"`
	FencingToken uint64            `json:"fencing_token"`
	ExpiresAt    time.Time         `json:"expires_at,omitzero"` // of a booked hold there is none
	ServerTime   time.Time         `json:"server_time"`
}

// getFence is for systems that are about to act for a holder (print, ship, open a gate):
// 200 while the seats are the hold's, by the log and not by this replica's memory. The
// answer is of the moment and is never cached.
func (s *Server) getFence(w http.ResponseWriter, r *http.Request) error {
	q := readQuery(r)
	token := q.whole("token", 1, maxExact)
	if token == 0 {
		q.fail("token", "is missing")
	}
	if err := q.done(); err != nil {
		return err
	}
	h, err := s.engine.Fence(r.Context(), r.PathValue("hold_id"), token)
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, fenced{true, h.HoldID, h.EventID, h.Status, token, h.ExpiresAt.UTC(), h.ServerTime.UTC()})
}
