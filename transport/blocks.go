package transport

import (
	"net/http"

	"github.com/usherhq/usher/engine"
)

// postSeats is for operators: seats go off sale, come back, or go to a channel.
func (s *Server) postSeats(w http.ResponseWriter, r *http.Request) error {
	body, key, err := readCall(w, r)
	if err != nil {
		return err
	}
	action := body.text("action")
	req := engine.BlockRequest{
		EventID:        r.PathValue("event_id"),
		SeatIDs:        body.texts("seat_ids"),
		Unblock:        action == "unblock",
		Reason:         body.words("reason"),
		IdempotencyKey: key,
	}
	switch action {
	case "allot":
		req.Channel, req.ChannelKey = body.text("channel"), body.text("channel_key")
	case "block", "unblock":
		body.misplaced("is for action allot", "channel", "channel_key")
	default:
		body.fail("action", `must be "block", "unblock" or "allot"`)
	}
	if err := body.done(); err != nil {
		return err
	}
	result, err := s.engine.Block(r.Context(), req)
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, result)
}

// getBlocks is for operators: the seats that are not on general sale, and why.
func (s *Server) getBlocks(w http.ResponseWriter, r *http.Request) error {
	if err := noQuery(r); err != nil {
		return err
	}
	list, err := s.engine.Blocks(r.Context(), r.PathValue("event_id"))
	if err != nil {
		return err
	}
	list.Items = some(list.Items)
	return writeJSON(w, http.StatusOK, list)
}
