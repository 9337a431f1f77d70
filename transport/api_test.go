package transport

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/usherhq/usher/engine"
	"github.com/usherhq/usher/engine/payment"
	"github.com/usherhq/usher/raftfsm"
)

const testSeats = "/v1/events/" + testEvent + "/seats"

func reservation(seats ...string) string {
	ids, _ := json.Marshal(seats)
	return fmt.Sprintf(`{"event_id":%q,"seat_ids":%s,"holder_id":"ann","ttl_seconds":60}`, testEvent, ids)
}

func keys(m map[string]any) []string {
	var list []string
	for k := range m {
		list = append(list, k)
	}
	slices.Sort(list)
	return list
}

func TestTheWayOfAReservation(t *testing.T) {
	h := newHouse(t, 20)
	var seen engine.HoldRequest
	h.fake.onHold = func(r engine.HoldRequest) { seen = r }
	a := h.want(h.call("POST", "/v1/reservations", reservation("s1", "s2"), "Idempotency-Key: k 1"), 201, "")
	want := []string{"event_id", "expires_at", "fencing_token", "hold_id", "holder_id", "seat_ids", "server_time", "status", "version"}
	if got := keys(a.json); !slices.Equal(got, want) {
		t.Errorf("fields %v, want %v", got, want)
	}
	if seen.TTL != time.Minute || seen.IdempotencyKey != "k 1" || seen.HolderID != "ann" {
		t.Errorf("the engine was asked %+v", seen)
	}
	path := "/v1/reservations/" + a.json["hold_id"].(string)
	if got := a.header.Get("Location"); got != path {
		t.Errorf("Location %q", got)
	}
	if expires := a.json["expires_at"].(string); !strings.HasSuffix(expires, "Z") {
		t.Errorf("expires_at %q is not UTC", expires)
	}
	conflict := h.want(h.call("POST", "/v1/reservations", reservation("s3", "s2", "s1")), 409, "seats_unavailable")
	if got := fmt.Sprint(conflict.json["conflicts"]); got != "[map[seat_id:s2 status:held] map[seat_id:s1 status:held]]" {
		t.Errorf("conflicts %s", got)
	}
	if got := fmt.Sprint(conflict.json["alternatives"]); got != "[]" {
		t.Errorf("alternatives %s", got)
	}
	one := h.want(h.call("POST", "/v1/reservations", reservation("s1")), 409, "seats_unavailable")
	if got := fmt.Sprint(one.json["alternatives"]); got != "[[s0] [s3] [s4]]" {
		t.Errorf("alternatives %s", got)
	}
	if conflict.json["outcome"] != "not_applied" {
		t.Errorf("outcome %v", conflict.json["outcome"])
	}
	got := h.want(h.call("GET", path, ""), 200, "")
	if got.json["held_at"] == nil || got.json["status"] != "held" {
		t.Errorf("hold %s", got.body)
	}
	h.want(h.call("POST", path+"/extend", `{"fencing_token":1,"ttl_seconds":90}`), 200, "")
	h.want(h.call("POST", path+"/extend", `{"fencing_token":7,"ttl_seconds":90}`), 409, "stale_fencing_token")
	h.want(h.call("DELETE", path+"?fencing_token=7", ""), 409, "stale_fencing_token")
	for range 2 {
		if a := h.want(h.call("DELETE", path+"?fencing_token=1", ""), 204, ""); len(a.body) > 0 {
			t.Errorf("a 204 with a body %q", a.body)
		}
	}
}

func TestTheWayOfABooking(t *testing.T) {
	h := newHouse(t, 20)
	hold := h.call("POST", "/v1/reservations", reservation("s1")).json["hold_id"].(string)
	body := fmt.Sprintf(`{"hold_id":%q,"fencing_token":1,"payment":{"method":"sandbox","delay_ms":1}}`, hold)
	h.want(h.call("POST", "/v1/bookings", strings.Replace(body, `"fencing_token":1`, `"fencing_token":7`, 1)), 409, "stale_fencing_token")
	h.fake.bookErr = engine.ErrPaymentPending
	a := h.want(h.call("POST", "/v1/bookings", body), 202, "")
	if a.header.Get("Location") != "/v1/reservations/"+hold || a.json["hold_id"] != hold {
		t.Errorf("202 with Location %q: %s", a.header.Get("Location"), a.body)
	}
	h.fake.bookErr = &engine.PaymentDeclinedError{Reason: "no money"}
	h.want(h.call("POST", "/v1/bookings", body), 402, "payment_declined")
	h.fake.bookErr = fmt.Errorf("%w: payment.card is not a field", payment.ErrBadOptions)
	h.want(h.call("POST", "/v1/bookings", body), 400, "bad_request")
	h.fake.bookErr = nil
	a = h.want(h.call("POST", "/v1/bookings", body), 201, "")
	path := "/v1/bookings/" + a.json["booking_id"].(string)
	if a.header.Get("Location") != path {
		t.Errorf("Location %q", a.header.Get("Location"))
	}
	h.want(h.call("DELETE", "/v1/reservations/"+hold, ""), 409, "already_booked")
	h.want(h.call("GET", path, ""), 200, "")
	if a := h.want(h.call("DELETE", path, ""), 200, ""); a.json["status"] != "cancelled" {
		t.Errorf("cancelled: %s", a.body)
	}
	h.want(h.call("GET", "/v1/bookings/book_forged", ""), 404, "unknown_booking")
}

