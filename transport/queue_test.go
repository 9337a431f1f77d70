package transport

import (
	"errors"
	"fmt"
	"io"
	"net/http/httptest"
	"net/url"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/usherhq/usher/engine"
)

const (
	testQueue = "/v1/events/" + testEvent + "/queue"
	testRoom  = "/v1/events/" + testEvent + "/room"
)

// badRoomCalls are those of badCalls that have to do with waiting rooms.
var badRoomCalls = []badCall{
	{"POST", testQueue, `{}`, "holder_id"},
	{"POST", testQueue, `{"holder_id":7}`, "holder_id"},
	{"POST", testQueue, `{"holder_id":"h","tier":""}`, "tier"},
	{"POST", testQueue, `{"holder_id":"h","nights":"e"}`, "nights"},
	{"POST", testQueue, `{"holder_id":"h","nights":["e",1]}`, "nights[1]"},
	{"POST", testQueue, `{"holder_id":"h","position":1}`, "position"},
	{"POST", testQueue + "?x=1", `{"holder_id":"h"}`, "x"},
	{"PATCH", testRoom, `{}`, "body"},
	{"PATCH", testRoom, `{"max_active":0}`, "max_active"},
	{"PATCH", testRoom, `{"new_per_minute":10000001}`, "new_per_minute"},
	{"PATCH", testRoom, `{"pace":"slow"}`, "pace"},
	{"PATCH", testRoom, `{"state":"shut"}`, "state"},
	{"PATCH", testRoom, `{"rotate_key":1}`, "rotate_key"},
	{"PATCH", testRoom, `{"max_active":1,"lobby":true}`, "lobby"},
	{"GET", testRoom + "?x=1", ``, "x"},
	{"GET", testRoom + "/draw?x=1", ``, "x"},
	{"GET", testRoom + "/entrants?x=1", ``, "x"},
	{"GET", "/v1/queue/t?consistency=maybe", ``, "consistency"},
	{"DELETE", "/v1/queue/t?x=1", ``, "x"},
	{"POST", "/v1/admissions", `{"holder_id":"h","admission_token":"t"}`, "event_id"},
	{"POST", "/v1/admissions", `{"event_id":"e","holder_id":"h"}`, "admission_token"},
	{"POST", "/v1/admissions", `{"event_id":"e","holder_id":"h","admission_token":"t","start":"yes"}`, "start"},
}

func TestQueueCalls(t *testing.T) {
	h := newHouse(t, 4)
	a := h.want(h.call("POST", testQueue, `{"holder_id":"ann","tier":"gold","nights":["b","a"]}`), 201, "")
	if want := (engine.JoinRequest{EventID: testEvent, HolderID: "ann", Tier: "gold", Nights: []string{"b", "a"}}); !reflect.DeepEqual(h.fake.joined, want) {
		t.Errorf("joined %+v, want %+v", h.fake.joined, want)
	}
	if got := fmt.Sprintf("%v %v %v %v", a.json["ticket"], a.json["state"], a.json["position"], a.json["ahead"]); got != "tick_1 waiting 1 0" || a.header.Get("Location") != "/v1/queue/tick_1" {
		t.Errorf("got %s, Location %q", a.body, a.header.Get("Location"))
	}
	if a.header.Get("Cache-Control") != "no-store" {
		t.Errorf("a place may be kept by caches: %v", a.header)
	}
	h.want(h.call("GET", "/v1/queue/tick_1?consistency=linearizable", ""), 200, "")
	h.want(h.call("GET", "/v1/queue/tick_7", ""), 404, "unknown_ticket")
	h.want(h.call("DELETE", "/v1/queue/tick_7", ""), 404, "unknown_ticket")
	for range 2 {
		h.want(h.call("DELETE", "/v1/queue/tick_1", "", "Idempotency-Key: a"), 204, "")
	}
	if a := h.want(h.call("GET", "/v1/queue/tick_1", ""), 200, ""); a.json["state"] != "left" {
		t.Errorf("after leaving %s", a.body)
	}
	for err, want := range map[error]struct {
		status int
		code   string
	}{
		engine.ErrNoWaitingRoom: {404, "no_waiting_room"}, engine.ErrRoomClosed: {409, "room_closed"}, engine.ErrRoomFull: {409, "room_full"},
		engine.ErrUnknownEvent: {404, "unknown_event"}, engine.ErrNoQuorum: {503, "no_quorum"},
	} {
		h.fake.locked(func() { h.fake.roomErr = fmt.Errorf("%w: somewhere", err) })
		h.want(h.call("POST", testQueue, `{"holder_id":"bob"}`), want.status, want.code)
	}
}

