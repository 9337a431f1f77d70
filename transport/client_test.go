package transport

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/usherhq/usher/engine"
)

// client is a live client that keeps a map of one event, and is strict about what it is
// told: a delta that does not begin where it is fails the test.
type client struct {
	t       *testing.T
	ws      *websocket.Conn
	epoch   string
	version uint64
	status  []engine.SeatStatus
	areas   map[int]int // places left
}

// message is any text frame.
type message struct {
	ID       *uint64 `json:"id"`
	OK       bool    `json:"ok"`
	Error    *errorBody
	Snapshot *struct {
		EventID string `json:"event_id"`
		Epoch   string
		Version uint64
		Seats   string
		Areas   [][2]int
	}
	Recovered *recoveredBody
	Delta     *struct {
		EventID  string `json:"event_id"`
		From, To uint64
		Seats    [][2]uint64
		Areas    [][2]int
	}
	Areas *struct {
		EventID string `json:"event_id"`
		From    *uint64
		To      uint64
		Areas   [][2]int
	}
	Hold *holdBody

	Queue *queueBody
	Heat  *heatMessage

	Stale *staleBody
	Fresh *freshBody

	bin *BinFrame // of a binary frame; all else is zero
}

func (h *house) dial(protocol string, headers ...string) *client {
	h.Helper()
	c, res, err := h.tryDial(protocol, headers...)
	if err != nil {
		h.Fatalf("dial: %v, %v", err, res)
	}
	return c
}

func (h *house) tryDial(protocol string, headers ...string) (*client, *http.Response, error) {
	d := websocket.Dialer{}
	if protocol != "" {
		d.Subprotocols = []string{protocol}
	}
	header := http.Header{}
	for _, line := range headers {
		name, value, _ := strings.Cut(line, ": ")
		header.Set(name, value)
	}
	ws, res, err := d.Dial("ws"+strings.TrimPrefix(h.http.URL, "http")+"/v1/live", header)
	if err != nil {
		return nil, res, err
	}
	h.Cleanup(func() { ws.Close() })
	if got := ws.Subprotocol(); got != protocol {
		h.Errorf("subprotocol %q, want %q", got, protocol)
	}
	return &client{t: h.T, ws: ws}, res, nil
}

func (c *client) say(format string, args ...any) {
	c.t.Helper()
	if err := c.ws.WriteMessage(websocket.TextMessage, fmt.Appendf(nil, format, args...)); err != nil {
		c.t.Fatal(err)
	}
}

func (c *client) subscribe(id int) { c.say(`{"id":%d,"subscribe":{"event_id":%q}}`, id, testEvent) }

// resume subscribes from where the client is.
func (c *client) resume(id int) {
	c.say(`{"id":%d,"subscribe":{"event_id":%q,"since":{"epoch":%q,"version":%d}}}`, id, testEvent, c.epoch, c.version)
}

// hear reads one frame.
func (c *client) hear() message {
	c.t.Helper()
	m, err := c.tryHear(5 * time.Second)
	if err != nil {
		c.t.Fatal(err)
	}
	return m
}

func (c *client) tryHear(within time.Duration) (message, error) {
	_ = c.ws.SetReadDeadline(time.Now().Add(within))
	kind, data, err := c.ws.ReadMessage()
	if err != nil {
		return message{}, err
	}
	if kind == websocket.BinaryMessage {
		f, err := ParseBinFrame(data)
		return message{bin: &f}, err
	}
	var m message
	d := json.NewDecoder(strings.NewReader(string(data)))
	d.DisallowUnknownFields()
	if err := d.Decode(&m); err != nil {
		return m, fmt.Errorf("%w in %.200s", err, data)
	}
	return m, nil
}

// quiet fails if anything is said within a few ticks.
func (c *client) quiet() {
	c.t.Helper()
	if m, err := c.tryHear(60 * time.Millisecond); err == nil {
		c.t.Errorf("heard %+v, want nothing", m)
	}
}

