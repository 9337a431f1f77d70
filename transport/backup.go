package transport

import "net/http"

// backup streams a backup. What fails before its first byte is a 503; what fails later
// breaks the connection off, so that nobody takes the part for the whole.
func (s *Server) backup(w http.ResponseWriter, r *http.Request) {
	body := newStream(w, "application/octet-stream")
	err := s.engine.Backup(r.Context(), body)
	switch {
	case err == nil:
		s.log.Info("usher: a backup was made", "bytes", body.bytes)
	case body.bytes > 0:
		s.log.Warn("usher: a backup was broken off", "bytes", body.bytes, "err", err)
		panic(http.ErrAbortHandler)
	default:
		s.log.Warn("usher: no backup could be made", "err", err)
		p := *problemOf(err)
		if p.status != http.StatusServiceUnavailable {
			p.kind = kind{http.StatusServiceUnavailable, p.code, p.title, true}
		}
		p.detail = trimmed(err) // operators may know
		p.write(w, "")
	}
}