func TestTheWayOfAChartAndItsEvent(t *testing.T) {
	h := newHouse(t, 4)
	csv := "seat_id,section,row,number,category\nA1,A,1,1,gold\nA2,A,1,2,gold\n"
	put := h.want(h.call("PUT", "/v1/charts/hall", csv, "Content-Type: text/csv; charset=utf-8"), 201, "")
	sum, _ := put.json["sha256"].(string)
	if got := keys(put.json); !slices.Equal(got, []string{"areas", "categories", "chart_id", "seats", "sections", "sha256"}) || len(sum) != 64 {
		t.Errorf("answer %s", put.body)
	}
	h.want(h.call("PUT", "/v1/charts/hall", csv, "Content-Type: text/csv"), 200, "")
	h.want(h.call("PUT", "/v1/charts/hall", csv, "Content-Type: text/plain"), 415, "unsupported_media_type")
	h.want(h.call("PUT", "/v1/charts/hall?format=dwg", csv, "Content-Type: text/csv"), 400, "bad_request")
	bad := h.want(h.call("PUT", "/v1/charts/hall", csv+"A1,A,1,3,gold\nA2,A,1,4,gold\n", "Content-Type: text/csv"), 422, "bad_chart")
	if problems, _ := bad.json["problems"].([]any); len(problems) != 2 {
		t.Errorf("problems %v, want two", bad.json["problems"])
	}
	get := h.want(h.call("GET", "/v1/charts/hall", ""), 200, "")
	if get.header.Get("ETag") != `"`+sum+`"` || get.header.Get("Cache-Control") == "no-store" {
		t.Errorf("headers %v", get.header)
	}
	h.want(h.call("GET", "/v1/charts/hall", "", `If-None-Match: "x", W/"`+sum+`"`), 304, "")
	fixed := h.want(h.call("GET", "/v1/charts/hall?sha256="+sum, ""), 200, "")
	if fixed.header.Get("Cache-Control") != "public, max-age=31536000, immutable" {
		t.Errorf("Cache-Control %q", fixed.header.Get("Cache-Control"))
	}
	h.want(h.call("GET", "/v1/charts/none", ""), 404, "unknown_chart")

	spec := `{"venue_id":"arena","event_date":"2030-06-01","show_time":"19:30","chart_id":"hall","name":"","prices":{"gold":{"amount":5000,"currency":"EUR"}},"onsale_at":"2029-01-01T01:00:00+01:00"}`
	event := h.want(h.call("POST", "/v1/events", spec), 201, "")
	if event.json["onsale_at"] != "2029-01-01T00:00:00Z" {
		t.Errorf("onsale_at %v", event.json["onsale_at"])
	}
	h.want(h.call("POST", "/v1/events", spec), 409, "event_exists")
	for _, id := range []string{"arena:2030-06-01:19:30", "arena%3A2030-06-01%3A19%3a30"} {
		if a := h.want(h.call("GET", "/v1/events/"+id, ""), 200, ""); a.json["event_id"] != "arena:2030-06-01:19:30" {
			t.Errorf("%s: %s", id, a.body)
		}
	}
	if got := event.header.Get("Location"); h.call("GET", got, "").status != 200 {
		t.Errorf("Location %q leads nowhere", got)
	}
	if list := h.want(h.call("GET", "/v1/events?q=arena", ""), 200, ""); len(list.json["items"].([]any)) != 1 {
		t.Errorf("list %s", list.body)
	}
	if list := h.call("GET", "/v1/events?q=nothing", ""); string(list.body) != `{"items":[]}`+"\n" {
		t.Errorf("an empty page: %s", list.body)
	}
}

