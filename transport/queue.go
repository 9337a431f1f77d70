package transport

import (
	"context"
	"net/http"

	"github.com/usherhq/usher/engine"
)

// placed is the answer about a place in a queue.
type placed struct {
	engine.Place
	RedirectURL string `json:"redirect_url,omitempty"` // of an admitted one, if a return_url was given
}

// joinQueue answers 201 with a place in the event's queue, or 200 with the one its holder has.
func (s *Server) joinQueue(w http.ResponseWriter, r *http.Request) error {
	body, _, err := readCall(w, r) // a holder has one place: no key is needed to repeat it
	if err != nil {
		return err
	}
	req := engine.JoinRequest{
		EventID:  r.PathValue("event_id"),
		HolderID: body.text("holder_id"),
		Tier:     body.optionalText("tier"),
	}
	if body.has("nights") {
		req.Nights = body.texts("nights")
	}
	returnURL := body.optionalText("return_url")
	if err := body.done(); err != nil {
		return err
	}
	if err := s.checkReturn(r.Context(), req.EventID, returnURL); err != nil {
		return err
	}
	p, err := s.engine.Join(r.Context(), req)
	if err != nil {
		return err
	}
	status := http.StatusOK
	if p.New {
		status = http.StatusCreated
	}
	w.Header().Set("Location", "/v1/queue/"+p.Ticket)
	return writeJSON(w, status, placedOf(p, returnURL))
}

// getPlace answers with the place of a ticket. Who has the ticket may have its admission.
func (s *Server) getPlace(w http.ResponseWriter, r *http.Request) error {
	q := readQuery(r)
	returnURL := q.text("return_url")
	ctx, err := readLevel(r.Context(), q)
	if err != nil {
		return err
	}
	p, err := s.engine.QueuePlace(ctx, r.PathValue("ticket"))
	if err != nil {
		return err
	}
	if err := s.checkReturn(r.Context(), p.EventID, returnURL); err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, placedOf(p, returnURL))
}

// leaveQueue gives up a place, or ends an admission: 204, also when repeated.
func (s *Server) leaveQueue(w http.ResponseWriter, r *http.Request) error {
	if err := noQuery(r); err != nil {
		return err
	}
	if _, err := idempotencyKey(r); err != nil {
		return err
	}
	if err := s.engine.LeaveQueue(r.Context(), r.PathValue("ticket")); err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

func placedOf(p engine.Place, returnURL string) placed {
	out := placed{Place: plainPlace(p)}
	if returnURL != "" && p.State == engine.QueueAdmitted {
		out.RedirectURL = withToken(returnURL, p)
	}
	return out
}

// checkReturn refuses an address that shoppers of the event must not be sent on to, "" is none.
func (s *Server) checkReturn(ctx context.Context, eventID, returnURL string) error {
	if returnURL == "" {
		return nil
	}
	event, err := s.engine.Event(ctx, eventID)
	if err != nil {
		return err
	}
	if event.WaitingRoom == nil {
		return engine.ErrNoWaitingRoom
	}
	if !event.WaitingRoom.AllowsReturn(returnURL) || hasToken(returnURL) {
		return badField("return_url", "is none that the event's waiting_room.return_urls allow")
	}
	return nil
}
