package transport

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/usherhq/usher/engine"
)

func bothProtocols(t *testing.T, run func(t *testing.T, protocol string)) {
	for _, p := range []string{protocolJSON, protocolBin} {
		t.Run(p, func(t *testing.T) { run(t, p) })
	}
}

func TestSnapshotThenDeltas(t *testing.T) {
	bothProtocols(t, func(t *testing.T, protocol string) {
		h := newHouse(t, 30)
		h.fake.set(testEvent, engine.SeatBooked, 7)
		c := h.dial(protocol)
		c.subscribe(9)
		m := c.hear()
		if !c.apply(m) || (m.bin == nil) != (protocol == protocolJSON) {
			t.Fatalf("first frame %+v", m)
		}
		if id := m.ID; (id != nil && *id != 9) || (m.bin != nil && m.bin.ID != 9) {
			t.Errorf("the answer's id: %+v", m)
		}
		c.same(h.fake)
		c.until(h.fake.set(testEvent, engine.SeatHeld, 17, 18, 0))
		c.same(h.fake)
		c.until(h.fake.set(testEvent, engine.SeatAvailable, 17, 29))
		c.same(h.fake)
		c.say(`{"id":4,"unsubscribe":{"event_id":%q}}`, testEvent)
		if m := c.hear(); !m.OK || *m.ID != 4 {
			t.Errorf("unsubscribe: %+v", m)
		}
		h.fake.set(testEvent, engine.SeatHeld, 1)
		c.quiet()
	})
}

func TestNoSubprotocolIsJSON(t *testing.T) {
	h := newHouse(t, 4)
	c := h.dial("")
	c.subscribe(0)
	if m := c.hear(); m.Snapshot == nil || *m.ID != 0 {
		t.Errorf("got %+v", m)
	}
	if _, res, err := h.tryDial("soap"); err == nil || res.StatusCode != 400 {
		t.Errorf("an unknown subprotocol: %v", err)
	}
}

func TestRecover(t *testing.T) {
	bothProtocols(t, func(t *testing.T, protocol string) {
		h := newHouse(t, 30)
		c := h.dial(protocol)
		c.subscribe(1)
		c.apply(c.hear())
		h.fake.set(testEvent, engine.SeatHeld, 3)
		c.until(1)
		c.ws.Close()

		back := h.dial(protocol)
		back.epoch, back.version, back.status = c.epoch, c.version, c.status
		back.resume(2) // nothing has happened
		if m := back.hear(); m.Recovered == nil || m.Recovered.Version != 1 || *m.ID != 2 || m.Recovered.Epoch != c.epoch {
			t.Fatalf("recovered: %+v", m)
		}
		back.quiet()

		h.fake.set(testEvent, engine.SeatBooked, 3, 4, 5)
		again := h.dial(protocol)
		again.epoch, again.version, again.status = c.epoch, c.version, c.status
		again.resume(3)
		if m := again.hear(); m.Recovered == nil || m.Recovered.Version != 4 {
			t.Fatalf("recovered: %+v", m)
		}
		if m := again.hear(); !again.apply(m) || again.version != 4 {
			t.Fatalf("the delta since: %+v", m)
		}
		again.same(h.fake)
		h.fake.set(testEvent, engine.SeatBooked, 9)
		again.until(5)
		again.same(h.fake)
	})
}

func TestNowhereToRecoverFromIsASnapshot(t *testing.T) {
	h := newHouse(t, 30)
	h.fake.set(testEvent, engine.SeatHeld, 3)
	epoch := h.fake.events[testEvent].event.Epoch
	for name, since := range map[string]string{
		"another epoch": `{"epoch":"` + strings.Repeat("ff", 16) + `","version":1}`,
		"no epoch":      `{"epoch":"x","version":1}`,
		"the future":    `{"epoch":"` + epoch + `","version":2}`,
	} {
		c := h.dial(protocolJSON)
		c.say(`{"id":1,"subscribe":{"event_id":%q,"since":%s}}`, testEvent, since)
		if m := c.hear(); m.Snapshot == nil || !c.apply(m) {
			t.Errorf("%s: %+v", name, m)
		}
		c.same(h.fake)
	}
}

