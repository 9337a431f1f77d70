package transport

import (
	"net/http"

	"github.com/usherhq/usher/engine"
)

// verifyAdmission is for shops beside Usher: whether an admission is good now, by the log and not
// by what is in it. With start its session begins.
func (s *Server) verifyAdmission(w http.ResponseWriter, r *http.Request) error {
	body, _, err := readCall(w, r) // a session begins once
	if err != nil {
		return err
	}
	req := engine.VerifyRequest{
		EventID:  body.text("event_id"),
		HolderID: body.optionalText("holder_id"),
		Token:    body.text("admission_token"),
		Start:    body.flag("start", false),
	}
	if err := body.done(); err != nil {
		return err
	}
	a, err := s.engine.VerifyAdmission(r.Context(), req)
	if err != nil {
		return err
	}
	a.ExpiresAt, a.ServerTime = a.ExpiresAt.UTC(), a.ServerTime.UTC()
	return writeJSON(w, http.StatusOK, verified{true, a})
}

// verified tells that the admission is good: else the answer is a problem.
type verified struct {
	Valid bool `json:"valid"`
	engine.VerifiedAdmission
}
