package transport

import (
	"strconv"
	"time"

	"github.com/gorilla/websocket"
)

// write is the writer: it ends with the reader, with a write that fails or takes too
// long, or after the farewell. It closes the socket, which ends the reader too.
func (c *conn) write() {
	defer c.live.leave(c)
	defer func() { _ = c.ws.Close() }()
	ping := time.NewTicker(c.live.timing.ping)
	defer ping.Stop()
	for {
		select {
		case <-c.wake:
			if !c.flush() {
				return
			}
		case <-ping.C:
			if c.ws.WriteControl(websocket.PingMessage, nil, time.Now().Add(c.live.timing.write)) != nil {
				return
			}
		case <-c.readerGone:
			return
		}
	}
}

// framesPerFlush is how many frames go out until the writer looks at its pings again: a
// queue that is never empty must not keep them back.
const framesPerFlush = 64

// flush sends what is queued, one frame after the other; false at the end.
func (c *conn) flush() bool {
	for range framesPerFlush {
		f, ending := c.next()
		if ending != nil {
			c.sayGoodbye(ending)
			return false
		}
		if f.message == nil {
			c.catchUp()
			return true
		}
		_ = c.ws.SetWriteDeadline(time.Now().Add(c.live.timing.write))
		if c.ws.WritePreparedMessage(f.message) != nil {
			return false
		}
		c.live.metrics.sentBytes.Add(float64(f.size))
		c.mu.Lock()
		c.bytes -= f.size
		c.mu.Unlock()
	}
	c.ring()
	return true
}

// next takes the frame in front; it stays counted until it is sent.
func (c *conn) next() (frame, *farewell) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ending != nil || len(c.queue) == 0 {
		c.queue = nil // an idle connection keeps no array
		return frame{}, c.ending
	}
	f := c.queue[0]
	c.queue[0] = frame{}
	c.queue = c.queue[1:]
	return f, nil
}

// catchUp asks for the snapshots of those that lost frames: everything before is sent.
func (c *conn) catchUp() {
	c.mu.Lock()
	if len(c.queue) > 0 { // something came meanwhile; it has rung
		c.mu.Unlock()
		return
	}
	stale := c.stale
	c.stale = nil
	c.mu.Unlock()
	for _, s := range stale {
		c.live.metrics.resyncs.Inc()
		s.hub.post(op{verb: rejoin, sub: s})
	}
}

// sayGoodbye sends the close frame and gives the client a moment to answer it, so that
// it reads the code before the socket closes.
func (c *conn) sayGoodbye(f *farewell) {
	c.live.metrics.closes.WithLabelValues(strconv.Itoa(f.code)).Inc()
	message := websocket.FormatCloseMessage(f.code, f.reason)
	if c.ws.WriteControl(websocket.CloseMessage, message, time.Now().Add(c.live.timing.write)) != nil {
		return
	}
	wait := time.NewTimer(c.live.timing.farewell)
	defer wait.Stop()
	select {
	case <-c.readerGone:
	case <-wait.C:
	}
}
