package transport

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/usherhq/usher/engine"
)

// newRealHouse serves a real engine with one event of n seats, whose gold ones have a
// price.
func newRealHouse(t *testing.T, n int) *house {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	e, err := engine.Open(ctx, engine.Config{Dir: t.TempDir(), Groups: 2})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	})
	h := serveEngine(t, View(e))
	h.want(h.call("PUT", "/v1/charts/hall", string(rowsChart(n).Encode())), 201, "")
	a := h.want(h.call("POST", "/v1/events", `{"venue_id":"hall","event_date":"2030-05-01","show_time":"20:00","chart_id":"hall",`+
		`"prices":{"gold":{"amount":5000,"currency":"EUR"}}}`), 201, "")
	if a.json["event_id"] != testEvent || a.json["starts_at"] != "2030-05-01T20:00:00Z" {
		t.Fatalf("event %s", a.body)
	}
	return h
}

func TestRealSale(t *testing.T) {
	h := newRealHouse(t, 20)
	live := h.dial(protocolBin)
	live.subscribe(1)
	live.apply(live.hear())

	hold := h.want(h.call("POST", "/v1/reservations", reservation("s0", "s2"), "Idempotency-Key: a"), 201, "")
	again := h.want(h.call("POST", "/v1/reservations", reservation("s0", "s2"), "Idempotency-Key: a"), 201, "")
	if again.json["hold_id"] != hold.json["hold_id"] || again.json["fencing_token"] != hold.json["fencing_token"] {
		t.Errorf("one key, two holds: %s and %s", hold.body, again.body)
	}
	h.want(h.call("POST", "/v1/reservations", reservation("s0"), "Idempotency-Key: a"), 422, "idempotency_mismatch")
	taken := h.want(h.call("POST", "/v1/reservations", reservation("s2")), 409, "seats_unavailable")
	if got := fmt.Sprint(taken.json["conflicts"]); got != "[map[seat_id:s2 status:held]]" {
		t.Errorf("conflicts %s", got)
	}
	if got, _ := taken.json["alternatives"].([]any); len(got) == 0 {
		t.Errorf("no alternatives: %s", taken.body)
	}
	live.until(2)

	body := fmt.Sprintf(`{"hold_id":%q,"fencing_token":%v,"payment":{"method":"sandbox"}}`, hold.json["hold_id"], hold.json["fencing_token"])
	booking := h.want(h.call("POST", "/v1/bookings", body), 201, "")
	if got := fmt.Sprint(booking.json["amount"]); got != "map[amount:10000 currency:EUR]" {
		t.Errorf("amount %s", got)
	}
	if a := h.want(h.call("GET", "/v1/reservations/"+hold.json["hold_id"].(string), ""), 200, ""); a.json["status"] != "booked" || a.json["expires_at"] != nil {
		t.Errorf("a booked hold does not expire: %s", a.body)
	}
	live.until(4)
	if live.status[0] != engine.SeatBooked || live.status[1] != engine.SeatAvailable || live.status[2] != engine.SeatBooked {
		t.Errorf("the live map %v", live.status[:4])
	}
	h.want(h.call("DELETE", "/v1/reservations/"+hold.json["hold_id"].(string), ""), 409, "already_booked")
	h.want(h.call("POST", testSeats, `{"action":"block","seat_ids":["s1","s0"]}`), 409, "seats_unavailable")
	h.want(h.call("DELETE", "/v1/bookings/"+booking.json["booking_id"].(string), ""), 200, "")
	event := h.want(h.call("GET", "/v1/events/"+testEvent, ""), 200, "")
	if got := fmt.Sprint(event.json["seats"]); got != "map[available:20 blocked:0 booked:0 held:0 total:20]" {
		t.Errorf("in the end: %s", got)
	}
}

