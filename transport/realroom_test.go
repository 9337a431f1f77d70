package transport

import (
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/usherhq/usher/engine"
)

// roomEvent makes an event of the real engine with a waiting room and returns its path.
func (h *house) roomEvent(date, onsale, room string) (eventID, path string) {
	h.Helper()
	a := h.want(h.call("POST", "/v1/events", fmt.Sprintf(`{"venue_id":"hall","event_date":%q,"chart_id":"hall"%s,"waiting_room":%s}`, date, onsale, room)), 201, "")
	eventID = a.json["event_id"].(string)
	return eventID, "/v1/events/" + eventID
}

func (h *house) join(path, holder, more string) string {
	h.Helper()
	return h.want(h.call("POST", path+"/queue", fmt.Sprintf(`{"holder_id":%q%s}`, holder, more)), 201, "").json["ticket"].(string)
}

// held claims seats with an admission.
func (h *house) held(eventID, holder, token, seat string) answer {
	h.Helper()
	return h.call("POST", "/v1/reservations", fmt.Sprintf(`{"event_id":%q,"seat_ids":[%q],"holder_id":%q}`, eventID, seat, holder), "Admission-Token: "+token)
}

// TestRealRoom is the way of three shoppers, one of whom may be in the shop: lobby, draw, line,
// admission, hold, booking; and then the next.
func TestRealRoom(t *testing.T) {
	h := newRealHouse(t, 20)
	opens := time.Now().Add(1500 * time.Millisecond)
	id, path := h.roomEvent("2031-01-01", fmt.Sprintf(`,"onsale_at":%q`, opens.Format(time.RFC3339Nano)), `{"max_active":1,"new_per_minute":6000}`)
	commitment := h.want(h.call("GET", path+"/room/draw", ""), 200, "").json["commitment"].(string)
	h.want(h.call("GET", path+"/room/entrants", ""), 409, "draw_not_done")
	watchers := map[string]*client{}
	tickets := map[string]string{}
	for _, who := range []string{"ann", "bob", "cid"} {
		tickets[who] = h.join(path, who, "")
		again := h.want(h.call("POST", path+"/queue", fmt.Sprintf(`{"holder_id":%q}`, who)), 200, "")
		if again.json["ticket"] != tickets[who] || again.json["state"] != "lobby" || again.json["position"] != nil {
			t.Errorf("joined again: %s", again.body)
		}
		watchers[who] = h.dial(protocolBin)
		if q := watchers[who].watch(1, tickets[who]); q.State != engine.QueueLobby || q.OpensAt == nil {
			t.Errorf("in the lobby: %+v", q)
		}
	}
	held := h.want(h.held(id, "ann", "", "s0"), 400, "bad_request")
	if held.json["field"] != admissionHeader {
		t.Errorf("an empty token: %s", held.body)
	}

	left := maps.Clone(tickets)
	for turn := range 3 {
		who, q := h.whoIsIn(watchers, left)
		delete(left, who)
		for other := range left {
			h.want(h.held(id, other, q.AdmissionToken, "s9"), 403, "admission_foreign")
		}
		a := h.want(h.held(id, who, q.AdmissionToken, fmt.Sprint("s", turn)), 201, "")
		h.want(h.call("POST", "/v1/admissions", fmt.Sprintf(`{"event_id":%q,"holder_id":%q,"admission_token":%q}`, id, who, q.AdmissionToken)), 200, "")
		h.want(h.call("POST", "/v1/bookings", fmt.Sprintf(`{"hold_id":%q,"payment":{"method":"sandbox"}}`, a.json["hold_id"])), 201, "")
		last := watchers[who].queueUntil(func(q queueBody) bool { return q.State == engine.QueueLeft })
		if last.Reason != "booked" {
			t.Errorf("in the end: %+v", last)
		}
		h.want(h.held(id, who, q.AdmissionToken, "s9"), 403, "admission_replayed")
	}
	h.checkDraw(path, commitment, tickets)
	if a := h.want(h.call("GET", path+"/room", ""), 200, ""); fmt.Sprintf("%v %v %v", a.json["joined"], a.json["over"], a.json["phase"]) != "3 3 line" {
		t.Errorf("the figures: %s", a.body)
	}
}

// whoIsIn waits for one of those left to be admitted, who then hears it too.
func (h *house) whoIsIn(watchers map[string]*client, left map[string]string) (string, queueBody) {
	h.Helper()
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		for who, ticket := range left {
			a := h.want(h.call("GET", "/v1/queue/"+ticket, ""), 200, "")
			if a.json["state"] != "admitted" {
				continue
			}
			q := watchers[who].queueUntil(func(q queueBody) bool { return q.State == engine.QueueAdmitted })
			if q.AdmissionToken != a.json["admission_token"] || q.Ticket != ticket {
				h.Errorf("%s hears %+v, and is told %s", who, q, a.body)
			}
			return who, q
		}
	}
	h.Fatal("nobody is admitted")
	return "", queueBody{}
}