// apply brings the client's map to what a frame says; false for frames about no seats.
func (c *client) apply(m message) bool {
	c.t.Helper()
	switch {
	case m.Snapshot != nil:
		packed, err := base64.StdEncoding.DecodeString(m.Snapshot.Seats)
		if err != nil {
			c.t.Error(err)
		}
		c.load(m.Snapshot.Epoch, m.Snapshot.Version, packed)
		c.learn(m.Snapshot.Areas)
	case m.bin != nil && m.bin.Delta == nil:
		c.load(hex.EncodeToString(m.bin.Epoch[:]), m.bin.Version, m.bin.Packed)
	case m.Delta != nil:
		d := engine.Delta{From: m.Delta.From, To: m.Delta.To}
		for _, s := range m.Delta.Seats {
			d.Seats = append(d.Seats, engine.SeatChange{Seat: uint32(s[0]), Status: engine.SeatStatus(s[1])})
		}
		c.advance(d)
		c.learn(m.Delta.Areas)
	case m.Areas != nil:
		if m.Areas.To != c.version || m.Areas.From != nil && *m.Areas.From >= m.Areas.To {
			c.t.Errorf("areas %+v for a client at %d", *m.Areas, c.version)
		}
		c.learn(m.Areas.Areas)
	case m.bin != nil:
		c.advance(*m.bin.Delta)
	default:
		return false
	}
	return true
}

func (c *client) load(epoch string, version uint64, packed []byte) {
	c.epoch, c.version, c.status, c.areas = epoch, version, nil, map[int]int{}
	for i := range 4 * len(packed) {
		c.status = append(c.status, engine.SeatStatus(packed[i/4]>>(2*(i%4)))&3)
	}
}

func (c *client) learn(areas [][2]int) {
	for _, a := range areas {
		c.areas[a[0]] = a[1]
	}
}

func (c *client) advance(d engine.Delta) {
	c.t.Helper()
	if d.From != c.version || d.To <= d.From {
		c.t.Errorf("a delta from %d to %d for a client at %d", d.From, d.To, c.version)
	}
	for i, s := range d.Seats {
		if i > 0 && s.Seat <= d.Seats[i-1].Seat {
			c.t.Errorf("seats of a delta do not ascend: %v", d.Seats)
		}
		c.status[s.Seat] = s.Status
	}
	c.version = d.To
}

// until reads until the client is at a version.
func (c *client) until(version uint64) {
	c.t.Helper()
	for c.version < version {
		c.apply(c.hear())
	}
}

// same compares the client's map with the event's.
func (c *client) same(f *fake) {
	c.t.Helper()
	m, err := f.seatMap(c.t.Context(), testEvent)
	if err != nil {
		c.t.Fatal(err)
	}
	if c.epoch != m.Epoch || c.version != m.Version {
		c.t.Errorf("client at %s %d, event at %s %d", c.epoch, c.version, m.Epoch, m.Version)
	}
	for i := range m.Seats {
		if c.status[i] != m.Status(i) {
			c.t.Errorf("seat %d is %v for the client, %v in truth", i, c.status[i], m.Status(i))
		}
	}
}

// closeCode reads until the server closes.
func (c *client) closeCode() int {
	c.t.Helper()
	for {
		_, err := c.tryHear(5 * time.Second)
		if ce, ok := err.(*websocket.CloseError); ok {
			return ce.Code
		}
		if err != nil {
			c.t.Fatalf("ended without a close frame: %v", err)
		}
	}
}

// pipes is a listener of net.Pipes: no buffer between writer and reader, so that a client
// that does not read holds the server up at once.
type pipes struct {
	conns chan net.Conn
	done  chan struct{}
}

func newPipes() *pipes { return &pipes{make(chan net.Conn), make(chan struct{})} }

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.done:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error { close(p.done); return nil }

func (p *pipes) Addr() net.Addr { return &net.UnixAddr{Name: "pipe", Net: "unix"} }

// pipeClient connects to a server over a pipe.
func (h *house) pipeClient(protocol string) *client {
	h.Helper()
	l := newPipes()
	server := &http.Server{Handler: h.server.Handler()}
	go func() { _ = server.Serve(l) }()
	h.Cleanup(func() { _ = server.Close() })
	d := websocket.Dialer{Subprotocols: []string{protocol}, NetDial: func(string, string) (net.Conn, error) {
		ours, theirs := net.Pipe()
		l.conns <- theirs
		return ours, nil
	}}
	ws, _, err := d.Dial("ws://pipe/v1/live", nil)
	if err != nil {
		h.Fatal(err)
	}
	h.Cleanup(func() { ws.Close() })
	return &client{t: h.T, ws: ws}
}
