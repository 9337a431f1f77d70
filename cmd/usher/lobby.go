package main

import (
	"context"
	"errors"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/usherhq/usher/transport"
)

// lobby has transport.Lobby answer on the listeners until the engine is there.
type lobby struct {
	why     atomic.Pointer[string]
	servers []*http.Server
	lent    []*lentListener
	done    chan error
}

func openLobby(api, ops net.Listener) *lobby {
	l := &lobby{done: make(chan error, 2)}
	l.note("starting")
	handlers := [2]http.Handler{}
	handlers[0], handlers[1] = transport.Lobby(func() string { return *l.why.Load() })
	for i, ln := range []net.Listener{api, ops} {
		if ln == nil {
			continue
		}
		lent := &lentListener{Listener: ln}
		server := &http.Server{Handler: handlers[i], ReadHeaderTimeout: 3 * time.Second, IdleTimeout: 5 * time.Second, WriteTimeout: 5 * time.Second, MaxHeaderBytes: 16 << 10}
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

var errGivenBack = errors.New("the listener was given back")

// lentListener is a listener for a while: closing it leaves the one beneath open.
type lentListener struct {
	net.Listener
	given atomic.Bool
}

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
