package transport

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/usherhq/usher/engine"
)

func get(t *testing.T, h http.Handler, path string) (int, string) {
	t.Helper()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest("GET", path, nil))
	return w.Code, w.Body.String()
}

func TestOperatorsSeeHowItStands(t *testing.T) {
	r := prometheus.NewRegistry()
	h := newHouse(t, 4, func(c *Config) { c.Registerer, c.Gatherer = r, r })
	ops := h.server.OpsHandler()
	if code, _ := get(t, ops, "/livez"); code != 200 {
		t.Errorf("livez %d", code)
	}
	if code, body := get(t, ops, "/readyz"); code != 200 || body != `{"status":"ready"}`+"\n" {
		t.Errorf("readyz %d %s", code, body)
	}
	if _, body := get(t, ops, "/readyz?verbose"); !strings.Contains(body, `"groups":[{"group":1`) {
		t.Errorf("readyz?verbose %s", body)
	}
	h.call("GET", testSeats, "")
	h.call("BREW", "/v1/events", "")
	h.call("GET", "/v1/reservations/hold_7", "")
	_, body := get(t, ops, "/metrics")
	for _, line := range []string{
		`usher_http_request_duration_seconds_count{code="2xx",method="GET",route="/v1/events/{event_id}/seats"} 1`,
		`usher_http_request_duration_seconds_count{code="4xx",method="other",route="/v1/events"} 1`,
		`usher_http_request_duration_seconds_count{code="4xx",method="GET",route="/v1/reservations/{hold_id}"} 1`,
		`usher_live_connections 0`,
	} {
		if !strings.Contains(body, line+"\n") {
			t.Errorf("no %s in\n%s", line, body)
		}
	}
	if strings.Contains(body, "hold_7") || strings.Contains(body, testEvent) {
		t.Error("a label has a value per hold or event")
	}
	if code, _ := get(t, ops, "/debug/pprof/goroutine?debug=1"); code != 200 {
		t.Errorf("pprof %d", code)
	}
	if code, _ := get(t, h.server.Handler(), "/metrics"); code != 404 {
		t.Errorf("metrics on the public listener: %d", code)
	}
	h.fake.fail, h.fake.err = engine.ErrStarting, errors.New("disk on fire")
	if code, _ := get(t, ops, "/readyz"); code != 503 {
		t.Errorf("readyz while starting: %d", code)
	}
	if code, _ := get(t, ops, "/livez"); code != 503 {
		t.Errorf("livez when the engine has ended: %d", code)
	}
	if _, err := New(Config{Engine: h.fake, Registerer: r}); err == nil {
		t.Error("the same metrics twice in a registry are no error")
	}
}

func TestConfigIsChecked(t *testing.T) {
	for name, c := range map[string]Config{
		"no engine":   {},
		"no origin":   {Engine: newFake(), AllowedOrigins: []string{"shop.example"}},
		"origin path": {Engine: newFake(), AllowedOrigins: []string{"https://shop.example/"}},
		"negative":    {Engine: newFake(), Limits: Limits{QueueBytes: -1}},
	} {
		if _, err := New(c); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

// TestServeEndsGently stops a server with a request under way and a websocket open.
func TestServeEndsGently(t *testing.T) {
	f := newFake()
	f.addEvent(testEvent, 8)
	entered, release := make(chan struct{}), make(chan struct{})
	f.onHold = func(engine.HoldRequest) { close(entered); <-release }
	s, err := New(Config{Engine: f})
	if err != nil {
		t.Fatal(err)
	}
	api, ops := listen(t), listen(t)
	ctx, stop := context.WithCancel(t.Context())
	served := make(chan error)
	go func() { served <- s.Serve(ctx, api, ops) }()

	ws, _, err := websocket.DefaultDialer.Dial("ws://"+api.Addr().String()+"/v1/live", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer ws.Close()
	answered := make(chan int)
	go func() {
		res, err := http.Post("http://"+api.Addr().String()+"/v1/reservations", "application/json", strings.NewReader(reservation("s1")))
		if err != nil {
			t.Error(err)
			answered <- 0
			return
		}
		_, _ = io.Copy(io.Discard, res.Body)
		res.Body.Close()
		answered <- res.StatusCode
	}()
	<-entered
	stop()
	var closed *websocket.CloseError
	if _, _, err := ws.ReadMessage(); !errors.As(err, &closed) || closed.Code != closeRestart {
		t.Errorf("the websocket ended with %v, want %d", err, closeRestart)
	}
	if code, body := get(t, s.OpsHandler(), "/readyz"); code != 503 || !strings.Contains(body, "stopping") {
		t.Errorf("readyz %d %s", code, body)
	}
	select {
	case err := <-served:
		t.Errorf("Serve returned %v before the request was answered", err)
	case <-time.After(50 * time.Millisecond):
	}
	close(release)
	if code := <-answered; code != 201 {
		t.Errorf("the request under way got %d", code)
	}
	if err := <-served; err != nil {
		t.Errorf("Serve: %v", err)
	}
	if _, err := net.Dial("tcp", api.Addr().String()); err == nil {
		t.Error("the listener is still open")
	}
	http.DefaultTransport.(*http.Transport).CloseIdleConnections()
}

func listen(t *testing.T) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func TestServeTellsOfAListenerThatFails(t *testing.T) {
	f := newFake()
	s, err := New(Config{Engine: f})
	if err != nil {
		t.Fatal(err)
	}
	broken := listen(t)
	broken.Close()
	if err := s.Serve(t.Context(), broken, listen(t)); err == nil {
		t.Error("no error")
	}
}

// TestHeadersAreBounded: who sends headers without end, or a byte now and then does not keep a connection.
func TestHeadersAreBounded(t *testing.T) {
	f := newFake()
	s, err := New(Config{Engine: f})
	if err != nil {
		t.Fatal(err)
	}
	l := listen(t)
	ctx, stop := context.WithCancel(t.Context())
	served := make(chan error)
	go func() { served <- s.Serve(ctx, l, nil) }()
	defer func() { stop(); <-served }()

	c, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_, _ = io.WriteString(c, "GET /v1/events HTTP/1.1\r\nHost: x\r\nX: "+strings.Repeat("a", 24<<10)+"\r\n\r\n")
	answer := make([]byte, 12)
	_, _ = io.ReadFull(c, answer)
	if string(answer) != "HTTP/1.1 431" {
		t.Errorf("24 KiB of headers: %q", answer)
	}
	slow, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer slow.Close()
	start := time.Now()
	_, _ = io.WriteString(slow, "GET /v1/events HTTP/1.1\r\n")
	_ = slow.SetReadDeadline(start.Add(10 * time.Second))
	_, _ = io.ReadAll(slow)
	if took := time.Since(start); took > 8*time.Second || took < 2*time.Second {
		t.Errorf("headers that do not end were waited for %v, want about %v", took, readHeaderTimeout)
	}
}
