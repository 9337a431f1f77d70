package proptest

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/usherhq/usher/engine"
)

// TestMirror has watchers of both subprotocols read nothing but their websockets from
// the first snapshot on, through 10,000 seat changes, with the connection cut in the
// middle and resumed with `since`: they recover by deltas, not by another snapshot, and
// end with exactly the map that GET …/seats gives.
func TestMirror(t *testing.T) {
	const changes = 10_000
	s := openStadium(t, engine.Config{})
	stop := make(chan struct{})
	var wg sync.WaitGroup
	mirrors := []*mirror{{s: s, protocol: "usher.v1.json"}, {s: s, protocol: "usher.v1.bin"}}
	for _, m := range mirrors {
		m.dial()
		wg.Go(func() { m.follow(stop) })
	}
	half := s.churn(changes / 2)
	for _, m := range mirrors {
		m.cut()
	}
	if last := s.churn(changes / 2); last < changes || last <= half {
		t.Fatalf("the event is at version %d", last)
	}
	final := s.seats()
	for _, m := range mirrors {
		m.await(final.Version)
	}
	close(stop)
	for _, m := range mirrors {
		m.cut()
	}
	wg.Wait()
	for _, m := range mirrors {
		m.compare(final)
	}
}

// churn changes so many seats and returns the event's version after it.
func (s *stadium) churn(n int) (version uint64) {
	s.t.Helper()
	rng := rand.New(rand.NewPCG(1, uint64(n)))
	seats := s.seats().Seats
	for done := 0; done < n; {
		at := rng.IntN(len(seats) - 8)
		var wanted []string
		for i := range 1 + rng.IntN(8) {
			wanted = append(wanted, seats[at+i].SeatID)
		}
		status, data, err := s.call("POST", "/v1/reservations", "application/json", reservationBody(s.event, "churn", wanted...))
		var h struct {
			HoldID       string `json:"hold_id"`
			FencingToken uint64 `json:"fencing_token"`
			Version      uint64 `json:"version"`
		}
		if err != nil || status != 201 && status != 409 {
			s.t.Fatalf("%d %v %s", status, err, data)
		}
		if status == 409 {
			continue
		}
		if err := json.Unmarshal(data, &h); err != nil {
			s.t.Fatal(err)
		}
		version = h.Version
		done += len(wanted)
		if rng.IntN(2) == 0 {
			if status, data, err = s.call("DELETE", fmt.Sprintf("/v1/reservations/%s?fencing_token=%d", h.HoldID, h.FencingToken), "", nil); err != nil || status != 204 {
				s.t.Fatalf("%d %v %s", status, err, data)
			}
			version += uint64(len(wanted))
			done += len(wanted)
		}
	}
	return version
}

// mirror is a client that knows only what its websocket said.
type mirror struct {
	s        *stadium
	protocol string

	mu        sync.Mutex
	ws        *websocket.Conn
	epoch     string
	version   uint64
	status    []byte
	snapshots int
	recovered int
}

func (m *mirror) dial() {
	d := websocket.Dialer{Subprotocols: []string{m.protocol}, HandshakeTimeout: 10 * time.Second}
	ws, res, err := d.Dial("ws"+m.s.url[len("http"):]+"/v1/live", http.Header{})
	if err != nil {
		m.s.t.Errorf("%s: %v", m.protocol, err)
		return
	}
	res.Body.Close()
	m.mu.Lock()
	defer m.mu.Unlock()
	m.ws = ws
	sub := map[string]any{"event_id": m.s.event}
	if m.epoch != "" {
		sub["since"] = map[string]any{"epoch": m.epoch, "version": m.version}
	}
	if err := ws.WriteJSON(map[string]any{"id": 7, "subscribe": sub}); err != nil {
		m.s.t.Errorf("%s: %v", m.protocol, err)
	}
}

// cut breaks the connection under the client.
func (m *mirror) cut() {
	m.mu.Lock()
	defer m.mu.Unlock()
	_ = m.ws.UnderlyingConn().Close()
}

func (m *mirror) follow(stop chan struct{}) {
	for {
		kind, data, err := m.ws.ReadMessage()
		if err == nil {
			m.take(kind, data)
			continue
		}
		select {
		case <-stop:
			return
		default:
			time.Sleep(300 * time.Millisecond) // changes go on meanwhile
			m.dial()
		}
	}
}

