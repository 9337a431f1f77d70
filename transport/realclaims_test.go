package transport

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/usherhq/usher/engine"
	"github.com/usherhq/usher/engine/chart"
)

// doorman admits who shows "let me in".
type doorman struct{}

func (doorman) Admitted(_ context.Context, _, _, token string) error {
	if token != "let me in" {
		return fmt.Errorf("%w: %q", engine.ErrAdmissionInvalid, token)
	}
	return nil
}

// newClaimHouse serves a real engine of several groups with the chart "hall": rows of ten
// seats and two standing areas. Events are to be made.
func newClaimHouse(t *testing.T, seats int) *house {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	e, err := engine.Open(ctx, engine.Config{Dir: t.TempDir(), Groups: 3, Admission: doorman{}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	})
	c := rowsChart(seats)
	for i := range c.Sections {
		for j := range c.Sections[i].Rows {
			for k := range c.Sections[i].Rows[j].Seats {
				x, y := float64(10*k), float64(200*i+10*j)
				c.Sections[i].Rows[j].Seats[k].X, c.Sections[i].Rows[j].Seats[k].Y = &x, &y
				c.Sections[i].Rows[j].Seats[k].Category = "gold"
			}
		}
	}
	c.Areas = []chart.Area{{AreaID: "pit", Name: "Pit", Capacity: 10, Category: "grey"}, {AreaID: "hill", Name: "Hill", Capacity: 5, Category: "grey"}}
	c.FocalPoints = []chart.Point{{X: 45, Y: -10}}
	h := serveEngine(t, View(e))
	h.want(h.call("PUT", "/v1/charts/hall", string(c.Encode())), 201, "")
	return h
}

// event makes an event of the date and returns its id.
func (h *house) event(date, rules string) string {
	h.Helper()
	a := h.want(h.call("POST", "/v1/events", `{"venue_id":"hall","event_date":"`+date+`","chart_id":"hall"`+rules+`}`), 201, "")
	id, _ := a.json["event_id"].(string)
	return id
}

// claim asks for seats of an event for a holder.
func (h *house) claim(event, holder, fields string, headers ...string) answer {
	h.Helper()
	return h.call("POST", "/v1/reservations", fmt.Sprintf(`{"event_id":%q,"holder_id":%q,%s}`, event, holder, fields), headers...)
}

func (h *house) expect(a answer, fields map[string]string) {
	h.Helper()
	for name, want := range fields {
		if got := fmt.Sprint(a.json[name]); got != want {
			h.Errorf("%s is %s, want %s in %.400s", name, got, want, a.body)
		}
	}
}

func TestRealSubstitutes(t *testing.T) {
	h := newClaimHouse(t, 20)
	e := h.event("2030-05-01", `,"strategy":"skip_locked"`)
	h.expect(h.want(h.claim(e, "ann", `"seat_ids":["s4"]`), 201, ""), map[string]string{"seat_ids": "[s4]", "substituted": "<nil>"})
	a := h.want(h.claim(e, "bob", `"seat_ids":["s4"]`), 201, "")
	got := a.json["seat_ids"].([]any)[0]
	h.expect(a, map[string]string{"substituted": fmt.Sprintf("[map[got:%v wanted:s4]]", got)})
	a = h.want(h.claim(e, "cat", `"seat_ids":["s4"],"accept":"suggest"`), 409, "seats_unavailable")
	if s, _ := a.json["suggested"].([]any); len(s) != 1 || a.json["version"] == nil {
		t.Errorf("suggested nothing: %s", a.body)
	}
	h.want(h.claim(e, "cat", `"seat_ids":["s4"],"accept":"exact"`), 409, "seats_unavailable")
	h.want(h.claim(e, "cat", `"seat_ids":["s4"],"mode":"direct"`), 409, "seats_unavailable")
}

