package transport

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m)
}

// house is a server with the engine beneath it, on a port.
type house struct {
	*testing.T
	fake   *fake // nil over the real engine
	server *Server
	http   *httptest.Server
}

// newHouse serves a fake engine with one event of n seats.
func newHouse(t *testing.T, n int, change ...func(*Config)) *house {
	t.Helper()
	f := newFake()
	f.addEvent(testEvent, n)
	h := serveEngine(t, f, change...)
	h.fake = f
	return h
}

func serveEngine(t *testing.T, e Engine, change ...func(*Config)) *house {
	t.Helper()
	cfg := Config{Engine: e, Limits: Limits{Tick: 5 * time.Millisecond, VersionWait: 200 * time.Millisecond}}
	for _, c := range change {
		c(&cfg)
	}
	s, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	s.live.timing.farewell = 200 * time.Millisecond
	s.live.timing.line, s.live.timing.crowd = 5*time.Millisecond, 20*time.Millisecond
	h := &house{T: t, server: s, http: httptest.NewServer(s.Handler())}
	t.Cleanup(func() {
		s.Close()
		h.http.Close()
		http.DefaultTransport.(*http.Transport).CloseIdleConnections()
	})
	return h
}

// answer is an HTTP answer, its JSON taken apart.
type answer struct {
	status int
	header http.Header
	body   []byte
	json   map[string]any
}

func (a answer) code() string { s, _ := a.json["code"].(string); return s }

// call makes a request; headers are "Name: value".
func (h *house) call(method, path, body string, headers ...string) answer {
	h.Helper()
	var in io.Reader
	if body != "" {
		in = strings.NewReader(body)
	}
	req, err := http.NewRequest(method, h.http.URL+path, in)
	if err != nil {
		h.Fatal(err)
	}
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	for _, line := range headers {
		name, value, _ := strings.Cut(line, ": ")
		req.Header.Set(name, value)
	}
	res, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		h.Fatal(err)
	}
	defer res.Body.Close()
	a := answer{status: res.StatusCode, header: res.Header}
	if a.body, err = io.ReadAll(res.Body); err != nil {
		h.Fatal(err)
	}
	if strings.HasSuffix(res.Header.Get("Content-Type"), "json") && res.Header.Get("Content-Encoding") == "" && len(a.body) > 0 {
		d := json.NewDecoder(bytes.NewReader(a.body))
		d.UseNumber()
		if err := d.Decode(&a.json); err != nil {
			h.Fatalf("%s %s: %v in %.200s", method, path, err, a.body)
		}
	}
	if a.status >= 400 {
		h.checkProblem(method, path, a)
	}
	return a
}

// checkProblem holds every error that any test meets to RFC 9457 and API.md.
func (h *house) checkProblem(method, path string, a answer) {
	h.Helper()
	if got := a.header.Get("Content-Type"); got != "application/problem+json" {
		h.Errorf("%s %s: Content-Type %q of a %d", method, path, got, a.status)
	}
	for _, member := range []string{"type", "title", "status", "detail", "code", "retryable"} {
		if _, ok := a.json[member]; !ok {
			h.Errorf("%s %s: the problem has no %q: %s", method, path, member, a.body)
		}
	}
	_, outcome := a.json["outcome"]
	if write := method != "GET" && method != "HEAD"; outcome != write {
		h.Errorf("%s %s: outcome there: %v, a write: %v", method, path, outcome, write)
	}
}

// want checks a status and, for errors, a code.
func (h *house) want(a answer, status int, code string) answer {
	h.Helper()
	if a.status != status || a.code() != code {
		h.Errorf("got %d %q, want %d %q: %.300s", a.status, a.code(), status, code, a.body)
	}
	return a
}