// TestAReplicaThatIsBehindIsWaitedFor: who comes from a node that knew more goes on from there as
// soon as this one knows it too, and is not shown an older map.
func TestAReplicaThatIsBehindIsWaitedFor(t *testing.T) {
	h := newHouse(t, 30)
	h.server.live.timing.behind = 12000 // a minute
	h.fake.set(testEvent, engine.SeatHeld, 3)
	c := h.dial(protocolJSON)
	c.say(`{"id":1,"subscribe":{"event_id":%q,"since":{"epoch":%q,"version":3}}}`, testEvent, h.fake.events[testEvent].event.Epoch)
	c.say(`{"id":2,"unsubscribe":{"event_id":"x"}}`) // its answer comes at once: by then the hub has looked
	c.hear()
	h.fake.set(testEvent, engine.SeatHeld, 4, 5)
	h.fake.set(testEvent, engine.SeatHeld, 6)
	if m := c.hear(); m.Recovered == nil || m.Recovered.Version < 3 {
		t.Fatalf("got %+v", m)
	}
}

func TestRestoreIsASnapshotOfTheNewEpoch(t *testing.T) {
	h := newHouse(t, 30)
	c := h.dial(protocolJSON)
	c.subscribe(1)
	c.apply(c.hear())
	h.fake.restore(testEvent)
	if m := c.hear(); m.Snapshot == nil || *m.ID != 1 || !c.apply(m) {
		t.Fatalf("got %+v", m)
	}
	c.same(h.fake)
	h.fake.set(testEvent, engine.SeatHeld, 2)
	c.until(4)
	c.same(h.fake)
}

// TestSubscribingAgainReplaces: that is how clients that saw a gap go on.
func TestSubscribingAgainReplaces(t *testing.T) {
	h := newHouse(t, 30)
	c := h.dial(protocolBin)
	c.subscribe(1)
	c.apply(c.hear())
	c.resume(2)
	if m := c.hear(); m.Recovered == nil || *m.ID != 2 {
		t.Fatalf("got %+v", m)
	}
	h.fake.set(testEvent, engine.SeatHeld, 2)
	if m := c.hear(); m.bin == nil || m.bin.ID != 2 || !c.apply(m) {
		t.Errorf("got %+v", m)
	}
	c.quiet()
}

func TestAHoldIsFollowed(t *testing.T) {
	h := newHouse(t, 30)
	hold := h.call("POST", "/v1/reservations", reservation("s1")).json["hold_id"].(string)
	c := h.dial(protocolBin)
	c.say(`{"id":3,"subscribe":{"hold_id":%q}}`, hold)
	first := c.hear()
	if first.Hold == nil || *first.ID != 3 || first.Hold.Status != "held" || first.Hold.HoldID != hold {
		t.Fatalf("first %+v", first)
	}
	h.fake.set(testEvent, engine.SeatHeld, 9) // concerns the event, not the hold
	c.quiet2(h)
	h.call("POST", "/v1/reservations/"+hold+"/extend", `{"fencing_token":1,"ttl_seconds":3000}`)
	if m := c.hear(); m.ID != nil || m.Hold == nil || !m.Hold.ExpiresAt.After(first.Hold.ExpiresAt) || m.Hold.ServerTime.IsZero() {
		t.Fatalf("extended %+v", m)
	}
	h.fake.set(testEvent, engine.SeatHeld, 10) // nothing is told twice
	c.quiet2(h)
	h.call("DELETE", "/v1/reservations/"+hold, "")
	if m := c.hear(); m.Hold == nil || m.Hold.Status != "released" {
		t.Fatalf("released %+v", m)
	}
	c.say(`{"id":4,"unsubscribe":{"hold_id":%q}}`, hold)
	if m := c.hear(); !m.OK {
		t.Errorf("unsubscribe %+v", m)
	}
}

// quiet2 is quiet without a read that times out, after which gorilla reads no more: it
// asks something and wants that answer to be the next thing heard.
func (c *client) quiet2(h *house) {
	c.t.Helper()
	time.Sleep(40 * time.Millisecond)
	c.say(`{"id":99,"unsubscribe":{"event_id":"none"}}`)
	if m := c.hear(); !m.OK || *m.ID != 99 {
		c.t.Errorf("heard %+v, want nothing", m)
	}
}

