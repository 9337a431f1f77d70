package transport

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/usherhq/usher/engine"
)

// heatMessage is a heat frame.
type heatMessage struct {
	EventID  string `json:"event_id"`
	Classes  string
	Seats    [][2]int
	Sections json.RawMessage // a list of classes with Classes, else of [index, class]
	Viewers  *int
	Focus    *engine.HeatLook
}

const testHeat = "/v1/events/" + testEvent + "/heat"

// heatHouse has its heat told every few milliseconds.
func heatHouse(t *testing.T, n int, change ...func(*Config)) *house {
	t.Helper()
	h := newHouse(t, n, change...)
	h.server.live.timing.heat = 20 * time.Millisecond
	return h
}

// hearHeat reads until a frame of heat that is as wanted.
func (c *client) hearHeat(what string, ok func(m *heatMessage) bool) *heatMessage {
	c.t.Helper()
	for {
		m, err := c.tryHear(5 * time.Second)
		if err != nil {
			c.t.Fatalf("%s: %v", what, err)
		}
		if m.Heat != nil && ok(m.Heat) {
			return m.Heat
		}
		c.apply(m)
	}
}

func (c *client) hearAnswer(id uint64) message {
	c.t.Helper()
	for {
		if m := c.hear(); m.ID != nil && *m.ID == id {
			return m
		}
	}
}

func TestGetHeat(t *testing.T) {
	h := heatHouse(t, 250)
	h.fake.attempt(testEvent, false, 30, 101)
	h.fake.attempt(testEvent, true, 10, 7)
	a := h.want(h.call("GET", testHeat, ""), 200, "")
	var r engine.HeatReport
	if err := json.Unmarshal(a.body, &r); err != nil {
		t.Fatal(err)
	}
	if r.EventID != testEvent || r.HalfLifeSeconds != 30 || len(r.Sections) != 3 || r.Sections[1].Section != "S1" || r.Sections[1].Lost < 25 {
		t.Errorf("report %s", a.body)
	}
	if len(r.Seats) != 2 || r.Seats[0].SeatID != "s101" || r.Seats[0].Chance >= r.Seats[1].Chance {
		t.Errorf("seats %+v", r.Seats)
	}
	for name, want := range map[string]string{"Cache-Control": "public, max-age=1", "Content-Type": "application/json", "Vary": "Accept-Encoding"} {
		if got := a.header.Get(name); got != want {
			t.Errorf("%s: %q", name, got)
		}
	}
	for query, want := range map[string]int{"?seats=0": 0, "?seats=1": 1, "?seats=200": 2} {
		b := h.want(h.call("GET", testHeat+query, ""), 200, "")
		if got, ok := b.json["seats"].([]any); !ok || len(got) != want {
			t.Errorf("%s: %s", query, b.body)
		}
	}
	if h.fake.heat.reports != 1 {
		t.Errorf("%d reports were made within a second", h.fake.heat.reports)
	}
	for _, bad := range []string{"?seats=201", "?seats=-1", "?seats=x", "?seats=", "?seat=1", "?seats=1&seats=2"} {
		h.want(h.call("GET", testHeat+bad, ""), 400, "bad_request")
	}
	h.want(h.call("GET", "/v1/events/none/heat", ""), 404, "unknown_event")
	h.want(h.call("POST", testHeat, "{}"), 405, "method_not_allowed")
}

func TestHeatReportsAreBounded(t *testing.T) {
	var reports heatReports
	f := newFake()
	f.addEvent(testEvent, 10)
	for i := range 3 * maxHeatReports {
		if _, _, err := reports.get(t.Context(), f, fmt.Sprint("none", i)); err == nil {
			t.Fatal("a report of nothing")
		}
		if _, _, err := reports.get(t.Context(), f, testEvent); err != nil {
			t.Fatal(err)
		}
		if len(reports.by) > maxHeatReports {
			t.Fatalf("%d reports are kept", len(reports.by))
		}
	}
	if f.heat.reports > 8 {
		t.Errorf("%d reports of one event", f.heat.reports)
	}
}

// TestHeatFrames: all of it first, then what changes, in both subprotocols.
func TestHeatFrames(t *testing.T) {
	bothProtocols(t, func(t *testing.T, protocol string) {
		h := heatHouse(t, 250)
		h.fake.attempt(testEvent, false, 30, 101)
		c := h.dial(protocol)
		c.say(`{"id":1,"subscribe":{"event_id":%q,"heat":true}}`, testEvent)
		first := c.hearHeat("all of it", func(*heatMessage) bool { return true })
		classes, err := base64.StdEncoding.DecodeString(first.Classes)
		if err != nil || len(classes) != 125 || classes[50] != 3<<4 || string(first.Sections) != "[0,2,0]" || *first.Viewers != 0 || first.EventID != testEvent {
			t.Fatalf("first frame %+v, %s", first, first.Sections)
		}
		h.fake.attempt(testEvent, false, 1000, 101, 3)
		m := c.hearHeat("a change", func(m *heatMessage) bool { return m.Seats != nil })
		slices.SortFunc(m.Seats, func(a, b [2]int) int { return a[0] - b[0] })
		if fmt.Sprint(m.Seats) != "[[3 5] [101 5]]" || m.Classes != "" || string(m.Sections) != "[[0,4],[1,4]]" {
			t.Errorf("change %+v %s", m, m.Sections)
		}
		c.until(h.fake.set(testEvent, engine.SeatHeld, 9)) // seats go on as ever
		plain := h.dial(protocol)
		plain.subscribe(1)
		plain.apply(plain.hear())
		h.fake.attempt(testEvent, false, 5000, 200)
		c.hearHeat("another change", func(m *heatMessage) bool { return m.Seats != nil })
		plain.quiet() // did not ask
	})
}

