package transport

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestLobbyLivesAndIsNotReady(t *testing.T) {
	api, ops := Lobby(func() string { return "waiting for 2 of 3" })
	for _, c := range []struct {
		h            http.Handler
		method, path string
		code         int
		has          string
	}{
		{ops, "GET", "/livez", 200, "ok"},
		{ops, "GET", "/readyz", 503, `{"status":"waiting for 2 of 3"}`},
		{ops, "GET", "/metrics", 503, "waiting for 2 of 3"},
		{api, "GET", "/v1/events", 503, `"code":"starting"`},
		{api, "POST", "/v1/reservations", 503, `"outcome":"not_applied"`},
	} {
		w := httptest.NewRecorder()
		c.h.ServeHTTP(w, httptest.NewRequest(c.method, c.path, nil))
		if body := w.Body.String(); w.Code != c.code || !strings.Contains(body, c.has) || c.method == "GET" && strings.Contains(body, "outcome") {
			t.Errorf("%s %s: %d %s", c.method, c.path, w.Code, body)
		}
	}
}
