package transport

import (
	"errors"
	"net/http"
	"time"
)

// backupStall is how long an operator's connection may take a piece of a backup.
const backupStall = time.Minute

// backup streams a backup. What fails before its first byte is a 503; what fails later
// breaks the connection off, so that nobody takes the part for the whole.
func (s *Server) backup(w http.ResponseWriter, r *http.Request) {
	body := &backupBody{w: w, control: http.NewResponseController(w)}
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

// backupBody is the answer's body; its headers go with the first byte.
type backupBody struct {
	w       http.ResponseWriter
	control *http.ResponseController
	bytes   int64
}

func (b *backupBody) Write(data []byte) (int, error) {
	// However long it takes, as long as it goes on.
	if err := b.control.SetWriteDeadline(time.Now().Add(backupStall)); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return 0, err
	}
	if b.bytes == 0 {
		b.w.Header().Set("Content-Type", "application/octet-stream")
		b.w.Header().Set("Cache-Control", "no-store")
	}
	n, err := b.w.Write(data)
	b.bytes += int64(n)
	return n, err
}