// TestFocus: who looks is counted and told how that stands.
func TestFocus(t *testing.T) {
	h := heatHouse(t, 250)
	crowd := make([]*client, 3)
	for i := range crowd {
		crowd[i] = h.dial(protocolJSON)
		crowd[i].say(`{"id":1,"focus":{"event_id":%q,"seat_ids":["s5"]}}`, testEvent)
		if m := crowd[i].hear(); !m.OK || *m.ID != 1 {
			t.Fatalf("answer %+v", m)
		}
	}
	c := h.dial(protocolBin)
	c.say(`{"id":1,"subscribe":{"event_id":%q,"heat":true}}`, testEvent)
	first := c.hearHeat("all of it", func(*heatMessage) bool { return true })
	if *first.Viewers != 3 {
		t.Errorf("first frame %+v", first)
	}
	look := func(id uint64, at string, viewers int, chance float64) {
		t.Helper()
		c.say(`{"id":%d,"focus":{"event_id":%q%s}}`, id, testEvent, at)
		if m := c.hearAnswer(id); !m.OK {
			t.Fatalf("answer %+v", m)
		}
		m := c.hearHeat("its focus", func(m *heatMessage) bool { return m.Focus != nil })
		if *m.Focus != (engine.HeatLook{Viewers: viewers, Chance: chance}) {
			t.Errorf("%s: %+v", at, m.Focus)
		}
	}
	look(2, `,"seat_ids":["s5"]`, 4, 0.25)
	look(3, `,"seat_ids":["s6"]`, 1, 1)
	look(4, `,"section":"S0"`, 4, 1)
	look(5, `,"seat_ids":["s6","s5"]`, 4, 0.25)
	h.fake.set(testEvent, engine.SeatHeld, 6)
	c.hearHeat("its chance", func(m *heatMessage) bool { return m.Focus != nil && m.Focus.Chance == 0 })
	crowd[0].ws.Close()
	crowd[1].say(`{"id":2,"unsubscribe":{"event_id":%q}}`, testEvent)
	crowd[2].say(`{"id":2,"focus":{"event_id":%q}}`, testEvent)
	c.hearHeat("that the others left", func(m *heatMessage) bool { return m.Focus != nil && m.Focus.Viewers == 1 })
	c.say(`{"id":6,"focus":{"event_id":%q}}`, testEvent)
	c.hearHeat("that nobody looks", func(m *heatMessage) bool { return m.Viewers != nil && *m.Viewers == 0 })
}

// TestFocusBeforeSubscribing: who looked before, and subscribes anew, goes on looking.
func TestFocusBeforeSubscribing(t *testing.T) {
	h := heatHouse(t, 250)
	c := h.dial(protocolJSON)
	c.say(`{"id":1,"focus":{"event_id":%q,"section":"S1"}}`, testEvent)
	for id := range 2 {
		c.say(`{"id":%d,"subscribe":{"event_id":%q,"heat":true}}`, id+2, testEvent)
		m := c.hearHeat("its focus", func(m *heatMessage) bool { return m.Focus != nil })
		if m.Focus.Viewers != 1 {
			t.Errorf("focus %+v", m.Focus)
		}
	}
}