func TestRealVersions(t *testing.T) {
	h := newClaimHouse(t, 20)
	e := h.event("2030-05-01", "")
	h.want(h.claim(e, "ann", `"seat_ids":["s3"]`), 201, "")
	seats := h.want(h.call("GET", "/v1/events/"+e+"/seats?versions=1", ""), 200, "").json["seats"].([]any)
	if got := fmt.Sprintf("%v %v", seats[3].(map[string]any)["version"], seats[4].(map[string]any)["version"]); got != "1 0" {
		t.Errorf("versions %s", got)
	}
	expected := func(v3, v4 int) string {
		return fmt.Sprintf(`"mode":"optimistic","seat_ids":["s3","s4"],"expected":[{"seat_id":"s4","version":%d},{"seat_id":"s3","version":%d}]`, v4, v3)
	}
	a := h.want(h.claim(e, "bob", expected(0, 0)), 409, "version_conflict")
	h.expect(a, map[string]string{"event_id": e, "version": "1", "conflicts": "[map[seat_id:s3 status:held version:1]]", "outcome": "not_applied"})
	h.want(h.claim(e, "bob", expected(1, 0)), 409, "seats_unavailable")
	h.want(h.claim(e, "bob", `"mode":"optimistic","seat_ids":["s5"],"if_version":1`), 201, "")
	h.want(h.claim(e, "bob", `"areas":[{"area_id":"pit","quantity":2}],"if_version":1`), 201, "")
	a = h.want(h.claim(e, "cat", `"areas":[{"area_id":"pit","quantity":2}],"if_version":2`), 409, "version_conflict")
	h.expect(a, map[string]string{"conflicts": "[]", "areas": "[map[area_id:pit version:3]]"})
}

func TestRealLeasesAndFences(t *testing.T) {
	h := newClaimHouse(t, 20)
	e := h.event("2030-05-01", "")
	a := h.want(h.claim(e, "ann", `"seat_ids":["s3"],"mode":"lease","ttl_seconds":1`), 201, "")
	h.expect(a, map[string]string{"mode": "lease"})
	path, token := "/v1/reservations/"+a.json["hold_id"].(string), fmt.Sprint(a.json["fencing_token"])
	h.expect(h.want(h.call("GET", path+"/fence?token="+token, ""), 200, ""), map[string]string{"status": "held", "event_id": e, "valid": "true"})
	h.expect(h.want(h.call("DELETE", path, ""), 400, "bad_request"), map[string]string{"field": "fencing_token"})
	h.want(h.call("POST", "/v1/bookings", fmt.Sprintf(`{"hold_id":%q,"payment":{"method":"sandbox"}}`, a.json["hold_id"])), 400, "bad_request")
	h.want(h.call("POST", path+"/extend", `{"ttl_seconds":1,"fencing_token":`+token+`}`), 200, "")
	for deadline := time.Now().Add(10 * time.Second); h.call("GET", path+"/fence?token="+token, "").status == 200; {
		if time.Now().After(deadline) {
			t.Fatal("the lease does not end")
		}
		time.Sleep(50 * time.Millisecond)
	}
	h.want(h.call("GET", path+"/fence?token="+token, ""), 410, "hold_expired")
	later := h.want(h.claim(e, "bob", `"seat_ids":["s3"]`), 201, "")
	h.want(h.call("GET", path+"/fence?token="+token, ""), 409, "stale_fencing_token")
	h.want(h.call("POST", path+"/extend", `{"ttl_seconds":1,"fencing_token":`+token+`}`), 409, "stale_fencing_token")

	booking := h.want(h.call("POST", "/v1/bookings", fmt.Sprintf(`{"hold_id":%q,"payment":{"method":"sandbox"}}`, later.json["hold_id"])), 201, "")
	fence := fmt.Sprintf("/v1/reservations/%s/fence?token=%v", later.json["hold_id"], later.json["fencing_token"])
	h.expect(h.want(h.call("GET", fence, ""), 200, ""), map[string]string{"status": "booked", "expires_at": "<nil>"})
	h.want(h.call("DELETE", "/v1/bookings/"+booking.json["booking_id"].(string), ""), 200, "")
	h.want(h.call("GET", fence, ""), 410, "hold_expired")
}

func TestRealDoor(t *testing.T) {
	h := newClaimHouse(t, 20)
	e := h.event("2030-05-01", `,"waiting_room":{"max_active":5,"new_per_minute":60}`)
	h.want(h.claim(e, "ann", `"seat_ids":["s3"]`), 403, "admission_required")
	h.want(h.claim(e, "ann", `"seat_ids":["s3"]`, "Admission-Token: forged"), 403, "admission_invalid")
	h.want(h.claim(e, "ann", `"seat_ids":["s3"]`, "Admission-Token: let me in"), 201, "")
	other := h.event("2030-05-02", "")
	h.want(h.claim(other, "ann", `"seat_ids":["s3"],"mode":"queue"`), 403, "admission_required")
	a := h.want(h.call("GET", "/v1/events/"+e, ""), 200, "")
	h.expect(a, map[string]string{"waiting_room": "map[first_use_seconds:120 lobby:true max_active:5 new_per_minute:60 pace:fixed scope:event session_seconds:600]"})
}