func TestRealPaymentsThatGoWrong(t *testing.T) {
	h := newRealHouse(t, 20)
	pay := func(seat, payment string) answer {
		hold := h.want(h.call("POST", "/v1/reservations", reservation(seat)), 201, "")
		return h.call("POST", "/v1/bookings", fmt.Sprintf(`{"hold_id":%q,"payment":%s}`, hold.json["hold_id"], payment))
	}
	h.want(pay("s0", `{"method":"sandbox","outcome":"decline"}`), 402, "payment_declined")
	h.want(h.call("POST", "/v1/reservations", reservation("s0")), 201, "") // it was released
	h.want(pay("s2", `{"method":"sandbox","outcome":"twice","delay_ms":20}`), 201, "")
	for payment, field := range map[string]string{
		`{"method":"gold bars"}`:                     "payment.method",
		`{"method":"sandbox","card":"4242"}`:         "payment",
		`{"method":"sandbox","delay_ms":"soon"}`:     "payment",
		`{"method":"sandbox","outcome":"explosion"}`: "payment",
	} {
		hold := h.call("POST", "/v1/reservations", reservation("s4"))
		a := h.want(h.call("POST", "/v1/bookings", fmt.Sprintf(`{"hold_id":%q,"payment":%s}`, hold.json["hold_id"], payment)), 400, "bad_request")
		if !strings.HasPrefix(fmt.Sprint(a.json["field"]), field) {
			t.Errorf("%s: field %v", payment, a.json["field"])
		}
		h.want(h.call("DELETE", "/v1/reservations/"+hold.json["hold_id"].(string), ""), 204, "")
	}
}

func TestRealPaymentThatIsLate(t *testing.T) {
	if testing.Short() {
		t.Skip("waits for ten seconds")
	}
	t.Parallel()
	h := newRealHouse(t, 20)
	hold := h.want(h.call("POST", "/v1/reservations", reservation("s0")), 201, "").json["hold_id"].(string)
	live := h.dial(protocolJSON)
	live.say(`{"id":1,"subscribe":{"hold_id":%q}}`, hold)
	live.hear()
	a := h.want(h.call("POST", "/v1/bookings", fmt.Sprintf(`{"hold_id":%q,"payment":{"method":"sandbox","outcome":"late","delay_ms":11000}}`, hold)), 202, "")
	if a.header.Get("Location") != "/v1/reservations/"+hold || a.json["hold_id"] != hold {
		t.Errorf("202 with Location %q: %s", a.header.Get("Location"), a.body)
	}
	for status := engine.HoldStatus(""); status != engine.HoldBooked; {
		m := live.hear()
		if m.Hold == nil {
			t.Fatalf("heard %+v", m)
		}
		status = m.Hold.Status
	}
}

func TestRealRefusals(t *testing.T) {
	h := newRealHouse(t, 20)
	for _, c := range badCalls {
		a := h.call(c.method, c.path, c.body, "Content-Type: application/json")
		if a.status != 400 || a.code() != "bad_request" || a.json["field"] != c.field {
			t.Errorf("%s %s %s: got %d %s, want 400 and field %q", c.method, c.path, c.body, a.status, a.body, c.field)
		}
	}
	spec := func(change string) string {
		return `{"venue_id":"v","event_date":"2030-02-03","chart_id":"hall"` + change + `}`
	}
	for change, field := range map[string]string{
		`,"show_time":"25:00"`:                                 "show_time",
		`,"timezone":"Mars/Olympus"`:                           "timezone",
		`,"strategy":"lottery"`:                                "strategy",
		`,"series":"a b"`:                                      "series",
		`,"prices":{"gold":{"amount":1,"currency":"euro"}}`:    "prices",
		`,"prices":{"platinum":{"amount":1,"currency":"EUR"}}`: "prices",
		`,"name":"` + strings.Repeat("n", 1000) + `"`:          "name",
	} {
		a := h.want(h.call("POST", "/v1/events", spec(change)), 400, "bad_request")
		if !strings.HasPrefix(fmt.Sprint(a.json["field"]), field) {
			t.Errorf("%s: %s", change, a.body)
		}
	}
	h.want(h.call("POST", "/v1/events", strings.Replace(spec(""), "hall", "none", 1)), 404, "unknown_chart")
	h.want(h.call("POST", "/v1/events", spec(""), "Idempotency-Key: e"), 201, "")
	h.want(h.call("POST", "/v1/events", spec(""), "Idempotency-Key: e"), 201, "")
	h.want(h.call("POST", "/v1/events", spec(""), "Idempotency-Key: f"), 409, "event_exists")
	h.want(h.call("POST", "/v1/reservations", reservation("s0", "s0")), 400, "bad_request")
	h.want(h.call("POST", "/v1/reservations", reservation("s0", "zzz")), 404, "unknown_seat")
	hold := h.want(h.call("POST", "/v1/reservations", reservation("s0")), 201, "").json["hold_id"].(string)
	forged := hold[:len(hold)-1] + string('a'+(hold[len(hold)-1]-'a'+1)%26)
	for _, id := range []string{forged, "hold_", "x", hold + "0", strings.ToUpper(hold)} {
		h.want(h.call("GET", "/v1/reservations/"+id, ""), 404, "unknown_hold")
		h.want(h.call("DELETE", "/v1/reservations/"+id, ""), 404, "unknown_hold")
		h.want(h.call("POST", "/v1/bookings", fmt.Sprintf(`{"hold_id":%q,"payment":{"method":"sandbox"}}`, id)), 404, "unknown_hold")
	}
	h.want(h.call("GET", "/v1/events?from=2030-13-01", ""), 400, "bad_request")
	h.want(h.call("GET", "/v1/events?after=%2e%2e", ""), 400, "bad_request")
	if e := h.call("GET", "/v1/events/"+testEvent, ""); fmt.Sprint(e.json["version"]) != "1" {
		t.Errorf("refusals changed something: %s", e.body)
	}
}