func TestRefusedAdmissionsAreToldApart(t *testing.T) {
	h := newHouse(t, 4)
	for err, code := range map[error]string{
		engine.ErrAdmissionRequired: "admission_required", engine.ErrAdmissionInvalid: "admission_invalid", engine.ErrAdmissionForeign: "admission_foreign",
		engine.ErrAdmissionExpired: "admission_expired", engine.ErrAdmissionReplayed: "admission_replayed",
	} {
		h.fake.locked(func() { h.fake.roomErr = err })
		h.want(h.call("POST", "/v1/admissions", `{"event_id":"e","admission_token":"t"}`), 403, code)
		h.fake.grant = func(engine.HoldRequest) (engine.Hold, error) { return engine.Hold{}, err }
		h.want(h.call("POST", "/v1/reservations", reservation("s1"), "Admission-Token: t"), 403, code)
	}
	h.fake.locked(func() { h.fake.roomErr = nil })
	a := h.want(h.call("POST", "/v1/admissions", `{"event_id":"e","holder_id":"h","admission_token":"t","start":true}`), 200, "")
	if h.fake.shown != (engine.VerifyRequest{EventID: "e", HolderID: "h", Token: "t", Start: true}) {
		t.Errorf("shown %+v", h.fake.shown)
	}
	if got := fmt.Sprintf("%v %v %v %v", a.json["valid"], a.json["ticket"], a.json["event_id"], a.json["session_started"]); got != "true tick_1 e true" || !strings.HasSuffix(fmt.Sprint(a.json["expires_at"]), "Z") {
		t.Errorf("verified %s", a.body)
	}
}

func TestRedirects(t *testing.T) {
	h := newHouse(t, 4)
	h.fake.events[testEvent].event.WaitingRoom = &engine.WaitingRoom{ReturnURLs: []string{"https://shop.example/usher"}}
	ids := h.fake.line(1)
	ask := func(returnURL string) answer {
		return h.call("GET", "/v1/queue/"+ids[0]+"?return_url="+url.QueryEscape(returnURL), "")
	}
	if a := h.want(ask("https://shop.example/usher/x?a=1"), 200, ""); a.json["redirect_url"] != nil {
		t.Errorf("before the admission: %s", a.body)
	}
	for _, bad := range []string{"https://evil.example/usher", "https://shop.example/usherx", "/usher", "https://shop.example/usher?usher_token=mine", "https://shop.example/usher?a=%"} {
		if a := h.want(ask(bad), 400, "bad_request"); a.json["field"] != "return_url" {
			t.Errorf("%s: %s", bad, a.body)
		}
		if a := h.want(h.call("POST", testQueue, fmt.Sprintf(`{"holder_id":"h","return_url":%q}`, bad)), 400, "bad_request"); a.json["field"] != "return_url" {
			t.Errorf("%s: %s", bad, a.body)
		}
	}
	if len(h.fake.tickets) != 1 {
		t.Error("a refused address took a place")
	}
	h.want(h.call("POST", testQueue, `{"holder_id":"h","return_url":"https://shop.example/usher"}`), 201, "")
	h.fake.move(engine.QueueAdmitted, 1)
	for given, want := range map[string]string{
		"https://shop.example/usher":       "https://shop.example/usher?usher_token=ua1.token.1&usher_ticket=tick_1",
		"https://shop.example/usher?":      "https://shop.example/usher?usher_token=ua1.token.1&usher_ticket=tick_1",
		"https://shop.example/usher/?a=1":  "https://shop.example/usher/?a=1&usher_token=ua1.token.1&usher_ticket=tick_1",
		"https://shop.example/usher/?a=1&": "https://shop.example/usher/?a=1&usher_token=ua1.token.1&usher_ticket=tick_1",
	} {
		if a := h.want(ask(given), 200, ""); a.json["redirect_url"] != want {
			t.Errorf("%s: %v, want %s", given, a.json["redirect_url"], want)
		}
	}
	h.fake.events[testEvent].event.WaitingRoom = nil
	h.want(ask("https://shop.example/usher"), 404, "no_waiting_room")
}

