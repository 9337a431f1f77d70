package transport

import (
	"context"
	"errors"
	"io"
	"sync"
	"time"

	"github.com/gorilla/websocket"
	"golang.org/x/time/rate"
)

// A client may ask often, but not for ever more snapshots a second.
const (
	framesPerSecond = 20
	framesAtOnce    = 100 // more than all the subscriptions it may have
	maxMalformed    = 16  // frames that are no requests, until it is sent away
)

// conn is one websocket. Its reader owns subs; its writer alone writes messages.
type conn struct {
	live   *live
	ws     *websocket.Conn
	binary bool
	ctx    context.Context // carries the caller; ends with live

	// The reader's.
	subs      map[string]*sub       // by what they follow: sub.key
	viewers   map[string]HeatViewer // by event: who looks at something of it
	malformed int

	wake       chan struct{} // capacity 1: there is something in the queue, or an end
	readerGone chan struct{} // closed when the reader has ended

	mu     sync.Mutex
	queue  []frame
	bytes  int       // of the queue and of the frame being written; bounded by QueueBytes, or one frame
	stale  []*sub    // lost frames, and get a snapshot when the queue is empty
	struck time.Time // when the queue was full
	ending *farewell // not nil: nothing more is queued
}

type farewell struct {
	code   int
	reason string
}

// sub is one subscription: to an event's seats or, with a holdID, to a hold of it; or, with a
// line and without a hub, to a ticket.
type sub struct {
	conn   *conn
	id     uint64
	hub    *hub
	line   *lineFollow
	holdID string
	heat   *heatFollow // nil: it did not ask for the event's heat
	since  *place      // the hub's: where the client is; nil: nowhere
	last   holdBody    // the hub's: what the client knows of the hold

	// Guarded by conn.mu.
	gone  bool // unsubscribed: nothing more is said
	stale bool // in conn.stale, or waiting for its snapshot: deltas are not for it
}

// place is where a client is in an event's history.
type place struct {
	epoch   string
	version uint64
	waited  int // ticks for this replica to get there
}

func newConn(ctx context.Context, l *live, ws *websocket.Conn, binary bool) *conn {
	return &conn{
		live:       l,
		ws:         ws,
		binary:     binary,
		ctx:        ctx,
		subs:       map[string]*sub{},
		viewers:    map[string]HeatViewer{},
		wake:       make(chan struct{}, 1),
		readerGone: make(chan struct{}),
	}
}

// read is the reader: it ends when the websocket does, and takes the subscriptions with
// it.
func (c *conn) read() {
	defer close(c.readerGone)
	defer c.unfocusAll()
	defer c.unsubscribeAll()
	c.ws.SetReadLimit(maxClientFrame)
	extend := func(string) error { return c.ws.SetReadDeadline(time.Now().Add(c.live.timing.pong)) }
	_ = extend("")
	c.ws.SetPongHandler(extend)
	pace := rate.NewLimiter(framesPerSecond, framesAtOnce)
	for {
		kind, data, err := c.ws.ReadMessage()
		if err != nil {
			c.lastRead(err)
			return
		}
		if c.ended() {
			continue // until the client answers our close frame
		}
		if kind != websocket.TextMessage {
			c.close(closeMisuse, "requests are text frames")
			continue
		}
		c.handle(data)
		if pace.Wait(c.ctx) != nil {
			return
		}
	}
}

// lastRead lets the client read the close frame that gorilla sent when a frame was too
// large: closing a socket with unread input would reset it, and the frame be lost.
func (c *conn) lastRead(err error) {
	if !errors.Is(err, websocket.ErrReadLimit) {
		return
	}
	raw := c.ws.NetConn()
	if half, ok := raw.(interface{ CloseWrite() error }); ok {
		_ = half.CloseWrite()
	}
	_ = raw.SetReadDeadline(time.Now().Add(c.live.timing.farewell))
	_, _ = io.Copy(io.Discard, io.LimitReader(raw, 1<<20))
}

// send queues a frame. What a subscription must not hear is dropped here, in the order
// of the queue: after an unsubscribe, and between lost frames and the snapshot that makes
// up for them.
func (c *conn) send(f frame) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ending != nil {
		return
	}
	if f.sub != nil {
		if f.fresh {
			f.sub.stale = false
		}
		if f.sub.gone || (f.seats && f.sub.stale) {
			return
		}
	}
	if c.full(f) {
		c.shedHeat()
	}
	if c.full(f) && !c.shed(f) {
		return
	}
	c.push(f)
}

// push queues a frame that may be, with mu held.
func (c *conn) push(f frame) {
	c.queue = append(c.queue, f)
	c.bytes += f.size
	c.live.metrics.frames[f.label].Inc()
	c.ring()
}

// full tells whether a frame does not fit. An empty queue takes any one.
func (c *conn) full(f frame) bool {
	return c.bytes > 0 && c.bytes+f.size > c.live.limits.QueueBytes
}

// shed makes room by taking all seat frames out of a full queue; their subscriptions get
// one fresh snapshot once the client has read what is left. A client whose queue is full
// again soon is sent away. It tells whether f may be queued.
func (c *conn) shed(f frame) bool {
	now := time.Now()
	if !c.struck.IsZero() && now.Sub(c.struck) < c.live.timing.forgive {
		c.end(closeSlowReader, "too slow a reader")
		return false
	}
	c.struck = now
	c.takeOut(func(q frame) bool { return q.seats }, c.lose)
	c.ring()
	if f.seats {
		c.live.metrics.dropped.Inc()
		c.lose(f.sub)
		return false
	}
	if c.full(f) {
		c.end(closeSlowReader, "too slow a reader")
		return false
	}
	return true
}

// takeOut drops the frames of one kind from the queue, with mu held, and tells lost whose
// they were.
func (c *conn) takeOut(which func(frame) bool, lost func(*sub)) {
	kept := c.queue[:0]
	for _, q := range c.queue {
		if !which(q) {
			kept = append(kept, q)
			continue
		}
		c.bytes -= q.size
		c.live.metrics.dropped.Inc()
		lost(q.sub)
	}
	clear(c.queue[len(kept):])
	c.queue = kept
}

func (c *conn) lose(s *sub) {
	if !s.stale && !s.gone {
		s.stale = true
		c.stale = append(c.stale, s)
	}
}

// drop makes a subscription hear nothing more.
func (c *conn) drop(s *sub) {
	c.mu.Lock()
	defer c.mu.Unlock()
	s.gone = true
}

// close ends the connection with a code; the first one counts.
func (c *conn) close(code int, reason string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.end(code, reason)
}

func (c *conn) end(code int, reason string) {
	if c.ending != nil {
		return
	}
	c.ending = &farewell{code, reason}
	c.queue, c.stale = nil, nil
	c.ring()
}

func (c *conn) ended() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.ending != nil
}

func (c *conn) ring() {
	select {
	case c.wake <- struct{}{}:
	default: // it has been rung
	}
}
