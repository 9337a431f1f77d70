package transport

import (
	"fmt"
	"net/http"
	"net/http/pprof"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/usherhq/usher/engine"
)

// opsRoutes is all there is on the operators' listener.
func (s *Server) opsRoutes(gatherer prometheus.Gatherer) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /livez", s.livez)
	mux.HandleFunc("GET /readyz", s.readyz)
	mux.HandleFunc("GET /backup", s.backup)
	if gatherer != nil {
		mux.Handle("GET /metrics", promhttp.HandlerFor(gatherer, promhttp.HandlerOpts{MaxRequestsInFlight: 4}))
	}
	s.clusterRoutes(mux)
	mux.HandleFunc("GET /rooms/{event_id}/keys", s.byOperator(s.roomKeys))
	mux.HandleFunc("/debug/pprof/", pprof.Index)
	mux.HandleFunc("/debug/pprof/cmdline", pprof.Cmdline)
	mux.HandleFunc("/debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("/debug/pprof/symbol", pprof.Symbol)
	mux.HandleFunc("/debug/pprof/trace", pprof.Trace)
	return mux
}

// livez says whether the process should live: false once the engine had to stop.
func (s *Server) livez(w http.ResponseWriter, _ *http.Request) {
	if err := s.engine.Err(); err != nil {
		http.Error(w, fmt.Sprintf("the engine has stopped: %v", err), http.StatusServiceUnavailable)
		return
	}
	writeAlive(w)
}

func writeAlive(w http.ResponseWriter) { _, _ = fmt.Fprintln(w, "ok") }

// readiness is the answer of /readyz.
type readiness struct {
	Status string               `json:"status"` // ready, or why not
	Groups []engine.GroupStatus `json:"groups,omitempty"`
}

// readyz says whether to send requests here: not before the engine has caught up, not
// once the server is stopping. With ?verbose it tells of every group.
func (s *Server) readyz(w http.ResponseWriter, r *http.Request) {
	status, answer := http.StatusOK, readiness{Status: "ready"}
	select {
	case <-s.stopping:
		status, answer.Status = http.StatusServiceUnavailable, "stopping"
	default:
		if err := s.engine.Ready(); err != nil {
			status, answer.Status = http.StatusServiceUnavailable, err.Error()
		}
	}
	if r.URL.Query().Has("verbose") {
		answer.Groups = s.engine.Status()
	}
	_ = writeJSON(w, status, answer) // strings and numbers cannot fail
}
