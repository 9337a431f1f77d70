package transport

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/usherhq/usher/engine"
)

// wants is a reservation's body for ann of the test event, with these fields.
func wants(fields string) string {
	return fmt.Sprintf(`{"event_id":%q,"holder_id":"ann",%s}`, testEvent, fields)
}

func ofItems(items string) string { return `{"holder_id":"ann","items":[` + items + `]}` }

func eventWith(field string) string {
	return `{"venue_id":"v","event_date":"2030-02-03","chart_id":"c",` + field + `}`
}

// badTerms are the mistakes that can be made with what a reservation, a hold's tokens or
// an event's rules may say; see badCalls.
var badTerms = []badCall{
	{"POST", "/v1/reservations", wants(`"mode":"best","seat_ids":["a"]`), "mode"},
	{"POST", "/v1/reservations", wants(`"mode":"","seat_ids":["a"]`), "mode"},
	{"POST", "/v1/reservations", wants(`"accept":"anything","seat_ids":["a"]`), "accept"},
	{"POST", "/v1/reservations", wants(`"accept":true,"seat_ids":["a"]`), "accept"},
	{"POST", "/v1/reservations", wants(`"orphans":"never","seat_ids":["a"]`), "orphans"},
	{"POST", "/v1/reservations", wants(`"tier":1,"seat_ids":["a"]`), "tier"},
	{"POST", "/v1/reservations", wants(`"channel_key":"","seat_ids":["a"]`), "channel_key"},
	{"POST", "/v1/reservations", wants(`"if_version":"1","seat_ids":["a"]`), "if_version"},
	{"POST", "/v1/reservations", wants(`"if_version":-1,"seat_ids":["a"]`), "if_version"},
	{"POST", "/v1/reservations", wants(`"expected":{},"seat_ids":["a"]`), "expected"},
	{"POST", "/v1/reservations", wants(`"expected":[],"seat_ids":["a"]`), "expected"},
	{"POST", "/v1/reservations", wants(`"expected":["a"],"seat_ids":["a"]`), "expected[0]"},
	{"POST", "/v1/reservations", wants(`"expected":[{"seat_id":"a"}],"seat_ids":["a"]`), "expected[0].version"},
	{"POST", "/v1/reservations", wants(`"expected":[{"seat_id":"a","version":1},{"seat_id":"b","version":1.5}],"seat_ids":["a"]`), "expected[1].version"},
	{"POST", "/v1/reservations", wants(`"expected":[{"seat_id":"a","version":1,"status":"held"}],"seat_ids":["a"]`), "expected[0].status"},
	{"POST", "/v1/reservations", wants(`"areas":[]`), "areas"},
	{"POST", "/v1/reservations", wants(`"areas":[{"area_id":"pit"}]`), "areas[0].quantity"},
	{"POST", "/v1/reservations", wants(`"areas":[{"area_id":"pit","quantity":0}]`), "areas[0].quantity"},
	{"POST", "/v1/reservations", wants(`"areas":[{"area_id":"pit","quantity":1001}]`), "areas[0].quantity"},
	{"POST", "/v1/reservations", wants(`"areas":[{"area_id":"pit","quantity":1},{"quantity":1}]`), "areas[1].area_id"},
	{"POST", "/v1/reservations", wants(`"best":2`), "best"},
	{"POST", "/v1/reservations", wants(`"best":{}`), "best.quantity"},
	{"POST", "/v1/reservations", wants(`"best":{"quantity":0}`), "best.quantity"},
	{"POST", "/v1/reservations", wants(`"best":{"quantity":2,"rows":1}`), "best.rows"},
	{"POST", "/v1/reservations", wants(`"best":{"quantity":2,"adjacent":"yes"}`), "best.adjacent"},
	{"POST", "/v1/reservations", wants(`"best":{"quantity":2,"across_aisle":null}`), "best.across_aisle"},
	{"POST", "/v1/reservations", wants(`"best":{"quantity":2,"accessible":true}`), "best.accessible"},
	{"POST", "/v1/reservations", wants(`"best":{"quantity":2,"companion":-1}`), "best.companion"},
	{"POST", "/v1/reservations", wants(`"best":{"quantity":2,"category":""}`), "best.category"},
	{"POST", "/v1/reservations", wants(`"best":{"quantity":2,"near":7}`), "best.near"},
	{"POST", "/v1/reservations", wants(`"best":{"quantity":2,"near":{"x":1}}`), "best.near.y"},
	{"POST", "/v1/reservations", wants(`"best":{"quantity":2,"near":{"x":1,"y":"2"}}`), "best.near.y"},
	{"POST", "/v1/reservations", wants(`"best":{"quantity":2,"near":{"x":1,"y":1e999}}`), "best.near.y"},
	{"POST", "/v1/reservations", wants(`"best":{"quantity":2,"near":{"x":1,"y":2,"z":3}}`), "best.near.z"},
	{"POST", "/v1/reservations", wants(`"best":{"quantity":2},"seat_ids":["a"]`), "seat_ids"},
	{"POST", "/v1/reservations", wants(`"best":{"quantity":2},"expected":[{"seat_id":"a","version":1}]`), "expected"},
	{"POST", "/v1/reservations", wants(`"items":[{"event_id":"e","seat_ids":["a"]}]`), "event_id"},
	{"POST", "/v1/reservations", `{"holder_id":"ann","seat_ids":["a"],"items":[{"event_id":"e","seat_ids":["a"]}]}`, "seat_ids"},
	{"POST", "/v1/reservations", `{"holder_id":"ann","channel_key":"12345678","items":[{"event_id":"e","seat_ids":["a"]}]}`, "channel_key"},
	{"POST", "/v1/reservations", `{"holder_id":"ann","items":{}}`, "items"},
	{"POST", "/v1/reservations", ofItems(``), "items"},
	{"POST", "/v1/reservations", ofItems(`"e"`), "items[0]"},
	{"POST", "/v1/reservations", ofItems(`{"event_id":"e"}`), "items[0].seat_ids"},
	{"POST", "/v1/reservations", ofItems(`{"seat_ids":["a"]}`), "items[0].event_id"},
	{"POST", "/v1/reservations", ofItems(`{"event_id":"e","seat_ids":["a"]},{"event_id":"f","seat_ids":[1]}`), "items[1].seat_ids[0]"},
	{"POST", "/v1/reservations", ofItems(`{"event_id":"e","best":{"quantity":"2"}}`), "items[0].best.quantity"},
	{"POST", "/v1/reservations", ofItems(`{"event_id":"e","areas":[{"area_id":"pit","quantity":"2"}]}`), "items[0].areas[0].quantity"},
	{"POST", "/v1/reservations", ofItems(`{"event_id":"e","seat_ids":["a"],"holder_id":"bob"}`), "items[0].holder_id"},
	{"POST", "/v1/reservations", strings.Replace(ofItems(`{"event_id":"e","seat_ids":["a"]}`), `{"holder`, `{"any_of":1,"holder`, 1), "any_of"},
	{"POST", "/v1/reservations", wants(`"seat_ids":["a"],"any_of":true`), "any_of"},
	{"POST", "/v1/reservations", wants(`"seat_ids":["a"],"same_seats":false`), "same_seats"},
	{"POST", "/v1/reservations", wants(`"seat_ids":["a"],"admission_token":"t"`), "admission_token"},

	{"POST", "/v1/reservations/hold_1/extend", `{"ttl_seconds":5}`, "fencing_token"},
	{"POST", "/v1/reservations/hold_1/extend", `{"fencing_tokens":{"e":1},"fencing_token":1,"ttl_seconds":5}`, "fencing_token"},
	{"POST", "/v1/reservations/hold_1/extend", `{"fencing_tokens":{"e":0},"ttl_seconds":5}`, "fencing_tokens.e"},
	{"POST", "/v1/bookings", `{"hold_id":"hold_1","fencing_tokens":[],"payment":{"method":"sandbox"}}`, "fencing_tokens"},
	{"DELETE", "/v1/reservations/hold_1?fencing_tokens=1", ``, "fencing_tokens"},
	{"DELETE", "/v1/reservations/hold_1?fencing_tokens[]=1", ``, "fencing_tokens[]"},
	{"DELETE", "/v1/reservations/hold_1?fencing_tokens[e]=x", ``, "fencing_tokens[e]"},
	{"DELETE", "/v1/reservations/hold_1?fencing_tokens[e]=1&fencing_token=1", ``, "fencing_token"},
	{"GET", "/v1/reservations/hold_1/fence", ``, "token"},
	{"GET", "/v1/reservations/hold_1/fence?token=0", ``, "token"},
	{"GET", "/v1/reservations/hold_1/fence?token=1&token=2", ``, "token"},
	{"GET", "/v1/reservations/hold_1/fence?token=1&fencing_token=1", ``, "fencing_token"},

	{"POST", "/v1/events", eventWith(`"strategy":"lottery"`), "strategy"},
	{"POST", "/v1/events", eventWith(`"orphans":true`), "orphans"},
	{"POST", "/v1/events", eventWith(`"limits":4`), "limits"},
	{"POST", "/v1/events", eventWith(`"limits":{}`), "limits.per_holder"},
	{"POST", "/v1/events", eventWith(`"limits":{"per_holder":0}`), "limits.per_holder"},
	{"POST", "/v1/events", eventWith(`"limits":{"per_holder":1001}`), "limits.per_holder"},
	{"POST", "/v1/events", eventWith(`"limits":{"per_holder":1,"per_day":1}`), "limits.per_day"},
	{"POST", "/v1/events", eventWith(`"waiting_room":true`), "waiting_room"},
	{"POST", "/v1/events", eventWith(`"waiting_room":{}`), "waiting_room.max_active"},
	{"POST", "/v1/events", eventWith(`"waiting_room":{"max_active":1}`), "waiting_room.new_per_minute"},
	{"POST", "/v1/events", eventWith(`"waiting_room":{"max_active":1,"new_per_minute":10000001}`), "waiting_room.new_per_minute"},
	{"POST", "/v1/events", eventWith(`"waiting_room":{"max_active":1,"new_per_minute":1,"session_seconds":0}`), "waiting_room.session_seconds"},
	{"POST", "/v1/events", eventWith(`"waiting_room":{"max_active":1,"new_per_minute":1,"first_use_seconds":301}`), "waiting_room.first_use_seconds"},
	{"POST", "/v1/events", eventWith(`"waiting_room":{"max_active":1,"new_per_minute":1,"lobby":1}`), "waiting_room.lobby"},
	{"POST", "/v1/events", eventWith(`"waiting_room":{"max_active":1,"new_per_minute":1,"pace":"fast"}`), "waiting_room.pace"},
	{"POST", "/v1/events", eventWith(`"waiting_room":{"max_active":1,"new_per_minute":1,"tiers":[]}`), "waiting_room.tiers"},
	{"POST", "/v1/events", eventWith(`"waiting_room":{"max_active":1,"new_per_minute":1,"tiers":{"gold":3}}`), "waiting_room.tiers.gold"},
	{"POST", "/v1/events", eventWith(`"waiting_room":{"max_active":1,"new_per_minute":1,"doors":2}`), "waiting_room.doors"},
	{"POST", "/v1/events", eventWith(`"waiting_room":{"max_active":1,"new_per_minute":1,"scope":"venue"}`), "waiting_room.scope"},
	{"POST", "/v1/events", eventWith(`"waiting_room":{"max_active":1,"new_per_minute":1,"return_urls":"https://a.example"}`), "waiting_room.return_urls"},
	{"POST", "/v1/events", eventWith(`"waiting_room":{"max_active":1,"new_per_minute":1,"return_urls":[1]}`), "waiting_room.return_urls[0]"},

	{"GET", testSeats + "?versions=0", ``, "versions"},
	{"GET", testSeats + "?versions=true", ``, "versions"},
	{"GET", "/v1/events/" + testEvent + "/blocks?channel=club", ``, "channel"},
	{"POST", testSeats, `{"action":"block","seat_ids":["s1"],"channel":"club"}`, "channel"},
	{"POST", testSeats, `{"action":"unblock","seat_ids":["s1"],"channel_key":"12345678"}`, "channel_key"},
	{"POST", testSeats, `{"action":"allot","seat_ids":["s1"],"channel_key":"12345678"}`, "channel"},
	{"POST", testSeats, `{"action":"allot","seat_ids":["s1"],"channel":"club"}`, "channel_key"},
}