// checkDraw repeats what anyone can: the seed is the one that was promised, and the list is whole.
func (h *house) checkDraw(path, commitment string, tickets map[string]string) {
	h.Helper()
	draw := h.want(h.call("GET", path+"/room/draw", ""), 200, "").json
	seed, err := hex.DecodeString(draw["seed"].(string))
	if sum := sha256.Sum256(seed); err != nil || hex.EncodeToString(sum[:]) != commitment || draw["commitment"] != commitment {
		h.Errorf("the seed %v is not the one of %s", draw["seed"], commitment)
	}
	rows, err := csv.NewReader(strings.NewReader(string(h.want(h.call("GET", path+"/room/entrants", ""), 200, "").body))).ReadAll()
	if err != nil || len(rows) != 1+len(tickets) || strings.Join(rows[0], ",") != "entrant,tier,place" {
		h.Fatalf("the list: %v %v", rows, err)
	}
	places, ids := map[string]string{}, []byte{}
	for _, row := range rows[1:] {
		id, err := hex.DecodeString(row[0])
		if err != nil || len(id) != 16 {
			h.Errorf("entrant %q", row[0])
		}
		ids, places[row[0]] = append(ids, id...), row[2]
	}
	if sum := sha256.Sum256(ids); hex.EncodeToString(sum[:]) != draw["digest"] {
		h.Errorf("the list is not the one of digest %v", draw["digest"])
	}
	for _, ticket := range tickets {
		a := h.want(h.call("GET", "/v1/queue/"+ticket, ""), 200, "")
		if got := fmt.Sprint(a.json["drawn_place"]); got != places[a.json["entrant"].(string)] {
			h.Errorf("%s is at %s in the list: %s", ticket, places[a.json["entrant"].(string)], a.body)
		}
	}
}

// TestRealSeriesRoom: one place and one admission for the nights of a series, the wanted ones in
// order.
func TestRealSeriesRoom(t *testing.T) {
	h := newRealHouse(t, 20)
	const room = `{"max_active":5,"new_per_minute":6000,"tiers":{"gold":"1:1"}}`
	first, path := h.roomEvent("2031-02-01", `,"series":"run"`, room)
	second, other := h.roomEvent("2031-02-02", `,"series":"run"`, room)
	alone, apart := h.roomEvent("2031-02-03", `,"series":"run"`, `{"max_active":1,"new_per_minute":60,"scope":"event"}`)
	spec := `{"venue_id":"hall","event_date":"2031-02-04","chart_id":"hall"%s,"waiting_room":{"max_active":6,"new_per_minute":6000%s}}`
	for _, x := range []struct{ series, room, field string }{
		{`,"series":"run"`, "", "waiting_room"}, {"", `,"scope":"series"`, "waiting_room.scope"},
		{"", `,"return_urls":["http://shop.example"]`, "waiting_room.return_urls[0]"}, {"", `,"return_urls":["https://shop.example/?a"]`, "waiting_room.return_urls[0]"},
	} {
		if a := h.want(h.call("POST", "/v1/events", fmt.Sprintf(spec, x.series, x.room)), 400, "bad_request"); a.json["field"] != x.field {
			t.Errorf("%+v: %s", x, a.body)
		}
	}
	a := h.want(h.call("POST", path+"/queue", fmt.Sprintf(`{"holder_id":"ann","tier":"gold","nights":[%q,%q]}`, second, first)), 201, "")
	if a.json["event_id"] != second || fmt.Sprint(a.json["events"]) != fmt.Sprint([]string{second, first}) || a.json["tier"] != "gold" || a.json["state"] != "admitted" {
		t.Errorf("admitted: %s", a.body)
	}
	again := h.want(h.call("POST", other+"/queue", `{"holder_id":"ann"}`), 200, "")
	if again.json["ticket"] != a.json["ticket"] {
		t.Errorf("two places in one room: %s", again.body)
	}
	token := a.json["admission_token"].(string)
	h.want(h.held(first, "ann", token, "s1"), 201, "")
	h.want(h.held(second, "ann", token, "s1"), 201, "")
	h.want(h.held(alone, "ann", token, "s1"), 403, "admission_foreign")
	for _, bad := range []string{`"tier":"silver"`, fmt.Sprintf(`"nights":[%q]`, alone), fmt.Sprintf(`"nights":[%q,%q]`, first, first)} {
		h.want(h.call("POST", path+"/queue", fmt.Sprintf(`{"holder_id":"bob",%s}`, bad)), 400, "bad_request")
	}
	h.want(h.call("DELETE", "/v1/queue/"+a.json["ticket"].(string), ""), 204, "")
	h.want(h.held(first, "ann", token, "s2"), 403, "admission_replayed")

	h.want(h.call("PATCH", apart+"/room", `{"state":"paused","reason":"Rain."}`), 200, "")
	if q := h.want(h.call("POST", apart+"/queue", `{"holder_id":"bob"}`), 201, ""); q.json["paused"] != true || q.json["paused_reason"] != "Rain." || q.json["eta_seconds"] != nil || fmt.Sprint(q.json["position"]) != "1" {
		t.Errorf("paused: %s", q.body)
	}
	h.want(h.call("PATCH", apart+"/room", `{"state":"closed"}`), 200, "")
	h.want(h.call("POST", apart+"/queue", `{"holder_id":"cid"}`), 409, "room_closed")
	h.want(h.call("POST", "/v1/events/"+testEvent+"/queue", `{"holder_id":"cid"}`), 404, "no_waiting_room")
	h.want(h.call("PATCH", apart+"/room", `{"pace":5}`), 400, "bad_request")
	h.want(h.call("GET", "/v1/queue/tick_forged", ""), 404, "unknown_ticket")
}
