package transport

import (
	"errors"
	"net/http"
	"time"
)

// streamStall is how long a connection may take a piece of a long answer.
const streamStall = time.Minute

// stream is the body of a long answer; its headers go with the first byte.
type stream struct {
	w       http.ResponseWriter
	control *http.ResponseController
	kind    string            // Content-Type
	header  func(http.Header) // sets what else there is; may be nil
	bytes   int64
}

func newStream(w http.ResponseWriter, kind string) *stream {
	return &stream{w: w, control: http.NewResponseController(w), kind: kind}
}

func (b *stream) Write(data []byte) (int, error) {
	// However long it takes, as long as it goes on.
	if err := b.control.SetWriteDeadline(time.Now().Add(streamStall)); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return 0, err
	}
	if b.bytes == 0 {
		b.w.Header().Set("Content-Type", b.kind)
		b.w.Header().Set("Cache-Control", "no-store")
		if b.header != nil {
			b.header(b.w.Header())
		}
	}
	n, err := b.w.Write(data)
	b.bytes += int64(n)
	return n, err
}
