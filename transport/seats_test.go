package transport

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/usherhq/usher/engine"
	"github.com/usherhq/usher/engine/chart"
)

// seatsBody is the JSON of GET seats.
type seatsBody struct {
	EventID string `json:"event_id"`
	Epoch   string `json:"epoch"`
	Version uint64 `json:"version"`
	Seats   []struct {
		SeatID   string `json:"seat_id"`
		Section  string `json:"section"`
		Row      string `json:"row"`
		Number   string `json:"number"`
		Category string `json:"category"`
		Status   string `json:"status"`
	} `json:"seats"`
}

func parseSeats(t *testing.T, data []byte) seatsBody {
	t.Helper()
	var b seatsBody
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(&b); err != nil {
		t.Fatalf("%v in %.200s", err, data)
	}
	return b
}

func TestSeatsInJSON(t *testing.T) {
	h := newHouse(t, 250)
	h.fake.set(testEvent, engine.SeatHeld, 0, 101)
	h.fake.set(testEvent, engine.SeatBooked, 249)
	a := h.want(h.call("GET", testSeats, ""), 200, "")
	b := parseSeats(t, a.body)
	if b.EventID != testEvent || b.Version != 3 || len(b.Epoch) != 32 || len(b.Seats) != 250 {
		t.Fatalf("got %+v", b)
	}
	for i, s := range b.Seats {
		status := map[int]string{0: "held", 101: "held", 249: "booked"}[i]
		if status == "" {
			status = "available"
		}
		want := fmt.Sprintf("{s%d S%d %d %d %s %s}", i, i/100, i/10%10, i%10, []string{"gold", "grey"}[i%2], status)
		if got := fmt.Sprint(s); got != want {
			t.Errorf("seat %d: got %s, want %s", i, got, want)
		}
	}
	for name, want := range map[string]string{
		"Cache-Control": "public, max-age=1, stale-while-revalidate=5",
		"Vary":          "Accept, Accept-Encoding",
		"Usher-Version": "3",
	} {
		if got := a.header.Get(name); got != want {
			t.Errorf("%s: %q", name, got)
		}
	}
	section := parseSeats(t, h.call("GET", testSeats+"?section=S1", "").body)
	if len(section.Seats) != 100 || section.Seats[1].SeatID != "s101" || section.Seats[1].Status != "held" {
		t.Errorf("section: %d seats, %+v", len(section.Seats), section.Seats[1])
	}
	h.want(h.call("GET", testSeats+"?section=S9", ""), 404, "unknown_section")
	h.want(h.call("GET", "/v1/events/none/seats", ""), 404, "unknown_event")
}

func TestSeatsPacked(t *testing.T) {
	h := newHouse(t, 10)
	h.fake.set(testEvent, engine.SeatBlocked, 1, 9)
	a := h.want(h.call("GET", testSeats, "", "Accept: application/vnd.usher.seats"), 200, "")
	if want := []byte{3 << 2, 0, 3 << 2}; !bytes.Equal(a.body, want) {
		t.Errorf("map %v, want %v", a.body, want)
	}
	if a.header.Get("Content-Type") != packedType || a.header.Get("Usher-Version") != "2" || len(a.header.Get("Usher-Epoch")) != 32 {
		t.Errorf("headers %v", a.header)
	}
	h.want(h.call("GET", testSeats+"?section=S0", "", "Accept: application/vnd.usher.seats"), 400, "bad_request")
	h.want(h.call("GET", testSeats, "", "Accept: image/png"), 406, "not_acceptable")
}

func TestSeatsTagsTellRepresentationsAndVersionsApart(t *testing.T) {
	h := newHouse(t, 250)
	seen := map[string]string{}
	for range 2 {
		for _, form := range []string{"", "?section=S0", "?section=S1", "packed"} {
			path, accept := testSeats+form, "Accept: */*"
			if form == "packed" {
				path, accept = testSeats, "Accept: "+packedType
			}
			tag := h.call("GET", path, "", accept).header.Get("ETag")
			if other, twice := seen[tag]; twice {
				t.Errorf("%q and %q share %s", form, other, tag)
			}
			seen[tag] = form
			if a := h.call("GET", path, "", accept, "If-None-Match: "+tag); a.status != 304 || len(a.body) > 0 {
				t.Errorf("%s: %d for its own tag", form, a.status)
			}
		}
		h.fake.set(testEvent, engine.SeatHeld, 5)
	}
	for tag := range seen {
		if a := h.call("GET", testSeats, "", "If-None-Match: "+tag); a.status != 200 && seen[tag] != "" {
			t.Errorf("%s of %q passes for all seats", tag, seen[tag])
		}
	}
}

func TestSeatsCompressed(t *testing.T) {
	h := newHouse(t, 500)
	plain := h.call("GET", testSeats, "", "Accept-Encoding: identity")
	zipped := h.call("GET", testSeats, "", "Accept-Encoding: br, gzip;q=0.5")
	if plain.header.Get("Content-Encoding") != "" || zipped.header.Get("Content-Encoding") != "gzip" {
		t.Fatalf("codings %q, %q", plain.header.Get("Content-Encoding"), zipped.header.Get("Content-Encoding"))
	}
	r, err := gzip.NewReader(bytes.NewReader(zipped.body))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(r); err != nil || !bytes.Equal(got, plain.body) {
		t.Errorf("%d bytes from gzip, %v; want %d", len(got), err, len(plain.body))
	}
}

func TestMinVersionWaits(t *testing.T) {
	h := newHouse(t, 10)
	h.want(h.call("GET", testSeats+"?min_version=1", ""), 503, "version_not_reached")
	go func() {
		time.Sleep(20 * time.Millisecond)
		h.fake.set(testEvent, engine.SeatHeld, 1)
	}()
	if b := parseSeats(t, h.want(h.call("GET", testSeats+"?min_version=1", ""), 200, "").body); b.Version != 1 {
		t.Errorf("version %d", b.Version)
	}
}

