package transport

import (
	"net/http"

	"github.com/usherhq/usher/engine"
)

// getRoom is for operators: the figures of an event's waiting room.
func (s *Server) getRoom(w http.ResponseWriter, r *http.Request) error {
	ctx, err := readLevel(r.Context(), readQuery(r))
	if err != nil {
		return err
	}
	room, err := s.engine.Room(ctx, r.PathValue("event_id"))
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, plainRoom(room))
}

// patchRoom is for operators: it changes what the body names, and answers with the figures.
func (s *Server) patchRoom(w http.ResponseWriter, r *http.Request) error {
	body, _, err := readCall(w, r) // what is set twice is set
	if err != nil {
		return err
	}
	change := readChange(body)
	if err := body.done(); err != nil {
		return err
	}
	room, err := s.engine.SetRoom(r.Context(), r.PathValue("event_id"), change)
	if err != nil {
		return err
	}
	return writeJSON(w, http.StatusOK, plainRoom(room))
}

func readChange(body *fields) engine.RoomChange {
	change := engine.RoomChange{
		MaxActive:    body.optionalCount("max_active"),
		NewPerMinute: body.optionalCount("new_per_minute"),
		Pace:         body.optionalCount("pace"),
		Reason:       body.words("reason"),
		RotateKey:    body.flag("rotate_key", false),
	}
	if state := choice(body, "state", "open", "paused", "closed", "draining"); state != "" {
		change.State = &state
	}
	if change == (engine.RoomChange{}) {
		body.fail("body", "changes nothing")
	}
	return change
}

// optionalCount is a number of shoppers, nil if absent.
func (f *fields) optionalCount(name string) *int {
	if !f.has(name) {
		return nil
	}
	n := int(f.whole(name, 1, maxRoom))
	return &n
}

// plainRoom is a room as JSON has it: times in UTC.
func plainRoom(room engine.Room) engine.Room {
	room.Opens, room.ServerTime = utc(room.Opens), room.ServerTime.UTC()
	room.Events = some(room.Events)
	return room
}