// badCalls are requests that must be refused, naming the field, with nothing done.
var badCalls = slices.Concat(badTerms, badRoomCalls, []badCall{
	{"POST", "/v1/reservations", ``, "body"},
	{"POST", "/v1/reservations", `{"event_id":"e"`, "body"},
	{"POST", "/v1/reservations", `{} {}`, "body"},
	{"POST", "/v1/reservations", "{\"holder_id\":\"\xff\"}", "body"},
	{"POST", "/v1/reservations", `null`, "body"},
	{"POST", "/v1/reservations", `[]`, "body"},
	{"POST", "/v1/reservations", `{}`, "event_id"},
	{"POST", "/v1/reservations", `{"event_id":7}`, "event_id"},
	{"POST", "/v1/reservations", `{"event_id":null}`, "event_id"},
	{"POST", "/v1/reservations", `{"event_id":""}`, "event_id"},
	{"POST", "/v1/reservations", `{"event_id":"e","holder_id":"h"}`, "seat_ids"},
	{"POST", "/v1/reservations", `{"event_id":"e","seat_ids":"s1","holder_id":"h"}`, "seat_ids"},
	{"POST", "/v1/reservations", `{"event_id":"e","seat_ids":["a","b","c",4],"holder_id":"h"}`, "seat_ids[3]"},
	{"POST", "/v1/reservations", `{"event_id":"e","seat_ids":[null],"holder_id":"h"}`, "seat_ids[0]"},
	{"POST", "/v1/reservations", `{"event_id":"e","event_id":"e","seat_ids":["a"],"holder_id":"h"}`, "event_id"},
	{"POST", "/v1/reservations", `{"event_id":"e","seat_ids":["a"],"holder_id":"h","seats":1}`, "seats"},
	{"POST", "/v1/reservations", `{"event_id":"e","seat_ids":["a"],"holder_id":"h","Holder_id":"h"}`, "Holder_id"},
	{"POST", "/v1/reservations", `{"event_id":"e","seat_ids":["a"],"holder_id":"h","ttl_seconds":0}`, "ttl_seconds"},
	{"POST", "/v1/reservations", `{"event_id":"e","seat_ids":["a"],"holder_id":"h","ttl_seconds":3601}`, "ttl_seconds"},
	{"POST", "/v1/reservations", `{"event_id":"e","seat_ids":["a"],"holder_id":"h","ttl_seconds":-1}`, "ttl_seconds"},
	{"POST", "/v1/reservations", `{"event_id":"e","seat_ids":["a"],"holder_id":"h","ttl_seconds":1.5}`, "ttl_seconds"},
	{"POST", "/v1/reservations", `{"event_id":"e","seat_ids":["a"],"holder_id":"h","ttl_seconds":1e2}`, "ttl_seconds"},
	{"POST", "/v1/reservations", `{"event_id":"e","seat_ids":["a"],"holder_id":"h","ttl_seconds":null}`, "ttl_seconds"},
	{"POST", "/v1/reservations", `{"event_id":"e","seat_ids":["a"],"holder_id":"h","ttl_seconds":99999999999999999999}`, "ttl_seconds"},
	{"POST", "/v1/reservations", `{"items":[],"holder_id":"h"}`, "items"},
	{"POST", "/v1/reservations", `{"event_id":"e","seat_ids":["a"],"holder_id":"h","mode":"best"}`, "mode"},
	{"POST", "/v1/reservations?dry=1", `{}`, "dry"},
	{"POST", "/v1/reservations", reservation(), "seat_ids"},
	{"POST", "/v1/reservations", reservation("s1", "s1"), "seat_ids[1]"},
	{"POST", "/v1/reservations/hold_1/extend", `{"fencing_token":1}`, "ttl_seconds"},
	{"POST", "/v1/reservations/hold_1/extend", `{"fencing_token":0,"ttl_seconds":5}`, "fencing_token"},
	{"POST", "/v1/reservations/hold_1/extend", `{"fencing_token":9007199254740992,"ttl_seconds":5}`, "fencing_token"},
	{"POST", "/v1/reservations/hold_1/extend", `{"fencing_tokens":{},"ttl_seconds":5}`, "fencing_tokens"},
	{"DELETE", "/v1/reservations/hold_1?fencing_token=x", ``, "fencing_token"},
	{"DELETE", "/v1/reservations/hold_1?fencing_token=0", ``, "fencing_token"},
	{"DELETE", "/v1/reservations/hold_1?token=1", ``, "token"},
	{"POST", "/v1/bookings", `{"hold_id":"hold_1"}`, "payment"},
	{"POST", "/v1/bookings", `{"hold_id":"hold_1","payment":"sandbox"}`, "payment"},
	{"POST", "/v1/bookings", `{"hold_id":"hold_1","payment":{}}`, "payment.method"},
	{"POST", "/v1/bookings", `{"hold_id":"hold_1","payment":{"method":"a","method":"b"}}`, "payment.method"},
	{"POST", "/v1/events", `{"venue_id":"v","event_date":"2030-02-30","chart_id":"c"}`, "event_date"},
	{"POST", "/v1/events", `{"venue_id":"v","event_date":"2030-02-03","chart_id":"c","onsale_at":"soon"}`, "onsale_at"},
	{"POST", "/v1/events", `{"venue_id":"v","event_date":"2030-02-03","chart_id":"c","hold_seconds":0}`, "hold_seconds"},
	{"POST", "/v1/events", `{"venue_id":"v","event_date":"2030-02-03","chart_id":"c","prices":[]}`, "prices"},
	{"POST", "/v1/events", `{"venue_id":"v","event_date":"2030-02-03","chart_id":"c","prices":{"gold":{"amount":1.5,"currency":"EUR"}}}`, "prices.gold.amount"},
	{"POST", "/v1/events", `{"venue_id":"v","event_date":"2030-02-03","chart_id":"c","prices":{"gold":{"amount":1}}}`, "prices.gold.currency"},
	{"POST", "/v1/events", `{"venue_id":"v","event_date":"2030-02-03","chart_id":"c","prices":{"gold":{"amount":1,"currency":"EUR","tax":1}}}`, "prices.gold.tax"},
	{"GET", "/v1/events?limit=0", ``, "limit"},
	{"GET", "/v1/events?limit=1001", ``, "limit"},
	{"GET", "/v1/events?limit=1&limit=2", ``, "limit"},
	{"GET", "/v1/events?series=", ``, "series"},
	{"GET", "/v1/events?colour=red", ``, "colour"},
	{"GET", "/v1/events?%zz", ``, "query"},
	{"GET", testSeats + "?min_version=-1", ``, "min_version"},
	{"POST", testSeats, `{"action":"paint","seat_ids":["s1"]}`, "action"},
	{"POST", testSeats, `{"action":"block","seat_ids":[]}`, "seat_ids"},
	{"POST", testSeats, `{"action":"block","seat_ids":["s1"],"areas":[]}`, "areas"},
})