func TestBlockAndUnblock(t *testing.T) {
	h := newHouse(t, 10)
	a := h.want(h.call("POST", testSeats, `{"action":"block","seat_ids":["s1","s2"],"reason":"wet paint"}`), 200, "")
	if got := string(a.body); got != `{"event_id":"`+testEvent+`","changed":2,"version":2}`+"\n" {
		t.Errorf("got %s", got)
	}
	h.fake.set(testEvent, engine.SeatBooked, 3)
	a = h.want(h.call("POST", testSeats, `{"action":"block","seat_ids":["s4","s3"]}`), 409, "seats_unavailable")
	if got := fmt.Sprint(a.json["conflicts"]); got != "[map[seat_id:s3 status:booked]]" {
		t.Errorf("conflicts %s", got)
	}
	h.want(h.call("POST", testSeats, `{"action":"unblock","seat_ids":["s1","s2"]}`), 200, "")
}

func TestTheCacheIsBoundedAndRendersOnce(t *testing.T) {
	c := newCache(1000)
	var rendered sync.Map
	var all sync.WaitGroup
	for i := range 200 {
		name := fmt.Sprint("n", i%20)
		all.Go(func() {
			e, err := c.get(t.Context(), name, "v", func() []byte {
				rendered.Store(name, true)
				return bytes.Repeat([]byte{'x'}, 100)
			})
			if err != nil || len(e.plain) != 100 {
				t.Errorf("got %v, %v", e, err)
			}
			e.gzipped()
		})
	}
	all.Wait()
	sum := 0
	for _, e := range c.entries {
		sum += e.size
	}
	if c.used > c.max || sum != c.used || c.recent.Len() != len(c.entries) || len(c.entries) == 0 {
		t.Errorf("%d used of %d, entries %d in all, %d and %d", c.used, c.max, sum, len(c.entries), c.recent.Len())
	}
	renders := 0
	same := func() []byte { renders++; return []byte("body") }
	for _, tag := range []string{"a", "a", "b", "b"} {
		if _, err := c.get(t.Context(), "same", tag, same); err != nil {
			t.Error(err)
		}
	}
	if renders != 2 {
		t.Errorf("%d renderings of two versions", renders)
	}
}

func TestNegotiation(t *testing.T) {
	cases := []struct{ accept, want string }{
		{"", jsonType},
		{"*/*", jsonType},
		{"application/*", jsonType},
		{"text/html, application/xhtml+xml, */*;q=0.8", jsonType},
		{packedType, packedType},
		{"APPLICATION/vnd.Usher.Seats ; q=1", packedType},
		{packedType + ", */*", packedType},
		{"*/*, " + packedType + ";q=0.5", jsonType},
		{packedType + ", application/json;q=0.9", packedType},
		{"application/json;q=0.2, " + packedType + ";q=0.3", packedType},
		{packedType + ", application/json", packedType},
		{"application/json, " + packedType, jsonType},
		{packedType + ";q=0, */*;q=0.1", jsonType},
		{"application/json;q=0, */*", packedType},
		{"image/png", ""},
		{packedType + ";q=0", ""},
		{"application/json;q=nonsense, " + packedType, packedType},
		{"application/json;q=NaN, " + packedType + ";q=0.1", packedType},
		{",;, ;q=1", jsonType},
	}
	for _, c := range cases {
		got, ok := negotiate([]string{c.accept}, jsonType, packedType)
		if got != c.want || ok != (c.want != "") {
			t.Errorf("%q: got %q, want %q", c.accept, got, c.want)
		}
	}
	for header, want := range map[string]bool{"": false, "gzip": true, "br, GZIP": true, "gzip;q=0": false, "*": true, "*, gzip;q=0": false, "identity": false, "gzip;q=0.001": true} {
		if got := acceptsGzip([]string{header}); got != want {
			t.Errorf("Accept-Encoding %q: %v", header, got)
		}
	}
}

func FuzzAccept(f *testing.F) {
	for _, s := range []string{"", "*/*;q=0.1,a/b", packedType + ";q=0.5;x=y, application/json", ";;;,,,q=", "a;q=1e-400"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, header string) {
		got, ok := negotiate([]string{header}, jsonType, packedType)
		if ok != (got == jsonType || got == packedType) {
			t.Fatalf("%q, %v", got, ok)
		}
		// A range that refuses everything by name leaves nothing, whatever stands before it.
		if got, ok := negotiate([]string{jsonType + ";q=0," + packedType + ";q=0", header}, jsonType, packedType); ok {
			t.Fatalf("%q although both are refused", got)
		}
		acceptsGzip([]string{header})
	})
}

func BenchmarkRenderSeats(b *testing.B) {
	const n = 90_000
	x := chart.NewIndex(rowsChart(n))
	m := &engine.SeatMap{EventID: testEvent, Epoch: strings.Repeat("0a", 16), Version: 7, Seats: n, Packed: make([]byte, n/4), Chart: x}
	text := newSeatText(x)
	b.Run("chart", func(b *testing.B) {
		for b.Loop() {
			newSeatText(x)
		}
	})
	b.Run("version", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			b.SetBytes(int64(len(text.render(m, 0, n, true))))
		}
	})
	b.Run("gzip", func(b *testing.B) {
		e := &entry{cache: newCache(1 << 30), plain: text.render(m, 0, n, true)}
		for b.Loop() {
			b.ReportMetric(float64(len(e.compress())), "bytes")
		}
	})
}
