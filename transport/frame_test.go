package transport

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/usherhq/usher/engine"
)

// TestFramesAreWhatTheContractSays pins the bytes, worked out by hand from API.md.
func TestFramesAreWhatTheContractSays(t *testing.T) {
	m := &engine.SeatMap{EventID: "e:2030-01-01", Epoch: strings.Repeat("ab", 16), Version: 300, Seats: 5, Packed: []byte{0b11100100, 0b01}}
	d := engine.Delta{From: 300, To: 303, Seats: []engine.SeatChange{{Seat: 0, Status: 1}, {Seat: 2, Status: 2}, {Seat: 40, Status: 3}}}
	standing := &engine.SeatMap{EventID: m.EventID, Epoch: m.Epoch, Version: 300, Seats: 5, Packed: m.Packed, Areas: []engine.AreaCount{{Free: 12}, {Free: 0}}}
	pit := engine.Delta{From: 300, To: 303, Areas: []engine.AreaFree{{Index: 0, Free: 11}, {Index: 7, Free: 0}}}
	text := []struct{ got, want string }{
		{string(appendJSONSnapshot(nil, 1, standing)), `{"id":1,"snapshot":{"event_id":"e:2030-01-01","epoch":"` + m.Epoch + `","version":300,"seats":"5AE=","areas":[[0,12],[1,0]]}}`},
		{string(appendJSONDelta(nil, m.EventID, pit)), `{"delta":{"event_id":"e:2030-01-01","from":300,"to":303,"seats":[],"areas":[[0,11],[7,0]]}}`},
		{string(areasBeside(m.EventID, &pit.From, pit.To, pit.Areas)), `{"areas":{"event_id":"e:2030-01-01","from":300,"to":303,"areas":[[0,11],[7,0]]}}`},
		{string(areasBeside(m.EventID, nil, 300, allAreas(standing))), `{"areas":{"event_id":"e:2030-01-01","to":300,"areas":[[0,12],[1,0]]}}`},
		{string(appendJSONSnapshot(nil, 1, m)), `{"id":1,"snapshot":{"event_id":"e:2030-01-01","epoch":"` + m.Epoch + `","version":300,"seats":"5AE="}}`},
		{string(appendJSONDelta(nil, m.EventID, d)), `{"delta":{"event_id":"e:2030-01-01","from":300,"to":303,"seats":[[0,1],[2,2],[40,3]]}}`},
		{hex.EncodeToString(appendBinSnapshot(nil, 1, m)), "01" + "01" + "ac02" + "05" + m.Epoch + "e401"},
		{hex.EncodeToString(appendBinDelta(nil, 200, d)), "02" + "c801" + "ac02" + "af02" + "03" + "01" + "06" + "9701"},
		{fmt.Sprintf("%+v", holdFrame(nil, engine.Hold{HoldID: "h", Status: "held"}).label), "hold"},
	}
	for i, c := range text {
		if c.got != c.want {
			t.Errorf("frame %d: got %s\nwant %s", i, c.got, c.want)
		}
	}
}

func TestBinaryFramesComeBack(t *testing.T) {
	for range 500 {
		d := engine.Delta{From: rand.Uint64N(1 << 53), To: rand.Uint64N(1 << 53), Seats: []engine.SeatChange{}}
		for seat := rand.Uint32N(100); seat < 100_000 && len(d.Seats) < 50; seat += 1 + rand.Uint32N(3000) {
			d.Seats = append(d.Seats, engine.SeatChange{Seat: seat, Status: engine.SeatStatus(rand.IntN(4))})
		}
		id := rand.Uint64N(1 << 20)
		f, err := ParseBinFrame(appendBinDelta(nil, id, d))
		if err != nil || f.ID != id || !reflect.DeepEqual(*f.Delta, d) {
			t.Fatalf("got %+v, %v; want %+v", f, err, d)
		}
	}
}