func (m *mirror) take(kind int, data []byte) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if kind == websocket.BinaryMessage {
		m.takeBinary(data)
		return
	}
	var f struct {
		Snapshot, Recovered, Delta *struct {
			Epoch    string
			Version  uint64
			From, To uint64
			Seats    json.RawMessage
		}
		Error json.RawMessage
	}
	if err := json.Unmarshal(data, &f); err != nil || f.Error != nil {
		m.s.t.Errorf("%s: %v in %.200s", m.protocol, err, data)
		return
	}
	switch {
	case f.Snapshot != nil:
		var packed []byte
		if err := json.Unmarshal(f.Snapshot.Seats, &packed); err != nil { // base64
			m.s.t.Errorf("%v: %s", err, base64.StdEncoding.EncodeToString(data[:40]))
		}
		m.load(f.Snapshot.Epoch, f.Snapshot.Version, packed)
	case f.Recovered != nil:
		m.recovered++
	case f.Delta != nil:
		var seats [][2]int
		if err := json.Unmarshal(f.Delta.Seats, &seats); err != nil {
			m.s.t.Error(err)
		}
		m.apply(f.Delta.From, f.Delta.To, seats)
	}
}

// takeBinary reads a frame of usher.v1.bin as API.md has it.
func (m *mirror) takeBinary(data []byte) {
	num := func() uint64 {
		v, n := binary.Uvarint(data)
		data = data[max(n, 0):]
		return v
	}
	kind := data[0]
	data = data[1:]
	if id := num(); id != 7 {
		m.s.t.Errorf("a binary frame for subscription %d", id)
	}
	if kind == 1 {
		version, n := num(), num()
		epoch := hex.EncodeToString(data[:16])
		if data = data[16:]; uint64(len(data)) != (n+3)/4 {
			m.s.t.Errorf("a map of %d bytes for %d seats", len(data), n)
		}
		m.load(epoch, version, data)
		return
	}
	from, to, count := num(), num(), num()
	seats := make([][2]int, 0, count)
	last := -1
	for range count {
		v := num()
		last += int(v>>2) + 1
		seats = append(seats, [2]int{last, int(v & 3)})
	}
	if len(data) != 0 {
		m.s.t.Errorf("%d bytes behind a delta", len(data))
	}
	m.apply(from, to, seats)
}

func (m *mirror) load(epoch string, version uint64, packed []byte) {
	m.snapshots++
	m.epoch, m.version = epoch, version
	m.status = make([]byte, 4*len(packed))
	for i := range m.status {
		m.status[i] = packed[i/4] >> (2 * (i % 4)) & 3
	}
}

func (m *mirror) apply(from, to uint64, seats [][2]int) {
	if from != m.version || to <= from {
		m.s.t.Errorf("%s: a delta from %d to %d, I am at %d", m.protocol, from, to, m.version)
	}
	m.version = to
	for _, s := range seats {
		m.status[s[0]] = byte(s[1])
	}
}

func (m *mirror) await(version uint64) {
	for deadline := time.Now().Add(15 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		m.mu.Lock()
		at := m.version
		m.mu.Unlock()
		if at >= version {
			return
		}
		if time.Now().After(deadline) {
			m.s.t.Fatalf("%s: at version %d, %d is awaited", m.protocol, at, version)
		}
	}
}

func (m *mirror) compare(final seatList) {
	names := []string{"available", "held", "booked", "blocked"}
	if m.snapshots != 1 || m.recovered != 1 {
		m.s.t.Errorf("%s: %d snapshots and %d recoveries, want one of each", m.protocol, m.snapshots, m.recovered)
	}
	if m.epoch != final.Epoch || m.version != final.Version {
		m.s.t.Errorf("%s: at %s %d, the map is at %s %d", m.protocol, m.epoch, m.version, final.Epoch, final.Version)
	}
	for i, seat := range final.Seats {
		if names[m.status[i]] != seat.Status {
			m.s.t.Errorf("%s: seat %s is %s here, %s in the map", m.protocol, seat.SeatID, names[m.status[i]], seat.Status)
		}
	}
}