func TestRefusedFrames(t *testing.T) {
	h := newHouse(t, 30, func(c *Config) { c.Limits.Subscriptions = 2 })
	c := h.dial(protocolJSON)
	cases := []struct{ frame, code string }{
		{`{"id":5,"subscribe":{"event_id":"none"}}`, "unknown_event"},
		{`{"id":5,"subscribe":{"hold_id":"forged"}}`, "unknown_hold"},
		{`{"id":5,"subscribe":{"ticket":"t"}}`, "unknown_ticket"},
		{`{"id":5}`, "bad_request"},
		{`{"id":5,"subscribe":{}}`, "bad_request"},
		{`{"id":5,"subscribe":{"event_id":"a","hold_id":"b"}}`, "bad_request"},
		{`{"id":5,"subscribe":{"event_id":"a"},"unsubscribe":{"event_id":"a"}}`, "bad_request"},
		{`{"id":5,"subscribe":{"event_id":"a","since":{"epoch":"e"}}}`, "bad_request"},
		{`{"id":5,"subscribe":{"event_id":"a","since":{"epoch":"e","version":-1}}}`, "bad_request"},
		{`{"id":5,"unsubscribe":{"event_id":"a","since":{"epoch":"e","version":1}}}`, "bad_request"},
		{`{"id":5,"subscribe":{"event_id":"a","cold":true}}`, "bad_request"},
	}
	for _, x := range cases {
		c.say("%s", x.frame)
		if m := c.hear(); m.Error == nil || m.Error.Code != x.code || m.Error.Message == "" || *m.ID != 5 {
			t.Errorf("%s: %+v", x.frame, m)
		}
	}
	for i := range 3 {
		h.fake.addEvent(fmt.Sprint("e", i), 4)
		c.say(`{"id":%d,"subscribe":{"event_id":"e%d"}}`, i, i)
		if m := c.hear(); (m.Error != nil) != (i == 2) || (i == 2 && m.Error.Code != "too_many_subscriptions") {
			t.Errorf("subscription %d: %+v", i, m)
		}
	}
}

func TestMisuseEndsTheConnection(t *testing.T) {
	h := newHouse(t, 30)
	c := h.dial(protocolJSON)
	for range maxMalformed {
		c.say(`{"id":`)
	}
	if code := c.closeCode(); code != closeMisuse {
		t.Errorf("malformed frames: %d", code)
	}
	c = h.dial(protocolBin)
	_ = c.ws.WriteMessage(websocket.BinaryMessage, []byte{2, 0, 1})
	if code := c.closeCode(); code != closeMisuse {
		t.Errorf("binary frame: %d", code)
	}
	c = h.dial(protocolJSON)
	c.say(`{"id":1,"subscribe":{"event_id":"%s"}}`, strings.Repeat("x", 8<<10))
	if code := c.closeCode(); code != websocket.CloseMessageTooBig {
		t.Errorf("a large frame: %d", code)
	}
}

func TestOriginsAndPlaces(t *testing.T) {
	h := newHouse(t, 4, func(c *Config) { c.Limits.Connections = 1 })
	if _, res, err := h.tryDial("", "Origin: https://evil.example"); err == nil || res.StatusCode != http.StatusForbidden {
		t.Errorf("a foreign page: %v", err)
	}
	if _, res, err := h.tryDial("", "Origin: null"); err == nil || res.StatusCode != http.StatusForbidden {
		t.Errorf("a page of no origin: %v", err)
	}
	c := h.dial("", "Origin: "+h.http.URL)
	if _, res, err := h.tryDial(""); err == nil || res.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("one too many: %v", err)
	}
	c.ws.Close()
	for deadline := time.Now().Add(5 * time.Second); ; time.Sleep(time.Millisecond) {
		if _, _, err := h.tryDial(""); err == nil {
			break
		} else if time.Now().After(deadline) {
			t.Fatal("the place of a client that left is not free")
		}
	}
	listed := newHouse(t, 4, func(c *Config) { c.AllowedOrigins = []string{"https://shop.example"} })
	listed.dial("", "Origin: https://Shop.example")
	if _, _, err := listed.tryDial("", "Origin: "+listed.http.URL); err == nil {
		t.Error("a page of the same host that is not in the list")
	}
}

// TestASlowReaderGetsOneSnapshotAndThenTheDoor reads nothing for a while, twice.
func TestASlowReaderGetsOneSnapshotAndThenTheDoor(t *testing.T) {
	bothProtocols(t, func(t *testing.T, protocol string) {
		h := newHouse(t, 4000, func(c *Config) { c.Limits.QueueBytes = 4 << 10 })
		c := h.pipeClient(protocol)
		c.subscribe(1)
		c.apply(c.hear())
		flood := func() {
			var seats []uint32
			for i := range uint32(300) {
				seats = append(seats, i*13)
			}
			for i := range 30 {
				h.fake.set(testEvent, engine.SeatStatus(1+i%2), seats...)
				time.Sleep(7 * time.Millisecond) // a tick each
			}
		}
		flood()
		for snapshot := false; !snapshot; {
			m := c.hear()
			snapshot = m.Snapshot != nil || (m.bin != nil && m.bin.Delta == nil)
			c.apply(m) // what was being written comes first, and fits
		}
		v, _ := h.fake.SeatVersion(t.Context(), testEvent)
		c.until(v.Version)
		c.same(h.fake)
		h.fake.set(testEvent, engine.SeatBooked, 3999)
		c.until(v.Version + 1) // deltas go on
		c.same(h.fake)
		flood()
		if code := c.closeCode(); code != closeSlowReader {
			t.Errorf("closed with %d", code)
		}
	})
}