func TestRealNights(t *testing.T) {
	for name, rules := range map[string]string{"one group": `,"series":"run"`, "several groups": ""} {
		t.Run(name, func(t *testing.T) {
			h := newClaimHouse(t, 20)
			var events []string
			for i := range 3 {
				events = append(events, h.event(fmt.Sprint("2030-05-0", i+1), rules+`,"prices":{"gold":{"amount":100,"currency":"EUR"},"grey":{"amount":10,"currency":"EUR"}}`))
			}
			items := func(each string) string {
				var list []string
				for _, e := range events {
					list = append(list, fmt.Sprintf(`{"event_id":%q,%s}`, e, each))
				}
				return strings.Join(list, ",")
			}
			h.want(h.claim(events[2], "ann", `"seat_ids":["s3"]`), 201, "")
			lost := h.want(h.call("POST", "/v1/reservations", ofItems(items(`"seat_ids":["s3"]`))), 409, "seats_unavailable")
			h.expect(lost, map[string]string{"event_id": events[2], "alternatives": "<nil>", "conflicts": "[map[seat_id:s3 status:held]]"})
			a := h.want(h.call("POST", "/v1/reservations", ofItems(items(`"seat_ids":["s4","s5"],"areas":[{"area_id":"pit","quantity":1}]`))), 201, "")
			got := a.json["items"].([]any)
			first := got[0].(map[string]any)
			h.expect(a, map[string]string{"event_id": events[0], "seat_ids": "[s4 s5]", "areas": "[map[area_id:pit quantity:1]]",
				"fencing_token": fmt.Sprint(first["fencing_token"]), "version": fmt.Sprint(first["version"])})
			tokens, query := map[string]any{}, ""
			for _, it := range got {
				it := it.(map[string]any)
				tokens[it["event_id"].(string)] = it["fencing_token"]
				query += fmt.Sprintf("&fencing_tokens[%v]=%v", it["event_id"], it["fencing_token"])
			}
			path := "/v1/reservations/" + a.json["hold_id"].(string)
			if read := h.want(h.call("GET", path, ""), 200, ""); len(read.json["items"].([]any)) != 3 {
				t.Errorf("read again: %s", read.body)
			}
			text, _ := json.Marshal(tokens)
			h.want(h.call("POST", path+"/extend", fmt.Sprintf(`{"ttl_seconds":60,"fencing_tokens":%s}`, text)), 200, "")
			h.want(h.call("POST", path+"/extend", fmt.Sprintf(`{"ttl_seconds":60,"fencing_tokens":{%q:%v}}`, events[0], tokens[events[0]])), 400, "bad_request")
			h.want(h.call("DELETE", path+"?"+strings.TrimPrefix(strings.ReplaceAll(query, "=", "=9"), "&"), ""), 409, "stale_fencing_token")
			booking := h.want(h.call("POST", "/v1/bookings", fmt.Sprintf(`{"hold_id":%q,"fencing_tokens":%s,"payment":{"method":"sandbox"}}`, a.json["hold_id"], text)), 201, "")
			h.expect(booking, map[string]string{"event_id": events[0], "seat_ids": "[s4 s5]", "areas": "[map[area_id:pit quantity:1]]", "amount": "map[amount:630 currency:EUR]"})
			if list, _ := booking.json["items"].([]any); len(list) != 3 {
				t.Errorf("booked %s", booking.body)
			}

			same := strings.Replace(ofItems(items(`"best":{"quantity":2}`)), `{"holder`, `{"same_seats":true,"holder`, 1)
			a = h.want(h.call("POST", "/v1/reservations", same), 201, "")
			seats := map[string]bool{}
			for _, it := range a.json["items"].([]any) {
				seats[fmt.Sprint(it.(map[string]any)["seat_ids"])] = true
			}
			if len(seats) != 1 {
				t.Errorf("not the same seats: %s", a.body)
			}
			any := strings.Replace(ofItems(items(`"seat_ids":["s3"]`)), `{"holder`, `{"any_of":true,"holder`, 1)
			a = h.want(h.call("POST", "/v1/reservations", any), 201, "")
			h.expect(a, map[string]string{"event_id": events[0], "items": "<nil>"})
			query = fmt.Sprintf("?fencing_tokens[%s]=%v", events[0], a.json["fencing_token"])
			h.want(h.call("DELETE", "/v1/reservations/"+a.json["hold_id"].(string)+query, ""), 204, "")
		})
	}
}

