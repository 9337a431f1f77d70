package transport

import (
	"context"
	"net/http"
	"time"
)

// roomKey is a key that verifies a room's admission tokens, for shops that do it on their own.
type roomKey struct {
	No  int    `json:"no"`
	Key []byte `json:"key"` // base64
}

// roomKeys is part of the operations listener: who has a key can make admissions.
func (s *Server) roomKeys(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), 10*time.Second)
	defer cancel()
	keys, err := s.engine.RoomKeys(ctx, r.PathValue("event_id"))
	if err != nil {
		s.operatorProblem(w, err)
		return
	}
	list := make([]roomKey, len(keys))
	for i, k := range keys {
		list[i] = roomKey{k.No, k.Key}
	}
	_ = writeJSON(w, http.StatusOK, list) // numbers and bytes cannot fail
}