func FuzzBinFrame(f *testing.F) {
	f.Add([]byte{})
	f.Add(appendBinDelta(nil, 3, engine.Delta{From: 1, To: 2, Seats: []engine.SeatChange{{Seat: 5, Status: 2}, {Seat: 1 << 30, Status: 1}}}))
	f.Add(appendBinSnapshot(nil, 3, &engine.SeatMap{Epoch: strings.Repeat("0f", 16), Version: 9, Seats: 7, Packed: []byte{1, 2}}))
	f.Add([]byte{2, 0, 0, 0, 255, 255, 255, 255, 255, 255, 255, 255, 255, 1})
	f.Fuzz(func(t *testing.T, data []byte) {
		frame, err := ParseBinFrame(data)
		if err != nil {
			return
		}
		var again []byte
		if frame.Delta != nil {
			again = appendBinDelta(nil, frame.ID, *frame.Delta)
		} else {
			again = appendBinSnapshot(nil, frame.ID, &engine.SeatMap{
				Epoch: hex.EncodeToString(frame.Epoch[:]), Version: frame.Version, Seats: frame.Seats, Packed: frame.Packed})
		}
		if !bytes.Equal(again, data) {
			t.Fatalf("one frame, two encodings: %x and %x", data, again)
		}
	})
}

// FuzzRequest: a client's frame is a request or an error that names a field, and never a
// panic.
func FuzzRequest(f *testing.F) {
	f.Add([]byte(`{"id":1,"subscribe":{"event_id":"wembley:2024-08-16:19:30","since":{"epoch":"ab","version":48100}}}`))
	f.Add([]byte(`{"id":3,"subscribe":{"hold_id":"h"}}`))
	f.Add([]byte(`{"id":4,"unsubscribe":{"ticket":"t"}}`))
	f.Add([]byte(`{"id":5,"focus":{"event_id":"e","seat_ids":["127-12-14"]}}`))
	f.Add([]byte(`{"id":6,"subscribe":{"event_id":"e","heat":true}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		req, id, err := parseRequest(data)
		if err != nil {
			if p := problemOf(err); p.code != "bad_request" || p.extra["field"] == nil {
				t.Fatalf("refused with %v", err)
			}
			errorFrame(id, err)
			return
		}
		if id == nil || *id != req.id || (req.eventID == "") == (req.holdID == "" && req.ticket == "") {
			t.Fatalf("accepted %+v", req)
		}
	})
}

// benchHub is a hub of an event of n seats that nobody runs.
func benchHub(b *testing.B, n int) (*hub, *fake) {
	b.Helper()
	f := newFake()
	f.addEvent(testEvent, n)
	m, _ := newMetrics(nil)
	l := newLive(f, DefaultLimits(), nil, m)
	b.Cleanup(l.close)
	cursor, _ := f.SeatVersion(b.Context(), testEvent)
	w, _ := f.Watch(b.Context(), testEvent, cursor)
	h := newHub(l, testEvent, cursor, w)
	b.Cleanup(h.stop)
	return h, f
}

// BenchmarkBroadcast is one tick's delta of ten seats to 1,000 clients, half of them in
// each subprotocol, up to their queues.
func BenchmarkBroadcast(b *testing.B) {
	h, f := benchHub(b, 1000)
	conns := make([]*conn, 1000)
	for i := range conns {
		conns[i] = newConn(b.Context(), h.live, nil, i%2 == 0)
		h.admit(&sub{conn: conns[i], id: 1, hub: h})
	}
	status := engine.SeatHeld
	b.ReportAllocs()
	for b.Loop() {
		b.StopTimer()
		for _, c := range conns {
			c.queue, c.bytes = nil, 0
		}
		f.set(testEvent, status, 1, 2, 3, 5, 8, 13, 21, 34, 55, 89)
		status = 3 - status
		b.StartTimer()
		start := time.Now()
		if err := h.tick(); err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(time.Since(start).Nanoseconds())/1000, "ns/client")
	}
}