func TestEveryTermReachesTheEngine(t *testing.T) {
	h := newHouse(t, 20)
	version := uint64(0)
	var seen engine.HoldRequest
	h.fake.grant = func(r engine.HoldRequest) (engine.Hold, error) {
		seen = r
		return engine.Hold{HoldID: "hold_1"}, nil
	}
	for body, want := range map[string]engine.HoldRequest{
		wants(`"seat_ids":["a","b"],"mode":"skip_locked","accept":"suggest","orphans":"forbid","tier":"gold","channel_key":"12345678"`): {
			EventID: testEvent, SeatIDs: []string{"a", "b"}, Mode: "skip_locked", Accept: "suggest", Orphans: "forbid", Tier: "gold", ChannelKey: "12345678"},
		wants(`"seat_ids":["a"],"expected":[{"seat_id":"a","version":0}],"if_version":0,"areas":[{"area_id":"pit","quantity":2}]`): {
			EventID: testEvent, SeatIDs: []string{"a"}, Expected: []engine.SeatVersion{{SeatID: "a"}}, IfVersion: &version,
			Areas: []engine.AreaRequest{{AreaID: "pit", Quantity: 2}}},
		wants(`"areas":[{"area_id":"pit","quantity":2}],"mode":"lease","ttl_seconds":1`): {
			EventID: testEvent, Areas: []engine.AreaRequest{{AreaID: "pit", Quantity: 2}}, Mode: "lease", TTL: time.Second},
		wants(`"best":{"quantity":4}`): {EventID: testEvent, Best: &engine.BestRequest{Quantity: 4}},
		wants(`"best":{"quantity":4,"category":"gold","section":"S0","near":"s1","adjacent":false,"across_aisle":true,"accessible":1,"companion":1}`): {
			EventID: testEvent, Best: &engine.BestRequest{Quantity: 4, Category: "gold", Section: "S0", Near: "s1", Apart: true, AcrossAisle: true, Accessible: 1, Companion: 1}},
		wants(`"best":{"quantity":4,"near":{"x":-1.5,"y":2e1}}`): {EventID: testEvent,
			Best: &engine.BestRequest{Quantity: 4, NearPoint: &engine.Point{X: -1.5, Y: 20}}},
		`{"any_of":true,"same_seats":true,"holder_id":"ann","items":[{"event_id":"e","seat_ids":["a"],"channel_key":"12345678"},{"event_id":"f","best":{"quantity":1},"if_version":0}]}`: {
			AnyOf: true, SameSeats: true, Items: []engine.ItemRequest{{EventID: "e", SeatIDs: []string{"a"}, ChannelKey: "12345678"},
				{EventID: "f", Best: &engine.BestRequest{Quantity: 1}, IfVersion: &version}}},
	} {
		h.want(h.call("POST", "/v1/reservations", body, "Admission-Token: adm 1"), 201, "")
		want.HolderID, want.AdmissionToken = "ann", "adm 1"
		if !reflect.DeepEqual(seen, want) {
			t.Errorf("%s\ngot  %+v\nwant %+v", body, seen, want)
		}
	}
	for _, token := range []string{"", strings.Repeat("k", 1025), "k\u00e9"} {
		if a := h.want(h.call("POST", "/v1/reservations", reservation("s1"), "Admission-Token: "+token), 400, "bad_request"); a.json["field"] != "Admission-Token" {
			t.Errorf("%q: %s", token, a.body)
		}
	}
}

