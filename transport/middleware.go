package transport

import (
	"bufio"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"net/http"
	"runtime/debug"
	"time"

	"github.com/usherhq/usher/engine"
)

// route answers one pattern: it picks the method's handler, turns errors and panics into
// problems, and measures.
func (s *Server) route(pattern string, methods map[string]handler) http.Handler {
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		start := time.Now()
		w := &response{ResponseWriter: rw}
		w.Header().Set("X-Content-Type-Options", "nosniff")
		if s.origins.cors(w, r) {
			s.metrics.request(pattern, r.Method, w.status, time.Since(start))
			return
		}
		if r.ContentLength != 0 {
			// For a body that its handler does not read: net/http drains it afterwards.
			_ = http.NewResponseController(rw).SetReadDeadline(start.Add(bodyTimeout))
		}
		if err := s.run(choose(r.Method, methods), w, r); err != nil {
			s.refuse(w, r, err)
		}
		s.metrics.request(pattern, r.Method, w.status, time.Since(start))
	})
}

// run calls a handler and makes an error of its panic.
func (s *Server) run(h handler, w *response, r *http.Request) (err error) {
	defer func() {
		v := recover()
		if v == http.ErrAbortHandler {
			panic(v) // net/http's own way to drop a connection
		}
		if v != nil {
			err = &problem{
				kind:   internal,
				detail: "the error has been logged",
				cause:  &panicked{v, debug.Stack()},
			}
		}
	}()
	return h(w, r.WithContext(withCaller(r.Context(), r)))
}

// panicked is what a handler panicked with.
type panicked struct {
	value any
	stack []byte
}

func (p *panicked) Error() string { return fmt.Sprintf("panic: %v\n%s", p.value, p.stack) }

// refuse answers with an error's problem. Internal ones get an id, under which the log
// has what clients must not see.
func (s *Server) refuse(w *response, r *http.Request, err error) {
	p := problemOf(err)
	outcome := outcomeFor(r, err)
	if p.status == http.StatusInternalServerError {
		id := rand.Text()[:13]
		p.extra = map[string]any{"id": id}
		s.log.Error("a request failed", "id", id, "method", r.Method, "path", r.URL.Path, "error", err)
	}
	if w.status != 0 {
		s.log.Error("a request failed after its answer had begun", "path", r.URL.Path, "error", err)
		return
	}
	p.write(w, outcome)
}

// outcomeFor is what became of a write, "" for a read.
func outcomeFor(r *http.Request, err error) engine.Outcome {
	if r.Method == http.MethodGet || r.Method == http.MethodHead {
		return ""
	}
	var crash *panicked
	if errors.As(err, &crash) {
		return engine.OutcomeUnknown
	}
	return outcomeOf(err)
}

// response remembers the status that was sent, 0 before.
type response struct {
	http.ResponseWriter
	status int
}

func (w *response) WriteHeader(status int) {
	if w.status == 0 {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *response) Write(b []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	return w.ResponseWriter.Write(b)
}

// Unwrap lets http.ResponseController through.
func (w *response) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// Hijack is for the websocket library, which does not know of Unwrap.
func (w *response) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	w.status = http.StatusSwitchingProtocols
	return http.NewResponseController(w.ResponseWriter).Hijack()
}