func TestRealBestAndItsRules(t *testing.T) {
	h := newClaimHouse(t, 20)
	e := h.event("2030-05-01", `,"orphans":"forbid","limits":{"per_holder":4}`)
	h.expect(h.call("GET", "/v1/events/"+e, ""), map[string]string{"orphans": "forbid", "limits": "map[per_holder:4]"})
	a := h.want(h.claim(e, "ann", `"best":{"quantity":2,"category":"gold","section":"S0","near":"s9"}`), 201, "")
	h.expect(a, map[string]string{"seat_ids": "[s8 s9]"})
	h.expect(h.want(h.claim(e, "bob", `"seat_ids":["s6"]`), 409, "orphan_seats"), map[string]string{"seat_ids": "[s7]", "event_id": e})
	h.expect(h.want(h.claim(e, "ann", `"best":{"quantity":3}`), 409, "limit_exceeded"), map[string]string{"limit": "4", "has": "2"})
	h.want(h.claim(e, "cat", `"best":{"quantity":2,"category":"velvet"}`), 400, "bad_request")
	a = h.want(h.claim(e, "cat", `"best":{"quantity":2,"near":{"x":0,"y":10}}`), 201, "")
	h.expect(a, map[string]string{"seat_ids": "[s10 s11]"})
	a = h.want(h.claim(e, "dan", `"best":{"quantity":4,"accessible":1}`), 409, "seats_unavailable")
	h.expect(a, map[string]string{"conflicts": "[]", "alternatives": "<nil>"})
}

func TestRealAreasAndChannels(t *testing.T) {
	h := newClaimHouse(t, 20)
	e := h.event("2030-05-01", "")
	live := h.dial(protocolBin)
	live.say(`{"id":1,"subscribe":{"event_id":%q}}`, e)
	for len(live.areas) < 2 {
		live.apply(live.hear())
	}
	a := h.want(h.claim(e, "ann", `"seat_ids":["s0"],"areas":[{"area_id":"hill","quantity":3}]`), 201, "")
	h.expect(a, map[string]string{"seat_ids": "[s0]", "areas": "[map[area_id:hill quantity:3]]"})
	for live.areas[1] != 2 {
		live.apply(live.hear())
	}
	lost := h.want(h.claim(e, "bob", `"areas":[{"area_id":"hill","quantity":3}]`), 409, "seats_unavailable")
	h.expect(lost, map[string]string{"areas": "[map[area_id:hill left:2]]", "conflicts": "[]", "alternatives": "<nil>"})
	h.want(h.claim(e, "bob", `"areas":[{"area_id":"moon","quantity":1}]`), 404, "unknown_area")
	only := h.want(h.claim(e, "bob", `"areas":[{"area_id":"hill","quantity":2}]`), 201, "")
	h.expect(only, map[string]string{"seat_ids": "[]"})
	booking := h.want(h.call("POST", "/v1/bookings", fmt.Sprintf(`{"hold_id":%q,"payment":{"method":"sandbox"}}`, only.json["hold_id"])), 201, "")
	h.expect(booking, map[string]string{"seat_ids": "[]", "areas": "[map[area_id:hill quantity:2]]"})
	areas := h.call("GET", "/v1/events/"+e+"/seats", "").json["areas"].([]any)
	if got := fmt.Sprint(areas[1]); got != "map[area_id:hill booked:2 capacity:5 category:grey free:0 held:3 name:Hill]" {
		t.Errorf("got %s", got)
	}

	seats := "/v1/events/" + e + "/seats"
	h.want(h.call("POST", seats, `{"action":"allot","seat_ids":["s4","s5"],"channel":"club","channel_key":"open sesame","reason":"fans"}`), 200, "")
	h.want(h.call("POST", seats, `{"action":"block","seat_ids":["s9","s7"],"reason":"camera"}`), 200, "")
	h.want(h.claim(e, "cat", `"seat_ids":["s4"]`), 409, "seats_unavailable")
	h.want(h.claim(e, "cat", `"seat_ids":["s4"],"channel_key":"open barley"`), 403, "channel_key_refused")
	h.want(h.claim(e, "cat", `"seat_ids":["s4"],"channel_key":"open sesame"`), 201, "")
	other := h.want(h.call("POST", seats, `{"action":"allot","seat_ids":["s6"],"channel":"press","channel_key":"open sesame"}`), 400, "bad_request")
	h.expect(other, map[string]string{"field": "channel_key"})
	blocks := h.want(h.call("GET", "/v1/events/"+e+"/blocks", ""), 200, "")
	h.expect(blocks, map[string]string{"items": "[map[channel:club reason:fans seat_ids:[s4 s5]] map[reason:camera seat_ids:[s7 s9]]]"})
}

