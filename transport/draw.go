package transport

import "net/http"

// drawFresh is how long a draw that is done may be kept: it changes only with a restore.
const drawFresh = "public, max-age=3600"

// getDraw tells what anyone may know of the draw: before it that its seed is fixed, after it all
// that one needs to repeat it.
func (s *Server) getDraw(w http.ResponseWriter, r *http.Request) error {
	ctx, err := readLevel(r.Context(), readQuery(r))
	if err != nil {
		return err
	}
	draw, err := s.engine.DrawOf(ctx, r.PathValue("event_id"))
	if err != nil {
		return err
	}
	if draw.Done {
		w.Header().Set("Cache-Control", drawFresh)
	}
	draw.At = utc(draw.At)
	return writeJSON(w, http.StatusOK, draw)
}

// getEntrants streams the list of the draw. What fails later than its first byte breaks the
// connection off, so that nobody takes the part for the whole.
func (s *Server) getEntrants(w http.ResponseWriter, r *http.Request) error {
	if err := noQuery(r); err != nil {
		return err
	}
	body := newStream(w, "text/csv; charset=utf-8")
	body.header = func(h http.Header) {
		h.Set("Cache-Control", drawFresh)
		h.Set("Content-Disposition", `attachment; filename="entrants.csv"`)
	}
	err := s.engine.WriteEntrants(r.Context(), r.PathValue("event_id"), body)
	if err == nil || body.bytes == 0 {
		return err
	}
	s.log.Warn("a list of entrants was broken off", "bytes", body.bytes, "error", err)
	panic(http.ErrAbortHandler)
}
