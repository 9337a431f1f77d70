package proptest

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/usherhq/usher/engine"
	"github.com/usherhq/usher/transport"
	"github.com/usherhq/usher/transport/charts/sample"
)

// stadium is the real stadium on sale at a real server: engine, HTTP and websockets of
// this process, spoken to over loopback only.
type stadium struct {
	t      *testing.T
	url    string // http://127.0.0.1:port
	engine *engine.Engine
	event  string
	client *http.Client
}

func openStadium(t *testing.T, cfg engine.Config) *stadium {
	t.Helper()
	cfg.Dir = t.TempDir()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	e, err := engine.Open(ctx, cfg)
	if err != nil {
		t.Fatal(err)
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	srv, err := transport.New(transport.Config{Engine: transport.View(e)})
	if err != nil {
		t.Fatal(err)
	}
	serving, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- srv.Serve(serving, ln, nil) }()
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Errorf("serve: %v", err)
		}
		if err := e.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	s := &stadium{t: t, url: "http://" + ln.Addr().String(), engine: e, client: &http.Client{
		Transport: &http.Transport{MaxIdleConnsPerHost: 256}, Timeout: 30 * time.Second,
	}}
	t.Cleanup(s.client.CloseIdleConnections)
	s.must("PUT", "/v1/charts/metalist", "text/csv", sample.Metalist, 201)
	a := s.must("POST", "/v1/events", "application/json", []byte(`{"venue_id":"metalist","event_date":"2027-05-01","show_time":"19:30","chart_id":"metalist"}`), 201)
	s.event = a["event_id"].(string)
	return s
}

// call is safe for many goroutines.
func (s *stadium) call(method, path, contentType string, body []byte) (int, []byte, error) {
	req, err := http.NewRequest(method, s.url+path, bytes.NewReader(body))
	if err != nil {
		return 0, nil, err
	}
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	res, err := s.client.Do(req)
	if err != nil {
		return 0, nil, err
	}
	defer res.Body.Close()
	data, err := io.ReadAll(res.Body)
	return res.StatusCode, data, err
}

func (s *stadium) must(method, path, contentType string, body []byte, status int) map[string]any {
	s.t.Helper()
	got, data, err := s.call(method, path, contentType, body)
	if err != nil || got != status {
		s.t.Fatalf("%s %s: %d %v, want %d: %.300s", method, path, got, err, status, data)
	}
	var out map[string]any
	if err := json.Unmarshal(data, &out); err != nil {
		s.t.Fatalf("%s %s: %v in %.300s", method, path, err, data)
	}
	return out
}

// seatRow is a seat of GET …/seats.
type seatRow struct {
	SeatID string `json:"seat_id"`
	Status string `json:"status"`
}

type seatList struct {
	Epoch   string    `json:"epoch"`
	Version uint64    `json:"version"`
	Seats   []seatRow `json:"seats"`
}

func (s *stadium) seats() seatList {
	s.t.Helper()
	status, data, err := s.call("GET", "/v1/events/"+s.event+"/seats", "", nil)
	var out seatList
	if err == nil {
		err = json.Unmarshal(data, &out)
	}
	if err != nil || status != 200 {
		s.t.Fatalf("seats: %d %v", status, err)
	}
	return out
}

func reservationBody(event, holder string, seats ...string) []byte {
	b, err := json.Marshal(map[string]any{"event_id": event, "seat_ids": seats, "holder_id": holder})
	if err != nil {
		panic(fmt.Sprint("strings: ", err))
	}
	return b
}
