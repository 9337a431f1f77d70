package proptest_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// censusCase is what a node shows of one stay of two nights, and of one call without an answer.
type censusCase struct {
	name   string
	status string            // of the hold; empty: unknown
	seats  map[string]string // by event and seat, of those that are not available
	change func(*killHold)
	others []*stake
	wrong  string // what is found; empty: all is right
}

// TestCensusNoticesEveryMutant: a census that found nothing wrong would prove nothing.
func TestCensusNoticesEveryMutant(t *testing.T) {
	one, two := killEvents[0], killEvents[1]
	has := func(status string) map[string]string {
		return map[string]string{one + " 0-1": status, two + " 0-1": status}
	}
	with := func(all map[string]string, keys ...string) map[string]string {
		for _, key := range keys {
			all[key] = "held"
		}
		return all
	}
	for _, c := range []censusCase{
		{name: "held", status: "held", seats: has("held")},
		{name: "released", status: "released", seats: map[string]string{}},
		{name: "the open call was granted", status: "held", seats: with(has("held"), one+" 2-2", two+" 2-2")},
		{name: "one night is free", status: "held", seats: map[string]string{one + " 0-1": "held"}, wrong: "is available, its owner says held"},
		{name: "one night is booked", status: "held", seats: map[string]string{one + " 0-1": "held", two + " 0-1": "booked"}, wrong: "is booked, its owner says held"},
		{name: "released, but for one night", status: "released", seats: map[string]string{two + " 0-1": "held"}, wrong: "nobody has it"},
		{name: "lost", seats: map[string]string{}, wrong: "it is now absent"},
		{name: "ended by itself", status: "expired", seats: map[string]string{}, wrong: "it is now expired"},
		{name: "half of the open call", status: "held", seats: with(has("held"), one+" 2-2"), wrong: "nobody has it"},
		{name: "the open call, booked", status: "held", seats: map[string]string{one + " 0-1": "held", two + " 0-1": "held", one + " 2-2": "booked", two + " 2-2": "booked"}, wrong: "nobody has it"},
		{name: "nobody's seat", status: "held", seats: with(has("held"), one+" 3-3"), wrong: "nobody has it"},
		{name: "a night is missing", status: "held", seats: has("held"), change: func(h *killHold) { h.Items = h.Items[:1] }, wrong: "the hold is now"},
		{name: "another seat", status: "held", seats: has("held"), change: func(h *killHold) { h.Items[1].SeatIDs = []string{"0-2"} }, wrong: "the hold is now"},
		{name: "another token", status: "held", seats: has("held"), change: func(h *killHold) { h.Items[1].Token++ }, wrong: "the hold is now"},
		{name: "sold twice", status: "held", seats: has("held"), others: []*stake{censusStake()}, wrong: "two owners"},
	} {
		site := httptest.NewServer(c.handler())
		x := &census{
			c: &cluster{t: t, client: site.Client()}, l: &load{t: t, events: killEvents[:2]}, node: &clusterNode{id: "n", api: site.URL},
			stakes: append(c.others, censusStake()), right: (*stake).mayBe,
			open: []*clusterCall{{verb: doHold, nights: []night{{EventID: one, SeatIDs: []string{"2-2"}}, {EventID: two, SeatIDs: []string{"2-2"}}}}},
		}
		err := x.take()
		site.Close()
		if (err == nil) != (c.wrong == "") || err != nil && !strings.Contains(err.Error(), c.wrong) {
			t.Errorf("%s: found %v, want %q", c.name, err, c.wrong)
		}
	}
}

// censusStake was acknowledged as held, and its release was not answered.
func censusStake() *stake {
	nights := []night{{killEvents[0], []string{"0-1"}, 7}, {killEvents[1], []string{"0-1"}, 8}}
	return &stake{hold: "hold_x", event: killEvents[0], holder: "ada", token: 7, seats: []string{"0-1"}, nights: nights, status: "held", perhaps: "released"}
}

func (c *censusCase) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /v1/reservations/{id}", func(w http.ResponseWriter, r *http.Request) {
		if c.status == "" {
			http.NotFound(w, r)
			return
		}
		s := censusStake()
		h := &killHold{HoldID: s.hold, EventID: s.event, SeatIDs: s.seats, HolderID: s.holder, Token: s.token, Status: c.status, Items: s.nights}
		if c.change != nil {
			c.change(h)
		}
		_ = json.NewEncoder(w).Encode(h) // who asks sees what comes
	})
	mux.HandleFunc("GET /v1/events/{event}/seats", func(w http.ResponseWriter, r *http.Request) {
		type seat struct {
			SeatID string `json:"seat_id"`
			Status string `json:"status"`
		}
		var all []seat
		for row := range killRows {
			for n := range killSeats {
				id := killSeat(row, n)
				is := c.seats[r.PathValue("event")+" "+id]
				if is == "" {
					is = "available"
				}
				all = append(all, seat{id, is})
			}
		}
		_ = json.NewEncoder(w).Encode(map[string]any{"seats": all}) // likewise
	})
	return mux
}