func TestAnswersOfAReservation(t *testing.T) {
	h := newHouse(t, 20)
	var hold engine.Hold
	h.fake.grant = func(engine.HoldRequest) (engine.Hold, error) { return hold, nil }
	hold = engine.Hold{HoldID: "hold_1", EventID: "e", Areas: []engine.AreaRequest{{AreaID: "pit", Quantity: 2}}, Mode: "lease",
		Routing: &engine.Routing{Pattern: "lease", Because: "three nights"}}
	a := h.want(h.call("POST", "/v1/reservations", reservation("s1")), 201, "")
	if got := fmt.Sprintln(a.json["seat_ids"], a.json["areas"], a.json["mode"], a.json["routing"]); got !=
		"[] [map[area_id:pit quantity:2]] lease map[because:three nights pattern:lease]\n" {
		t.Errorf("got %s", got)
	}
	hold = engine.Hold{HoldID: "hold_1", EventID: "e", SeatIDs: []string{"b"}, Substituted: []engine.Substitution{{Wanted: "a", Got: "b"}}, Items: []engine.HoldItem{
		{EventID: "e", SeatIDs: []string{"b"}, FencingToken: 4, Version: 9, Substituted: []engine.Substitution{{Wanted: "a", Got: "b"}}},
		{EventID: "f", Areas: []engine.AreaRequest{{AreaID: "pit", Quantity: 1}}, FencingToken: 2, Version: 3}}}
	a = h.want(h.call("POST", "/v1/reservations", reservation("s1")), 201, "")
	want := "[map[event_id:e fencing_token:4 seat_ids:[b] substituted:[map[got:b wanted:a]] version:9]" +
		" map[areas:[map[area_id:pit quantity:1]] event_id:f fencing_token:2 seat_ids:[] version:3]]"
	if got := fmt.Sprint(a.json["items"]); got != want || len(a.json["substituted"].([]any)) != 1 {
		t.Errorf("got %s\nwant %s", got, want)
	}
}