type badCall struct{ method, path, body, field string }

func TestBadInputNamesItsFieldAndDoesNothing(t *testing.T) {
	h := newHouse(t, 20)
	for _, c := range badCalls {
		a := h.call(c.method, c.path, c.body, "Content-Type: application/json")
		if a.status != 400 || a.code() != "bad_request" || a.json["field"] != c.field || a.json["retryable"] != false {
			t.Errorf("%s %s %s: got %d %s, want 400 and field %q", c.method, c.path, c.body, a.status, a.body, c.field)
		}
		if !strings.Contains(fmt.Sprint(a.json["detail"]), c.field) {
			t.Errorf("%s %s: the detail does not say %q: %v", c.method, c.path, c.field, a.json["detail"])
		}
	}
	if e, _ := h.fake.Event(t.Context(), testEvent); e.Version != 0 || len(h.fake.events) != 1 || len(h.fake.holds) != 0 {
		t.Errorf("something was done: %+v", e)
	}
}

func TestRefusalsOfTheDoor(t *testing.T) {
	h := newHouse(t, 20)
	h.want(h.call("GET", "/v1/nothing", ""), 404, "not_found")
	h.want(h.call("GET", "/", ""), 404, "not_found")
	h.want(h.call("POST", "/v1/events/"+testEvent+"/queues", `{}`), 404, "not_found")
	a := h.want(h.call("DELETE", "/v1/events", ""), 405, "method_not_allowed")
	if got := a.header.Get("Allow"); got != "GET, HEAD, POST" {
		t.Errorf("Allow %q", got)
	}
	h.want(h.call("POST", "/v1/reservations", reservation("s1"), "Content-Type: text/plain"), 415, "unsupported_media_type")
	h.want(h.call("POST", "/v1/reservations", reservation("s1"), "Content-Type: application/json; charset=latin1"), 415, "unsupported_media_type")
	h.want(h.call("POST", "/v1/reservations", reservation("s1"), "Content-Encoding: gzip"), 415, "unsupported_media_type")
	for _, key := range []string{"", strings.Repeat("k", 129), "k\u00e9"} {
		a := h.want(h.call("POST", "/v1/reservations", reservation("s1"), "Idempotency-Key: "+key), 400, "bad_request")
		if a.json["field"] != "Idempotency-Key" {
			t.Errorf("key %q: %s", key, a.body)
		}
	}
	h.want(h.call("POST", "/v1/reservations", strings.Repeat(" ", maxBody)+reservation("s1")), 413, "too_large")
	h.want(h.call("PUT", "/v1/charts/big", strings.Repeat(" ", maxChart+1)), 413, "too_large")
	h.want(h.call("PUT", "/v1/charts/cut", `{"name":"Hall","sections":[`), 422, "bad_chart")
	h.want(h.call("POST", "/v1/reservations", reservation("s1", "nowhere")), 404, "unknown_seat")
	h.want(h.call("POST", "/v1/reservations", strings.Replace(reservation("s1"), testEvent, "x", 1)), 404, "unknown_event")
	for _, id := range []string{"hold_forged", "x", "%00", strings.Repeat("h", 300)} {
		h.want(h.call("GET", "/v1/reservations/"+id, ""), 404, "unknown_hold")
	}
	h.want(h.call("GET", "/v1/live", ""), 426, "upgrade_required")
	if head := h.call("HEAD", testSeats, ""); head.status != 200 || len(head.body) != 0 {
		t.Errorf("HEAD: %d, %d bytes", head.status, len(head.body))
	}
}

