package transport

import (
	"strings"
	"testing"
)

func TestPagesOfListedOriginsMayCall(t *testing.T) {
	h := newHouse(t, 10, func(c *Config) { c.AllowedOrigins = []string{"https://shop.example"} })
	a := h.call("OPTIONS", "/v1/reservations", "", "Origin: https://shop.example", "Access-Control-Request-Method: POST",
		"Access-Control-Request-Headers: content-type, idempotency-key")
	if a.status != 204 || a.header.Get("Access-Control-Allow-Origin") != "https://shop.example" ||
		!strings.Contains(a.header.Get("Access-Control-Allow-Headers"), "Idempotency-Key") {
		t.Errorf("preflight: %d %v", a.status, a.header)
	}
	a = h.call("GET", testSeats, "", "Origin: https://shop.example")
	if a.status != 200 || a.header.Get("Access-Control-Allow-Origin") != "https://shop.example" {
		t.Errorf("call: %d %v", a.status, a.header)
	}
	if vary := strings.Join(a.header.Values("Vary"), ", "); vary != "Origin, Accept, Accept-Encoding" {
		t.Errorf("Vary: %s", vary)
	}
	for _, origin := range []string{"https://evil.example", "https://shop.example.evil", "null", ""} {
		a = h.call("OPTIONS", "/v1/reservations", "", "Origin: "+origin, "Access-Control-Request-Method: POST")
		if a.status != 405 || a.header.Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("%q: %d %v", origin, a.status, a.header)
		}
	}
}

func TestWithoutAListNobodyElseMayCall(t *testing.T) {
	h := newHouse(t, 10)
	a := h.call("GET", testSeats, "", "Origin: https://shop.example")
	if a.header.Get("Access-Control-Allow-Origin") != "" || a.header.Get("Vary") != "Accept, Accept-Encoding" {
		t.Errorf("%v", a.header)
	}
}