func TestEveryRefusalOfAClaim(t *testing.T) {
	h := newHouse(t, 20)
	var refusal error
	h.fake.grant = func(engine.HoldRequest) (engine.Hold, error) { return engine.Hold{}, refusal }
	for _, c := range []struct {
		err       error
		status    int
		code      string
		retryable bool
		extra     map[string]string
	}{
		{engine.ErrAdmissionRequired, 403, "admission_required", false, nil},
		{fmt.Errorf("%w: expired", engine.ErrAdmissionInvalid), 403, "admission_invalid", false, nil},
		{engine.ErrUnknownChannel, 403, "channel_key_refused", false, nil},
		{engine.ErrUnknownArea, 404, "unknown_area", false, nil},
		{engine.ErrNoPlan, 409, "no_seating_plan", false, nil},
		{engine.ErrTokenRequired, 400, "bad_request", false, map[string]string{"field": "fencing_token"}},
		{&engine.LimitError{EventID: "e", Limit: 4, Has: 3}, 409, "limit_exceeded", false, map[string]string{"limit": "4", "has": "3", "event_id": "e"}},
		{&engine.OrphanError{EventID: "e", SeatIDs: []string{"a"}}, 409, "orphan_seats", false, map[string]string{"seat_ids": "[a]", "event_id": "e"}},
		{&engine.VersionConflictError{EventID: "e", Version: 9, Seats: []engine.SeatAt{{SeatID: "a", Version: 8, Status: engine.SeatHeld}},
			Areas: []engine.AreaVersion{{AreaID: "pit", Version: 7}}}, 409, "version_conflict", false, map[string]string{
			"event_id": "e", "version": "9", "conflicts": "[map[seat_id:a status:held version:8]]", "areas": "[map[area_id:pit version:7]]"}},
		{&engine.VersionConflictError{EventID: "e"}, 409, "version_conflict", false, map[string]string{"conflicts": "[]", "areas": "<nil>"}},
		{&engine.SeatsUnavailableError{EventID: "e", Version: 9, Undecided: true, Conflicts: []engine.SeatConflict{{SeatID: "s1", Status: engine.SeatHeld}},
			Areas: []engine.AreaConflict{{AreaID: "pit", Left: 1}}, Suggested: []engine.Substitution{{Wanted: "s1", Got: "s2"}}}, 409, "seats_unavailable", true,
			map[string]string{"version": "9", "conflicts": "[map[seat_id:s1 status:held]]", "areas": "[map[area_id:pit left:1]]",
				"suggested": "[map[got:s2 wanted:s1]]", "alternatives": "[[s0] [s1] [s2]]"}},
		{&engine.SeatsUnavailableError{EventID: "e"}, 409, "seats_unavailable", false,
			map[string]string{"conflicts": "[]", "areas": "<nil>", "suggested": "<nil>", "alternatives": "[]"}},
	} {
		refusal = c.err
		a := h.want(h.call("POST", "/v1/reservations", reservation("s1")), c.status, c.code)
		if a.json["retryable"] != c.retryable || a.json["outcome"] != "not_applied" {
			t.Errorf("%v: %s", c.err, a.body)
		}
		for name, want := range c.extra {
			if got := fmt.Sprint(a.json[name]); got != want {
				t.Errorf("%v: %s is %s, want %s", c.err, name, got, want)
			}
		}
	}
	a := h.want(h.call("POST", "/v1/reservations", wants(`"best":{"quantity":2}`)), 409, "seats_unavailable")
	if _, there := a.json["alternatives"]; there {
		t.Errorf("alternatives to no seats: %s", a.body)
	}
}

