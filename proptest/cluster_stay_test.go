package proptest_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
)

// night is what a stay has of one event.
type night struct {
	EventID string   `json:"event_id"`
	SeatIDs []string `json:"seat_ids"`
	Token   uint64   `json:"fencing_token,omitempty"` // once it was granted
}

func (n night) equal(o night) bool {
	return n.EventID == o.EventID && n.Token == o.Token && slices.Equal(n.SeatIDs, o.SeatIDs)
}

// keysOf are seats of nights, as event and seat.
func keysOf(nights []night) (all []string) {
	for _, n := range nights {
		for _, seat := range n.SeatIDs {
			all = append(all, n.EventID+" "+seat)
		}
	}
	return all
}

// stay wants one seat or two neighbours on two nights or three. The group of the first, which may
// be any, is the one that decides.
func (c *clusterClient) stay() *clusterCall {
	n := 1 + c.rng.IntN(2)
	row, first := c.rng.IntN(clusterRows), c.rng.IntN(killSeats-n)
	var seats []string
	for i := range n {
		seats = append(seats, killSeat(row, first+i))
	}
	events := c.load.events
	// A second try brings the first one's bundle to an end, so that the keeper has nothing to do.
	call := &clusterCall{client: c.no, verb: doHold, seats: seats, single: c.rng.IntN(2) == 0}
	for _, i := range c.rng.Perm(len(events))[:2+c.rng.IntN(len(events)-1)] {
		call.nights = append(call.nights, night{EventID: events[i], SeatIDs: seats})
	}
	call.event = call.nights[0].EventID
	return c.holdNights(call)
}

func (c *clusterClient) holdNights(call *clusterCall) *clusterCall {
	body, err := json.Marshal(map[string]any{"items": call.nights, "holder_id": fmt.Sprintf("client-%d", c.no), "ttl_seconds": 3600})
	if err != nil {
		panic(err) // strings and numbers
	}
	a := c.call(call, killWrite{method: http.MethodPost, path: "/v1/reservations", body: string(body)})
	switch call.last().verdict {
	case wasDone:
		s, err := call.granted(a)
		if err != nil {
			c.load.t.Errorf("%v in the answer to %v", err, call)
			break
		}
		c.took(call, s)
	case wasRefused:
		c.conflicts(call, a)
	}
	return call
}

// granted reads what a stay was given: all that was asked for.
func (c *clusterCall) granted(a killAnswer) (*stake, error) {
	var h killHold
	if err := json.Unmarshal([]byte(a.body), &h); err != nil {
		return nil, err
	}
	c.hold, c.token = h.HoldID, h.Token
	if len(h.Items) != len(c.nights) {
		return nil, fmt.Errorf("%d items", len(h.Items))
	}
	for i, it := range h.Items {
		if want := c.nights[i]; it.EventID != want.EventID || !slices.Equal(it.SeatIDs, want.SeatIDs) {
			return nil, fmt.Errorf("item %d is %+v", i, it)
		}
	}
	return &stake{hold: h.HoldID, event: c.event, holder: h.HolderID, token: h.Token, seats: c.seats, nights: h.Items}, nil
}

// open are the holds that may have been granted without anybody knowing.
func (h *history) open() (out []*clusterCall) {
	for _, c := range h.all() {
		maybe := slices.ContainsFunc(c.tries, func(a attempt) bool { return a.verdict == unknown })
		if c.verb == doHold && maybe && c.last().verdict != wasDone {
			out = append(out, c)
		}
	}
	return out
}