func TestRoomCalls(t *testing.T) {
	h := newHouse(t, 4)
	h.fake.line(3)
	if a := h.want(h.call("GET", testRoom, ""), 200, ""); fmt.Sprintf("%v %v %v", a.json["waiting"], a.json["state"], a.json["events"]) != "3 open []" {
		t.Errorf("figures %s", a.body)
	}
	h.want(h.call("PATCH", testRoom, `{"max_active":5,"new_per_minute":6,"pace":7,"state":"paused","reason":"Rain.","rotate_key":true}`), 200, "")
	c := h.fake.changed
	if *c.MaxActive != 5 || *c.NewPerMinute != 6 || *c.Pace != 7 || *c.State != "paused" || c.Reason != "Rain." || !c.RotateKey {
		t.Errorf("changed %+v", c)
	}
	h.want(h.call("PATCH", testRoom, `{"state":"draining"}`), 200, "")
	if c := h.fake.changed; *c.State != "draining" || c.MaxActive != nil || c.NewPerMinute != nil || c.Pace != nil || c.RotateKey {
		t.Errorf("changed %+v", c)
	}
	h.want(h.call("PUT", testRoom, `{}`), 405, "method_not_allowed")
}

func TestDrawCalls(t *testing.T) {
	h := newHouse(t, 4)
	h.fake.draw = engine.Draw{Commitment: "c0ffee"}
	a := h.want(h.call("GET", testRoom+"/draw", ""), 200, "")
	if a.json["commitment"] != "c0ffee" || a.json["done"] != false || a.json["seed"] != nil || a.header.Get("Cache-Control") != "no-store" {
		t.Errorf("before: %s %v", a.body, a.header)
	}
	h.want(h.call("GET", testRoom+"/entrants", ""), 409, "draw_not_done")
	at := time.Date(2030, 5, 1, 12, 0, 0, 0, time.FixedZone("", 3600))
	h.fake.locked(func() {
		h.fake.draw = engine.Draw{Commitment: "c0ffee", Done: true, Seed: "5eed", Entrants: 2, At: &at}
	})
	a = h.want(h.call("GET", testRoom+"/draw", ""), 200, "")
	if a.json["seed"] != "5eed" || a.json["at"] != "2030-05-01T11:00:00Z" || !strings.Contains(a.header.Get("Cache-Control"), "public") {
		t.Errorf("after: %s %v", a.body, a.header)
	}
	const list = "entrant,tier,place\n01,,1\n02,gold,1\n"
	h.fake.entries = func(w io.Writer) error { _, err := io.WriteString(w, list); return err }
	a = h.want(h.call("GET", testRoom+"/entrants", ""), 200, "")
	if string(a.body) != list || a.header.Get("Content-Type") != "text/csv; charset=utf-8" {
		t.Errorf("the list: %s %v", a.body, a.header)
	}
	h.fake.entries = func(w io.Writer) error {
		_, err := io.WriteString(w, strings.Repeat(list, 10_000))
		return errors.Join(err, errors.New("the disk is gone"))
	}
	res, err := h.http.Client().Get(h.http.URL + testRoom + "/entrants")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if raw, err := io.ReadAll(res.Body); err == nil {
		t.Errorf("%d bytes of a list that broke off pass for all of it", len(raw))
	}
}

func TestRoomKeysAreForOperators(t *testing.T) {
	h := newHouse(t, 4)
	path := "/rooms/" + testEvent + "/keys"
	ask := func(header bool) (int, string) {
		r := httptest.NewRequest("GET", path, nil)
		if header {
			r.Header.Set(OperatorHeader, "me")
		}
		w := httptest.NewRecorder()
		h.server.OpsHandler().ServeHTTP(w, r)
		return w.Code, w.Body.String()
	}
	if code, body := ask(false); code != 400 || strings.Contains(body, "key") && strings.Contains(body, "a2V5") {
		t.Errorf("without the header: %d %s", code, body)
	}
	if code, body := ask(true); code != 200 || body != `[{"no":2,"key":"a2V5IHR3bw=="},{"no":1,"key":"a2V5IG9uZQ=="}]`+"\n" {
		t.Errorf("the keys: %d %s", code, body)
	}
	if code, _ := get(t, h.server.Handler(), path); code != 404 {
		t.Errorf("keys on the public listener: %d", code)
	}
	h.fake.roomErr = engine.ErrNoWaitingRoom
	if code, body := ask(true); code != 404 || !strings.Contains(body, "no_waiting_room") {
		t.Errorf("no room: %d %s", code, body)
	}
}