func TestTokensOfSeveralEvents(t *testing.T) {
	h := newHouse(t, 20)
	hold := h.call("POST", "/v1/reservations", reservation("s1")).json["hold_id"].(string)
	want := map[string]uint64{testEvent: 7, "f": 1<<53 - 1}
	body := fmt.Sprintf(`"fencing_tokens":{%q:7,"f":9007199254740991}`, testEvent)
	for _, c := range []struct{ method, path, body string }{
		{"POST", "/v1/reservations/" + hold + "/extend", `{"ttl_seconds":5,` + body + `}`},
		{"POST", "/v1/bookings", `{"hold_id":"` + hold + `","payment":{"method":"sandbox"},` + body + `}`},
		{"DELETE", "/v1/reservations/" + hold + "?fencing_tokens[" + testEvent + "]=7&fencing_tokens%5Bf%5D=9007199254740991", ""},
	} {
		h.fake.tokens = nil
		h.call(c.method, c.path, c.body)
		if !reflect.DeepEqual(h.fake.tokens, want) {
			t.Errorf("%s %s: the engine was shown %v", c.method, c.path, h.fake.tokens)
		}
	}
}

func TestFence(t *testing.T) {
	h := newHouse(t, 20)
	path := "/v1/reservations/" + h.call("POST", "/v1/reservations", reservation("s1")).json["hold_id"].(string)
	a := h.want(h.call("GET", path+"/fence?token=1", ""), 200, "")
	if got := keys(a.json); !slices.Equal(got, []string{"event_id", "expires_at", "fencing_token", "hold_id", "server_time", "status", "valid"}) {
		t.Errorf("fields %v", got)
	}
	if a.json["valid"] != true || a.json["status"] != "held" || a.header.Get("Cache-Control") != "no-store" {
		t.Errorf("%v %s", a.header, a.body)
	}
	late := h.want(h.call("GET", path+"/fence?token=2", ""), 409, "stale_fencing_token")
	if late.header.Get("Cache-Control") != "no-store" {
		t.Errorf("a refusal may be cached: %v", late.header)
	}
	h.want(h.call("DELETE", path, ""), 204, "")
	h.want(h.call("GET", path+"/fence?token=1", ""), 410, "hold_expired")
	h.want(h.call("GET", "/v1/reservations/hold_x/fence?token=1", ""), 404, "unknown_hold")
	h.want(h.call("POST", path+"/fence", `{}`), 405, "method_not_allowed")
}