func TestRealRouting(t *testing.T) {
	h := newClaimHouse(t, 20)
	e := h.event("2030-05-01", `,"strategy":"auto"`)
	a := h.want(h.claim(e, "ann", `"seat_ids":["s3"],"tier":"gold"`), 201, "")
	routing, _ := a.json["routing"].(map[string]any)
	if routing["pattern"] != "direct" || routing["because"] == "" {
		t.Errorf("got %s", a.body)
	}
	a = h.want(h.claim(e, "ann", `"seat_ids":["s5"],"mode":"direct"`), 201, "")
	h.expect(a, map[string]string{"routing": "<nil>"})
}

// TestRealClaimsOfAnyShape: whatever is asked for in the right form is granted or refused
// by a rule that the API names; nothing is a surprise to the inside.
func TestRealClaimsOfAnyShape(t *testing.T) {
	h := newClaimHouse(t, 40)
	r := rand.New(rand.NewPCG(1, 2))
	events := []string{h.event("2030-05-01", `,"series":"run","limits":{"per_holder":9}`), h.event("2030-05-02", `,"series":"run","orphans":"avoid"`),
		h.event("2030-05-03", `,"strategy":"skip_locked","orphans":"forbid"`), h.event("2030-05-04", `,"strategy":"auto"`)}
	h.want(h.call("POST", "/v1/events/"+events[0]+"/seats", `{"action":"allot","seat_ids":["s4","s5"],"channel":"club","channel_key":"open sesame"}`), 200, "")
	seen := map[string]int{}
	for range 600 {
		body := anyShape(r, events)
		a := h.call("POST", "/v1/reservations", body, "Admission-Token: let me in")
		switch {
		case a.status == 201 && r.IntN(3) > 0:
			h.call("DELETE", fmt.Sprintf("/v1/reservations/%v?fencing_token=%v", a.json["hold_id"], a.json["fencing_token"]), "")
		case a.status >= 500 || a.status == 201 && a.json["seat_ids"] == nil:
			t.Errorf("%s: %d %s", body, a.status, a.body)
		}
		seen[fmt.Sprint(a.status, a.code())]++
	}
	if len(seen) < 6 || seen["201"] < 50 {
		t.Errorf("a narrow look: %v", seen)
	}
}

// anyShape is a reservation of the right form, sensible or not.
func anyShape(r *rand.Rand, events []string) string {
	pick := func(list ...string) string { return list[r.IntN(len(list))] }
	terms := func() string {
		seat := func() string { return fmt.Sprint("s", r.IntN(41)) }
		wanted := pick(
			fmt.Sprintf(`"seat_ids":[%q]`, seat()),
			fmt.Sprintf(`"seat_ids":[%q,%q]`, seat(), seat()),
			fmt.Sprintf(`"seat_ids":["s7"],"expected":[{"seat_id":%q,"version":%d}]`, pick("s7", "s8"), r.IntN(3)),
			fmt.Sprintf(`"best":{"quantity":%d,"adjacent":%v,"across_aisle":%v,"accessible":%d,"companion":%d}`, 1+r.IntN(12), r.IntN(2) == 0, r.IntN(2) == 0, r.IntN(8)/6, r.IntN(8)/7),
			fmt.Sprintf(`"best":{"quantity":2,"near":%s,"section":%q,"category":%q}`, pick(`"s3"`, `"zz"`, `{"x":1e300,"y":-3}`, `{"x":20,"y":0}`), pick("S0", "S9"), pick("gold", "grey")),
			`"areas":[{"area_id":"hill","quantity":1}]`)
		return wanted + pick("", "", `,"if_version":3`, `,"channel_key":"open sesame"`, `,"channel_key":"open barley"`)
	}
	rest := `"holder_id":"` + pick("ann", "bob", "cat") + `"` + pick("", "", `,"mode":"lease"`, `,"mode":"optimistic"`, `,"mode":"skip_locked"`, `,"mode":"queue"`, `,"mode":"auto"`) +
		pick("", "", `,"accept":"suggest"`, `,"accept":"substitute"`, `,"accept":"exact"`) + pick("", "", `,"orphans":"forbid"`, `,"orphans":"avoid"`)
	if r.IntN(3) > 0 {
		return fmt.Sprintf(`{%s,"event_id":%q,%s}`, rest, pick(events...), terms())
	}
	same, first := terms(), r.IntN(len(events))
	var items []string
	for i := range 1 + r.IntN(3) {
		if r.IntN(2) == 0 {
			same = terms()
		}
		items = append(items, fmt.Sprintf(`{"event_id":%q,%s}`, events[(first+i)%len(events)], same))
	}
	return fmt.Sprintf(`{%s,"items":[%s]%s}`, rest, strings.Join(items, ","), pick("", "", `,"any_of":true`, `,"same_seats":true`))
}