func TestRefusedFocus(t *testing.T) {
	h := heatHouse(t, 250, func(c *Config) { c.Limits.Subscriptions = 2 })
	c := h.dial(protocolJSON)
	many := `"s1"` + strings.Repeat(`,"s1"`, 64)
	for _, x := range []struct{ frame, code string }{
		{`{"id":5,"focus":{"event_id":"none"}}`, "unknown_event"},
		{`{"id":5,"focus":{"event_id":"none","seat_ids":["s1"]}}`, "unknown_event"},
		{`{"id":5,"focus":{"event_id":"` + testEvent + `","seat_ids":["x"]}}`, "unknown_seat"},
		{`{"id":5,"focus":{"event_id":"` + testEvent + `","section":"x"}}`, "unknown_section"},
		{`{"id":5,"focus":{}}`, "bad_request"},
		{`{"id":5,"focus":[]}`, "bad_request"},
		{`{"id":5,"focus":{"event_id":"` + testEvent + `","seat_ids":[]}}`, "bad_request"},
		{`{"id":5,"focus":{"event_id":"` + testEvent + `","seat_ids":"s1"}}`, "bad_request"},
		{`{"id":5,"focus":{"event_id":"` + testEvent + `","seat_ids":[` + many + `]}}`, "bad_request"},
		{`{"id":5,"focus":{"event_id":"` + testEvent + `","seat_ids":["s1"],"section":"S0"}}`, "bad_request"},
		{`{"id":5,"focus":{"event_id":"` + testEvent + `","section":""}}`, "bad_request"},
		{`{"id":5,"focus":{"event_id":"` + testEvent + `","heat":true}}`, "bad_request"},
		{`{"id":5,"focus":{"event_id":"a"},"subscribe":{"event_id":"a"}}`, "bad_request"},
		{`{"id":5,"subscribe":{"event_id":"a","heat":1}}`, "bad_request"},
		{`{"id":5,"subscribe":{"hold_id":"a","heat":true}}`, "bad_request"},
		{`{"id":5,"unsubscribe":{"event_id":"a","heat":true}}`, "bad_request"},
	} {
		c.say("%s", x.frame)
		if m := c.hear(); m.Error == nil || m.Error.Code != x.code || m.Error.Message == "" || *m.ID != 5 {
			t.Errorf("%s: %+v", x.frame, m)
		}
	}
	other := h.dial(protocolJSON)
	for i := range 3 {
		h.fake.addEvent(fmt.Sprint("e", i), 100)
		other.say(`{"id":%d,"focus":{"event_id":"e%d","section":"S0"}}`, i, i)
		if m := other.hear(); (m.Error != nil) != (i == 2) || (i == 2 && m.Error.Code != "too_many_subscriptions") {
			t.Errorf("focus %d: %+v", i, m)
		}
	}
}

// TestHeatGivesWay: a queue that is half full takes no heat, a full one gives it up before
// any seat frame, and who missed some is told everything.
func TestHeatGivesWay(t *testing.T) {
	m, _ := newMetrics(nil)
	l := newLive(newFake(), Limits{QueueBytes: 1000}, nil, m)
	c := newConn(t.Context(), l, nil, false)
	s := &sub{conn: c, heat: &heatFollow{}}
	heat := func(size int, fresh bool) bool {
		return c.sendHeat(s, frame{label: "heat", size: size, fresh: fresh})
	}
	seats := func(size int) { c.send(frame{label: "delta", size: size, sub: s, seats: true}) }
	labels := func() (out []string) {
		for _, f := range c.queue {
			out = append(out, f.label)
		}
		return out
	}
	if !heat(100, true) || !heat(400, false) || heat(1, false) {
		t.Fatalf("queue %v, %d bytes", labels(), c.bytes)
	}
	if heat(1, false) || s.heat.cold == false {
		t.Error("a change after one that was lost")
	}
	seats(400)
	seats(300) // does not fit beside the heat
	if got := fmt.Sprint(labels()); got != "[delta delta]" || c.bytes != 700 || s.stale {
		t.Fatalf("queue %s, %d bytes, stale %v", got, c.bytes, s.stale)
	}
	if heat(1, true) {
		t.Error("heat in a queue that is more than half full")
	}
	c.queue, c.bytes = nil, 0
	if heat(1, false) || !heat(900, true) || s.heat.cold {
		t.Error("everything, into an empty queue")
	}
}

func TestRealHeat(t *testing.T) {
	h := newRealHouse(t, 250)
	h.server.live.timing.heat = 50 * time.Millisecond
	h.want(h.call("POST", "/v1/reservations", reservation("s0")), 201, "")
	for range 4 {
		h.want(h.call("POST", "/v1/reservations", reservation("s0", "s1")), 409, "seats_unavailable")
	}
	c := h.dial(protocolBin)
	c.say(`{"id":1,"subscribe":{"event_id":%q,"heat":true}}`, testEvent)
	c.say(`{"id":2,"focus":{"event_id":%q,"seat_ids":["s1"]}}`, testEvent)
	m := c.hearHeat("its focus", func(m *heatMessage) bool { return m.Focus != nil })
	if m.Focus.Viewers != 1 || m.Focus.Chance <= 0 {
		t.Errorf("focus %+v", m.Focus)
	}
	for hot := false; !hot; {
		m := c.hearHeat("seat 0 is hot", func(m *heatMessage) bool { return m.Seats != nil })
		hot = slices.Contains(m.Seats, [2]int{0, 2})
	}
	a := h.want(h.call("GET", testHeat+"?seats=1", ""), 200, "")
	if got := fmt.Sprint(a.json["seats"]); !strings.Contains(got, "seat_id:s0") || !strings.Contains(got, "chance:0 ") {
		t.Errorf("report %s", a.body)
	}
	h.want(h.call("GET", "/v1/events/none:2030-01-01/heat", ""), 404, "unknown_event")
}