func TestRulesOfAnEvent(t *testing.T) {
	h := newHouse(t, 20)
	h.want(h.call("PUT", "/v1/charts/c", string(rowsChart(4).Encode())), 201, "")
	a := h.want(h.call("POST", "/v1/events", eventWith(`"strategy":"auto","orphans":"avoid","limits":{"per_holder":4},`+
		`"waiting_room":{"max_active":5,"new_per_minute":6,"session_seconds":7,"first_use_seconds":8,"lobby":false,"tiers":{"gold":"3:1"},"pace":"auto"}`)), 201, "")
	if got := fmt.Sprintln(a.json["strategy"], a.json["orphans"], a.json["limits"], a.json["waiting_room"]); got != "auto avoid map[per_holder:4] "+
		"map[first_use_seconds:8 lobby:false max_active:5 new_per_minute:6 pace:auto session_seconds:7 tiers:map[gold:3:1]]\n" {
		t.Errorf("got %s", got)
	}
}

func TestBlocksAndAllotments(t *testing.T) {
	h := newHouse(t, 20)
	var seen engine.BlockRequest
	h.fake.onBlock = func(r engine.BlockRequest) { seen = r }
	h.want(h.call("POST", testSeats, `{"action":"allot","seat_ids":["s1"],"channel":"club","channel_key":"12345678","reason":"fans"}`), 200, "")
	if seen.Channel != "club" || seen.ChannelKey != "12345678" || seen.Reason != "fans" || seen.Unblock {
		t.Errorf("the engine was asked %+v", seen)
	}
	a := h.want(h.call("GET", "/v1/events/"+testEvent+"/blocks", ""), 200, "")
	if want := `{"event_id":"` + testEvent + `","version":1,"items":[{"seat_ids":["s1"],"reason":"wet paint"}]}` + "\n"; string(a.body) != want {
		t.Errorf("got %s", a.body)
	}
	h.want(h.call("POST", testSeats, `{"action":"unblock","seat_ids":["s1"]}`), 200, "")
	if a := h.call("GET", "/v1/events/"+testEvent+"/blocks", ""); fmt.Sprint(a.json["items"]) != "[]" {
		t.Errorf("got %s", a.body)
	}
	h.fake.onBlock = nil
	h.fake.fail = context.DeadlineExceeded
	h.want(h.call("GET", "/v1/events/"+testEvent+"/blocks", ""), 503, "no_quorum")
}