// TestAReaderThatVanishesIsDropped: its TCP connection lives, but nobody reads.
func TestAReaderThatVanishesIsDropped(t *testing.T) {
	h := newHouse(t, 40)
	h.server.live.timing.write = 50 * time.Millisecond
	c := h.pipeClient(protocolJSON)
	c.subscribe(1)
	deadline := time.Now().Add(5 * time.Second)
	for {
		h.server.live.mu.Lock()
		n, hubs := len(h.server.live.conns), len(h.server.live.hubs)
		h.server.live.mu.Unlock()
		if n == 0 && hubs == 0 {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%d connections, %d hubs after 5 s", n, hubs)
		}
		time.Sleep(time.Millisecond)
	}
}

func TestPingsKeepAndLoseConnections(t *testing.T) {
	h := newHouse(t, 4)
	h.server.live.timing.ping, h.server.live.timing.pong = 20*time.Millisecond, 100*time.Millisecond
	c := h.dial("")
	go func() { // reading answers pings
		time.Sleep(300 * time.Millisecond)
		h.fake.set(testEvent, engine.SeatHeld, 1)
	}()
	c.subscribe(1)
	c.apply(c.hear())
	c.until(1)
	silent := h.dial("")
	silent.ws.SetPingHandler(func(string) error { return nil })
	if _, err := silent.tryHear(5 * time.Second); err == nil {
		t.Errorf("a client that answers no ping: %v", err)
	}
}

func TestShutdownSendsEverybodyToComeBack(t *testing.T) {
	h := newHouse(t, 30)
	c := h.dial(protocolJSON)
	c.subscribe(1)
	c.apply(c.hear())
	done := make(chan struct{})
	go func() { h.server.Close(); close(done) }()
	if code := c.closeCode(); code != closeRestart {
		t.Errorf("closed with %d", code)
	}
	<-done
	if n := len(h.fake.events[testEvent].watchers); n != 0 {
		t.Errorf("%d watchers are left", n)
	}
	if _, res, err := h.tryDial(""); err == nil || res.StatusCode != 503 {
		t.Errorf("a websocket after the end: %v", err)
	}
}

func TestAnEngineThatClosesSendsEverybodyAway(t *testing.T) {
	h := newHouse(t, 30)
	c := h.dial(protocolJSON)
	c.subscribe(1)
	c.apply(c.hear())
	close(h.fake.done)
	if code := c.closeCode(); code != closeRestart {
		t.Errorf("closed with %d", code)
	}
}

// TestNobodyEverSeesAGap has clients of both subprotocols come, go, resume and subscribe
// again while seats change all the time, also between the hub's two reads. client.advance
// fails on any gap or repetition; at the end all have the truth.
func TestNobodyEverSeesAGap(t *testing.T) {
	h := newHouse(t, 200, func(c *Config) { c.Limits.Tick = time.Millisecond })
	var once sync.Mutex
	h.fake.before = func() {
		once.Lock()
		defer once.Unlock()
		h.fake.set(testEvent, engine.SeatStatus(rand.IntN(4)), uint32(rand.IntN(200)))
	}
	stop := make(chan struct{})
	var writer, clients sync.WaitGroup
	writer.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
				h.fake.set(testEvent, engine.SeatStatus(rand.IntN(4)), uint32(rand.IntN(200)))
				time.Sleep(100 * time.Microsecond)
			}
		}
	})
	all := make([]*client, 12)
	for i := range all {
		clients.Go(func() {
			protocol := []string{protocolJSON, protocolBin}[i%2]
			c := h.dial(protocol)
			c.subscribe(1)
			c.apply(c.hear())
			for round := range 20 {
				for range 5 {
					c.apply(c.hear())
				}
				if rand.IntN(2) == 0 {
					old := c
					old.ws.Close()
					c = h.dial(protocol)
					c.epoch, c.version, c.status = old.epoch, old.version, old.status
					c.resume(round)
				} else {
					// Deltas under way meet the answer to this, whose beginning may overlap
					// what they said: a client applies its answer first.
					c.say(`{"id":7,"unsubscribe":{"event_id":%q}}`, testEvent)
					for m := c.hear(); !m.OK; m = c.hear() {
						c.apply(m)
					}
					c.resume(round)
				}
			}
			all[i] = c
		})
	}
	clients.Wait()
	close(stop)
	writer.Wait()
	h.fake.before = nil
	cursor, _ := h.fake.SeatVersion(t.Context(), testEvent)
	for _, c := range all {
		c.until(cursor.Version)
		c.same(h.fake)
	}
}
