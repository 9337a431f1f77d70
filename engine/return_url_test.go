package engine_test

import (
	"strings"
	"testing"

	"github.com/usherhq/usher/engine"
)

func TestAllowsReturn(t *testing.T) {
	w := &engine.WaitingRoom{ReturnURLs: []string{"https://shop.example/buy", "https://Tickets.example:8443", "http://localhost:3000/"}}
	for raw, want := range map[string]bool{
		"https://shop.example/buy":                             true,
		"https://shop.example:443/buy/":                        true,
		"https://SHOP.example/buy/now?night=2":                 true,
		"https://tickets.example:8443/?x=%2F":                  true,
		"http://localhost:3000/a/b":                            true,
		"https://shop.example/buying":                          false,
		"https://shop.example/":                                false,
		"https://shop.example/buy/../steal":                    false,
		"https://shop.example/buy/%2e%2e/steal":                false,
		"https://shop.example/buy%2f..%2fsteal":                false,
		"https://shop.example:444/buy":                         false,
		"http://shop.example/buy":                              false,
		"https://shop.example.evil.com/buy":                    false,
		"https://shop.example@evil.com/buy":                    false,
		"https://evil.com\\@shop.example/buy":                  false,
		"https://evil.com/https://shop.example/":               false,
		"//shop.example/buy":                                   false,
		"/buy":                                                 false,
		"javascript:alert(1)":                                  false,
		"https://tickets.example/":                             false,
		"https://shop.example/buy\n":                           false,
		"https://shop.example/buy#usher_token":                 false,
		"":                                                     false,
		"https://shop.example/buy/" + strings.Repeat("a", 500): false,
	} {
		if got := w.AllowsReturn(raw); got != want {
			t.Errorf("%q: %v", raw, got)
		}
	}
	if (*engine.WaitingRoom)(nil).AllowsReturn("https://shop.example/buy") {
		t.Error("an event without a waiting room sends shoppers away")
	}
}

// TestWaitingRoomSpec: what is out of range is named.
func TestWaitingRoomSpec(t *testing.T) {
	e, _ := open(t, engine.Config{Groups: 1})
	room := func(change func(*engine.WaitingRoom)) engine.EventSpec {
		w := &engine.WaitingRoom{MaxActive: 10, NewPerMinute: 60}
		change(w)
		return engine.EventSpec{VenueID: "hall", EventDate: "2027-06-01", ChartID: "small", WaitingRoom: w}
	}
	many := make([]string, 17)
	for i := range many {
		many[i] = "https://shop.example/"
	}
	for _, c := range []struct {
		field  string
		change func(*engine.WaitingRoom)
	}{
		{"scope", func(w *engine.WaitingRoom) { w.Scope = "venue" }},
		{"scope", func(w *engine.WaitingRoom) { w.Scope = engine.ScopeSeries }},
		{"tiers.gold", func(w *engine.WaitingRoom) { w.Tiers = map[string]string{"gold": "0:1"} }},
		{"tiers.gold", func(w *engine.WaitingRoom) { w.Tiers = map[string]string{"gold": "1:1001"} }},
		{"tiers.gold", func(w *engine.WaitingRoom) { w.Tiers = map[string]string{"gold": "03:1"} }},
		{"tiers.gold", func(w *engine.WaitingRoom) { w.Tiers = map[string]string{"gold": "3"} }},
		{"max_active", func(w *engine.WaitingRoom) { w.MaxActive = 0 }},
		{"pace", func(w *engine.WaitingRoom) { w.Pace = "brisk" }},
		{"return_urls", func(w *engine.WaitingRoom) { w.ReturnURLs = many }},
		{"return_urls[0]", func(w *engine.WaitingRoom) { w.ReturnURLs = []string{"http://shop.example/"} }},
		{"return_urls[1]", func(w *engine.WaitingRoom) {
			w.ReturnURLs = []string{"https://shop.example/", "https://shop.example/?a=1"}
		}},
		{"return_urls[0]", func(w *engine.WaitingRoom) { w.ReturnURLs = []string{"https:shop.example"} }},
	} {
		_, err := e.CreateEvent(testContext(t), room(c.change))
		wantInvalid(t, c.field, err, "waiting_room."+c.field)
	}
}
