package transport

import (
	"net/http"

	"github.com/usherhq/usher/engine"
)

// Lobby answers in place of a Server while there is no engine yet: a new node waits for the others
// of its cluster. It lives, and is not ready: all else is 503 `starting` with what why says,
// which is asked at each request, from many goroutines.
func Lobby(why func() string) (api, ops http.Handler) {
	api = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		outcome := engine.OutcomeNotApplied
		if r.Method == http.MethodGet || r.Method == http.MethodHead {
			outcome = ""
		}
		p := *problemOf(engine.ErrStarting)
		p.detail = why()
		p.write(w, outcome)
	})
	mux := http.NewServeMux()
	mux.HandleFunc("GET /livez", func(w http.ResponseWriter, _ *http.Request) { writeAlive(w) })
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		_ = writeJSON(w, http.StatusServiceUnavailable, readiness{Status: why()}) // strings cannot fail
	})
	return api, mux
}
