package transport

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// Server is the edge of one engine. Use Serve, or mount Handler and OpsHandler elsewhere
// and Close the Server afterwards.
type Server struct {
	engine  Engine
	limits  Limits
	log     *slog.Logger
	metrics *metrics
	live    *live
	origins *origins

	bodies  *cache
	heat    heatReports
	texts   seatTexts
	uploads chan struct{} // a place for each chart being read

	alternatives *rate.Limiter // of looking for seats in place of those that are taken

	api, ops http.Handler
	stopping chan struct{} // closed when the end has begun
	stop     func()
}

// New makes a Server. It returns what Config.Validate finds, or what the Registerer
// objects to. It starts no goroutine.
func New(cfg Config) (*Server, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	cfg = cfg.withDefaults()
	m, err := newMetrics(cfg.Registerer)
	if err != nil {
		return nil, fmt.Errorf("transport: metrics: %w", err)
	}
	s := &Server{
		engine:   cfg.Engine,
		limits:   cfg.Limits,
		log:      cfg.Logger,
		metrics:  m,
		live:     newLive(cfg.Engine, cfg.Limits, cfg.Logger, m),
		origins:  newOrigins(cfg.AllowedOrigins),
		bodies:   newCache(cfg.Limits.CacheBytes),
		uploads:  make(chan struct{}, cfg.Limits.ChartUploads),
		stopping: make(chan struct{}),

		alternatives: rate.NewLimiter(alternativesPerSecond, alternativesAtOnce),
	}
	s.stop = sync.OnceFunc(func() { close(s.stopping) })
	s.api = s.routes(cfg.Page)
	s.ops = s.opsRoutes(cfg.Gatherer)
	return s, nil
}

// Handler serves the API and the page.
func (s *Server) Handler() http.Handler { return s.api }

// OpsHandler serves /livez, /readyz, /backup, /metrics and /debug/pprof/: for operators only.
func (s *Server) OpsHandler() http.Handler { return s.ops }

// Close ends the websockets, telling their clients to come back, and returns when their
// goroutines have ended. /readyz says so from now on. The engine stays open.
func (s *Server) Close() {
	s.stop()
	s.live.close()
}

// Serve answers on l, and for operators on ops (nil: not at all), until ctx ends or a
// listener fails. Then it stops accepting, sends the websockets away, and waits for the
// requests under way for Limits.Drain before it cuts them off. The listeners are closed
// and all goroutines have ended when it returns: nil after ctx ended, else what failed.
func (s *Server) Serve(ctx context.Context, l, ops net.Listener) error {
	servers := []*http.Server{s.httpServer(s.api, writeTimeout)}
	listeners := []net.Listener{l}
	if ops != nil {
		// A profile takes as long as the operator asks, and comes at its end.
		servers = append(servers, s.httpServer(s.ops, 5*time.Minute))
		listeners = append(listeners, ops)
	}
	failed := make(chan error, len(servers))
	var running sync.WaitGroup
	for i, server := range servers {
		running.Go(func() { failed <- server.Serve(listeners[i]) })
	}
	var err error
	select {
	case <-ctx.Done():
	case err = <-failed:
	}
	s.stop()
	s.drain(servers)
	running.Wait()
	if errors.Is(err, http.ErrServerClosed) {
		err = nil
	}
	return err
}

// drain ends the servers: gently, then not.
func (s *Server) drain(servers []*http.Server) {
	ctx, cancel := context.WithTimeout(context.Background(), s.limits.Drain)
	defer cancel()
	var ending sync.WaitGroup
	for _, server := range servers {
		ending.Go(func() {
			if err := server.Shutdown(ctx); err != nil {
				s.log.Warn("requests were cut off at shutdown", "after", s.limits.Drain, "error", err)
				_ = server.Close()
			}
		})
	}
	s.live.close() // the servers know nothing of hijacked connections
	ending.Wait()
}

func (s *Server) httpServer(h http.Handler, write time.Duration) *http.Server {
	return &http.Server{
		Handler:           h,
		ReadHeaderTimeout: readHeaderTimeout,
		// No ReadTimeout: it would run on while the request is answered, and cancel its
		// context. readBody and the middleware set deadlines for what has a body.
		WriteTimeout:   write,
		IdleTimeout:    idleTimeout,
		MaxHeaderBytes: maxHeaderBytes,
		ErrorLog:       slog.NewLogLogger(s.log.Handler(), slog.LevelDebug),
	}
}
