package transport

import (
	"context"
	"net/http"
	"time"
)

// roomKeys are for shops that verify admissions by themselves. They are part of the operations
// listener, since who has a key can make admissions.
func (s *Server) roomKeys(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), 10*time.Second)
	defer cancel()
	keys, err := s.engine.RoomKeys(ctx, r.PathValue("event_id"))
	if err != nil {
		s.operatorProblem(w, err)
		return
	}
	_ = writeJSON(w, http.StatusOK, some(keys)) // numbers and bytes cannot fail
}