func TestVersionsAndAreasOfSeats(t *testing.T) {
	h := newHouse(t, 250)
	plain := h.call("GET", testSeats, "")
	if _, there := plain.json["areas"]; there {
		t.Errorf("areas where there are none: %.300s", plain.body)
	}
	h.fake.addAreas(testEvent)
	h.fake.set(testEvent, engine.SeatHeld, 101, 249)
	h.fake.fill(testEvent, 1, 5)
	a := h.want(h.call("GET", testSeats+"?versions=1", ""), 200, "")
	seats := a.json["seats"].([]any)
	for i, want := range map[int]string{0: "0", 101: "1", 249: "2"} {
		if got := fmt.Sprint(seats[i].(map[string]any)["version"]); got != want {
			t.Errorf("seat %d: version %s, want %s", i, got, want)
		}
	}
	want := `[map[area_id:pit booked:0 capacity:100 category:gold free:100 held:0 name:Pit version:0]` +
		` map[area_id:hill booked:0 capacity:20 category:grey free:15 held:5 name:The "Hill" version:3]]`
	if got := fmt.Sprint(a.json["areas"]); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	section := h.want(h.call("GET", testSeats+"?versions=1&section=S1", ""), 200, "")
	if list := section.json["seats"].([]any); len(list) != 100 || section.json["areas"] != nil {
		t.Errorf("a section: %.300s", section.body)
	}
	plain = h.call("GET", testSeats, "")
	if plain.header.Get("ETag") == a.header.Get("ETag") || strings.Contains(string(plain.body), `"version":1`) || !strings.Contains(string(plain.body), `"free":15`) {
		t.Errorf("without versions: %s %.200s", plain.header.Get("ETag"), plain.body)
	}
	h.want(h.call("GET", testSeats+"?versions=1", "", "If-None-Match: "+a.header.Get("ETag")), 304, "")
	packed := h.want(h.call("GET", testSeats+"?versions=1", "", "Accept: "+packedType), 400, "bad_request")
	if packed.json["field"] != "versions" {
		t.Errorf("got %s", packed.body)
	}
}