func TestABodyWithoutALengthIsBounded(t *testing.T) {
	h := newHouse(t, 4)
	req, _ := http.NewRequest("POST", h.http.URL+"/v1/reservations", struct{ *bytes.Reader }{bytes.NewReader(bytes.Repeat([]byte(" "), maxBody+1))})
	req.ContentLength = -1
	req.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if res.StatusCode != 413 {
		t.Errorf("got %d", res.StatusCode)
	}
}

func TestEveryErrorHasItsCode(t *testing.T) {
	h := newHouse(t, 4)
	cases := []struct {
		err       error
		status    int
		code      string
		retryable bool
		outcome   string
	}{
		{engine.ErrStarting, 503, "starting", true, "not_applied"},
		{&raftfsm.OutcomeError{Outcome: engine.OutcomeUnknown, Err: engine.ErrNoQuorum}, 503, "no_quorum", true, "unknown"},
		{engine.ErrOverloaded, 503, "overloaded", true, "not_applied"},
		{engine.ErrIdempotencyFull, 503, "idempotency_full", true, "not_applied"},
		{engine.ErrIdempotencyMismatch, 422, "idempotency_mismatch", false, "not_applied"},
		{engine.ErrHoldExpired, 410, "hold_expired", false, "not_applied"},
		{engine.ErrHoldReleased, 410, "hold_expired", false, "not_applied"},
		{engine.ErrNotOnSale, 409, "not_on_sale", false, "not_applied"},
		{engine.ErrClosed, 503, "closing", true, "not_applied"},
		{context.DeadlineExceeded, 503, "no_quorum", true, "unknown"},
		{errors.New("a secret of the inside"), 500, "internal", false, "not_applied"},
	}
	for _, c := range cases {
		h.fake.fail = c.err
		a := h.want(h.call("POST", "/v1/reservations", reservation("s1")), c.status, c.code)
		if a.json["retryable"] != c.retryable || a.json["outcome"] != c.outcome {
			t.Errorf("%v: %s", c.err, a.body)
		}
		if (c.status == 503) != (a.header.Get("Retry-After") != "") {
			t.Errorf("%v: Retry-After %q", c.err, a.header.Get("Retry-After"))
		}
		if bytes.Contains(a.body, []byte("secret")) {
			t.Errorf("the inside is shown: %s", a.body)
		}
	}
}

func TestAPanicIsAnAnswer(t *testing.T) {
	h := newHouse(t, 4)
	h.fake.onHold = func(engine.HoldRequest) { panic("boom") }
	a := h.want(h.call("POST", "/v1/reservations", reservation("s1")), 500, "internal")
	if a.json["id"] == nil || a.json["outcome"] != "unknown" || bytes.Contains(a.body, []byte("boom")) {
		t.Errorf("got %s", a.body)
	}
}
