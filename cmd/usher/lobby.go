package main

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/usherhq/usher/engine"
)

// lobby answers for an engine that is not there yet: a new node waits for the others of its
// cluster, and whoever looks at it is to know that it lives, and what it waits for.
type lobby struct {
	why     atomic.Pointer[string]
	servers []*http.Server
	lent    []*lentListener
	done    chan error
}

func openLobby(api, ops net.Listener) *lobby {
	l := &lobby{done: make(chan error, 2)}
	l.note("starting")
	for i, ln := range []net.Listener{api, ops} {
		if ln == nil {
			continue
		}
		h := http.HandlerFunc(l.api)
		if i == 1 {
			h = l.ops
		}
		lent := newLent(ln)
		server := &http.Server{Handler: h, ReadHeaderTimeout: 3 * time.Second, IdleTimeout: 5 * time.Second, WriteTimeout: 5 * time.Second, MaxHeaderBytes: 16 << 10}
		server.SetKeepAlivesEnabled(false) // the connections are not handed on
		l.lent, l.servers = append(l.lent, lent), append(l.servers, server)
		go func() { l.done <- server.Serve(lent) }()
	}
	return l
}

func (l *lobby) note(why string) { l.why.Store(&why) }

// close gives the listeners back.
func (l *lobby) close() error {
	var errs []error
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	for i, s := range l.servers {
		l.lent[i].giveBack()
		if err := <-l.done; err != nil && !errors.Is(err, errGivenBack) && !errors.Is(err, http.ErrServerClosed) {
			errs = append(errs, err)
		}
		errs = append(errs, s.Shutdown(ctx))
	}
	for _, lent := range l.lent {
		errs = append(errs, lent.rearm())
	}
	return errors.Join(errs...)
}

func (l *lobby) api(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/problem+json")
	w.Header().Set("Retry-After", "1")
	w.WriteHeader(http.StatusServiceUnavailable)
	_ = json.NewEncoder(w).Encode(map[string]any{ // a client that has gone away is no news
		"type": "about:blank", "title": "This node is still catching up", "status": http.StatusServiceUnavailable,
		"detail": *l.why.Load(), "code": "starting", "retryable": true, "outcome": engine.OutcomeNotApplied,
	})
}

func (l *lobby) ops(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/livez" {
		_, _ = w.Write([]byte("ok\n"))
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusServiceUnavailable)
	_ = json.NewEncoder(w).Encode(map[string]string{"status": *l.why.Load()})
}

var errGivenBack = errors.New("the listener was given back")

// lentListener is a listener for a while: closing it leaves the one beneath open.
type lentListener struct {
	net.Listener
	given atomic.Bool
}

func newLent(ln net.Listener) *lentListener { return &lentListener{Listener: ln} }

// Accept fails once the listener was given back.
func (l *lentListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if l.given.Load() {
		if err == nil {
			_ = c.Close() // who comes in this moment comes again
		}
		return nil, errGivenBack
	}
	return c, err
}

// Close leaves the listener open.
func (l *lentListener) Close() error { return nil }

func (l *lentListener) deadline(t time.Time) error {
	if d, ok := l.Listener.(interface{ SetDeadline(time.Time) error }); ok {
		return d.SetDeadline(t)
	}
	return nil
}

func (l *lentListener) giveBack() {
	l.given.Store(true)
	_ = l.deadline(time.Unix(1, 0)) // a TCP listener takes it
}

func (l *lentListener) rearm() error { return l.deadline(time.Time{}) }