func TestRealExpiry(t *testing.T) {
	h := newRealHouse(t, 20)
	body := strings.Replace(reservation("s0"), ":60", ":1", 1)
	first := h.want(h.call("POST", "/v1/reservations", body), 201, "").json
	path := "/v1/reservations/" + first["hold_id"].(string)
	live := h.dial(protocolJSON)
	live.say(`{"id":1,"subscribe":{"hold_id":%q}}`, first["hold_id"])
	live.hear()
	if m := live.hear(); m.Hold == nil || m.Hold.Status != engine.HoldExpired {
		t.Errorf("heard %+v", m)
	}
	extend := fmt.Sprintf(`{"fencing_token":%v,"ttl_seconds":60}`, first["fencing_token"])
	h.want(h.call("POST", path+"/extend", extend), 410, "hold_expired")
	h.want(h.call("POST", "/v1/bookings", fmt.Sprintf(`{"hold_id":%q,"payment":{"method":"sandbox"}}`, first["hold_id"])), 410, "hold_expired")
	h.want(h.call("POST", "/v1/reservations", reservation("s0")), 201, "")
	h.want(h.call("POST", path+"/extend", extend), 409, "stale_fencing_token")
	if a := h.want(h.call("GET", path, ""), 200, ""); a.json["status"] != "expired" {
		t.Errorf("the hold %s", a.body)
	}
}

// TestRealCrowd has many clients fight for few seats while others watch: each seat is
// granted once, and every map ends up the same.
func TestRealCrowd(t *testing.T) {
	h := newRealHouse(t, 100)
	watchers := []*client{h.dial(protocolJSON), h.dial(protocolBin), h.dial(protocolBin)}
	for _, c := range watchers {
		c.subscribe(1)
		c.apply(c.hear())
	}
	var granted sync.Map
	var crowd sync.WaitGroup
	for who := range 8 {
		crowd.Go(func() {
			for i := range 50 {
				seats := []string{fmt.Sprint("s", (i*7+who)%100), fmt.Sprint("s", (i*7+who+1)%100)}
				a := h.call("POST", "/v1/reservations", reservation(seats...))
				switch a.status {
				case 201:
					for _, s := range seats {
						if other, twice := granted.LoadOrStore(s, who); twice {
							t.Errorf("%s granted to %v and %v", s, other, who)
						}
					}
				case 409:
				default:
					t.Errorf("got %d %s", a.status, a.body)
				}
			}
		})
	}
	crowd.Wait()
	final := parseSeats(t, h.call("GET", testSeats, "").body)
	for _, c := range watchers {
		c.until(final.Version)
		for i, s := range final.Seats {
			_, want := granted.Load(s.SeatID)
			if held := c.status[i] == engine.SeatHeld; held != want || (s.Status == "held") != want {
				t.Errorf("seat %s: granted %v, in the map %v, live %v", s.SeatID, want, s.Status, c.status[i])
			}
		}
	}
}
