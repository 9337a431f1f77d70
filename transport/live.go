package transport

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"github.com/usherhq/usher/engine"
)

// Close codes: after 4000–4499 clients come back, after 4500–4999 they do not.
const (
	closeRestart    = 4000 // this node is going away
	closeSlowReader = 4408 // twice the queue was full
	closeMisuse     = 4500 // frames that are no requests
)

// live is every websocket and every hub there is, of events and of rooms.
type live struct {
	engine  Engine
	limits  Limits
	log     *slog.Logger
	metrics *metrics
	timing  timing
	buffers *sync.Pool // gorilla's write buffers; no New, as gorilla wants it

	ctx     context.Context // ends with close
	cancel  context.CancelFunc
	running sync.WaitGroup // a reader and a writer for each conn, and one for each hub of either kind

	mu     sync.Mutex
	closed bool
	places int // conns and upgrades under way, <= limits.Connections
	conns  map[*conn]struct{}
	hubs   map[string]*hub   // by event, those with refs > 0
	lines  map[Line]*lineHub // by room, those with refs > 0
}

// timing is how patient a connection is; tests are less so.
type timing struct {
	ping, pong, write time.Duration
	farewell          time.Duration // for a client to answer our close frame
	forgive           time.Duration // a queue full again within it ends the connection
	heat              time.Duration // between two frames of heat
	stale             time.Duration // between two looks at whether an event is stale
	line              time.Duration // between two looks at a room
	crowd             time.Duration // between two words about how many are in a lobby
	behind            int           // ticks that who has seen more than this replica waits for it
}

func newLive(e Engine, limits Limits, log *slog.Logger, m *metrics) *live {
	l := &live{
		engine:  e,
		limits:  limits,
		log:     log,
		metrics: m,
		timing:  timing{pingEvery, pongWithin, frameTimeout, time.Second, time.Minute, heatEvery, staleEvery, lineEvery, crowdEvery, behindTicks},
		buffers: &sync.Pool{},
		conns:   map[*conn]struct{}{},
		hubs:    map[string]*hub{},
		lines:   map[Line]*lineHub{},
	}
	l.ctx, l.cancel = context.WithCancel(context.Background())
	return l
}

// openLive makes a websocket of a request. It returns once the websocket lives, so that
// net/http can free the request's buffers.
func (s *Server) openLive(w http.ResponseWriter, r *http.Request) error {
	if !websocket.IsWebSocketUpgrade(r) {
		w.Header().Set("Upgrade", "websocket")
		w.Header().Set("Connection", "Upgrade")
		return &problem{kind: upgradeRequired, detail: "connect with a websocket, subprotocol " + protocolJSON + " or " + protocolBin}
	}
	if err := noQuery(r); err != nil {
		return err
	}
	if !s.origins.allow(r) {
		return &problem{kind: originRefused, detail: fmt.Sprintf("pages of %q may not connect", r.Header.Get("Origin"))}
	}
	protocol, err := chooseProtocol(r)
	if err != nil {
		return err
	}
	return s.live.upgrade(w, r, protocol)
}

// chooseProtocol picks the first subprotocol the client offers that we speak; none
// offered is "".
func chooseProtocol(r *http.Request) (string, error) {
	offered := websocket.Subprotocols(r)
	for _, p := range offered {
		if p == protocolJSON || p == protocolBin {
			return p, nil
		}
	}
	if len(offered) > 0 {
		return "", badField("Sec-WebSocket-Protocol", "must offer "+protocolJSON+" or "+protocolBin)
	}
	return "", nil
}

func (l *live) upgrade(w http.ResponseWriter, r *http.Request, protocol string) error {
	if err := l.reserve(); err != nil {
		return err
	}
	var refused error
	upgrader := websocket.Upgrader{
		HandshakeTimeout: frameTimeout,
		ReadBufferSize:   1 << 10, // of our own, so that net/http's 4 KiB are freed
		WriteBufferSize:  4 << 10,
		WriteBufferPool:  l.buffers,
		CheckOrigin:      func(*http.Request) bool { return true }, // it has been checked
		Error: func(_ http.ResponseWriter, _ *http.Request, status int, reason error) {
			refused = handshakeProblem(status, reason)
		},
	}
	if protocol != "" {
		upgrader.Subprotocols = []string{protocol}
	}
	ws, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		l.leave(nil)
		if refused == nil {
			l.log.Debug("a websocket ended before it began", "error", err) // its TCP connection is gone
		}
		return refused
	}
	l.start(newConn(withCaller(l.ctx, r), l, ws, protocol == protocolBin))
	return nil
}

func handshakeProblem(status int, reason error) error {
	if status >= http.StatusInternalServerError {
		return reason
	}
	return &problem{kind: badRequest, detail: reason.Error()}
}

// reserve takes a place for a connection.
func (l *live) reserve() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		return engine.ErrClosed
	}
	if l.places >= l.limits.Connections {
		return &problem{kind: overloaded, detail: fmt.Sprintf("%d websockets are open", l.places)}
	}
	l.places++
	return nil
}

// leave gives a connection's place back; c is nil if it never began.
func (l *live) leave(c *conn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.places--
	if c != nil {
		delete(l.conns, c)
		l.metrics.connections.Dec()
	}
}

// start begins a connection in its place; if the end has begun meanwhile it is told so
// at once.
func (l *live) start(c *conn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed {
		l.places--
		_ = c.ws.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(closeRestart, "restarting"), time.Now().Add(time.Second))
		_ = c.ws.Close()
		return
	}
	l.conns[c] = struct{}{}
	l.metrics.connections.Inc()
	l.running.Go(c.read)
	l.running.Go(c.write)
}

// close sends everybody away, to come back elsewhere, and waits until all is ended.
func (l *live) close() {
	l.mu.Lock()
	l.closed = true
	for c := range l.conns {
		c.close(closeRestart, "restarting")
	}
	l.mu.Unlock()
	l.running.Wait()
	l.cancel()
}

// attach finds or makes an event's hub and counts the caller in; detach counts it out.
// cursor is a place the event has been at. Only a conn's reader calls it, which running
// counts, so that the hub may be added there.
func (l *live) attach(eventID string, cursor engine.Cursor) (*hub, error) {
	if h := l.join(eventID, nil); h != nil {
		return h, nil
	}
	w, err := l.engine.Watch(l.ctx, eventID, cursor)
	if err != nil {
		return nil, err
	}
	return l.join(eventID, newHub(l, eventID, cursor, w)), nil
}

// join counts the caller into the event's hub; if there is none it starts candidate,
// else it drops it.
func (l *live) join(eventID string, candidate *hub) *hub {
	l.mu.Lock()
	defer l.mu.Unlock()
	h := l.hubs[eventID]
	switch {
	case h != nil && candidate != nil:
		candidate.watcher.Close()
	case h == nil && candidate != nil:
		h = candidate
		l.hubs[eventID] = h
		l.metrics.hubs.Inc()
		l.running.Go(h.run)
	}
	if h != nil {
		h.refs++
	}
	return h
}

// detach counts a subscription out; the last one ends the hub.
func (l *live) detach(h *hub) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if h.refs--; h.refs == 0 {
		h.stop()
		l.forget(h)
	}
}

// forget takes a hub out of the map, with mu held; a new one may then be made.
func (l *live) forget(h *hub) {
	if l.hubs[h.eventID] == h {
		delete(l.hubs, h.eventID)
		l.metrics.hubs.Dec()
	}
}
