package proptest_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"time"
)

// clusterClient buys, one call at a time, at whichever node it comes to.
type clusterClient struct {
	load  *load
	no    int
	rng   *rand.Rand
	first *clusterNode // where each call begins; nil: anywhere
	held  []*stake
	paid  []*stake
}

// stake is a hold that was granted, and what became of it. It belongs to its client, and after
// the load to the test.
type stake struct {
	hold, booking, event, holder string
	token                        uint64
	seats                        []string
	nights                       []night // of a stay: what it has, of each event
	acks                         []stakeAck
	late                         bool   // granted after the backup that is asked was begun
	status                       string // held, booked, released, cancelled
	perhaps                      string // what it may be as well, after a call of unknown outcome
}

// stakeAck is when a stake was said to have become something.
type stakeAck struct {
	status string
	at     time.Duration // of the history
}

// run buys until the load is to stop.
func (c *clusterClient) run() {
	for !c.load.stopped() {
		c.load.history.add(c.once())
		time.Sleep(c.load.pause/2 + rand.N(c.load.pause))
	}
}

func (c *clusterClient) once() *clusterCall {
	switch n := c.rng.IntN(12); {
	case n < 2 && len(c.held) > 0:
		return c.release(c.any(&c.held))
	case n < 5 && len(c.held) > 0:
		return c.book(c.any(&c.held))
	case n < 7 && len(c.held) > 0:
		return c.extend(c.held[c.rng.IntN(len(c.held))])
	case n < 9 && len(c.paid) > 0:
		return c.cancel(c.any(&c.paid))
	}
	return c.load.want(c)
}

// any takes one out.
func (c *clusterClient) any(of *[]*stake) *stake {
	i := c.rng.IntN(len(*of))
	s := (*of)[i]
	*of = slices.Delete(*of, i, i+1)
	return s
}

// clusterRows of the house are sold, so that clients meet.
const clusterRows = 4

// hold wants one to three neighbours, anywhere: they may well be somebody's.
func (c *clusterClient) hold() *clusterCall {
	event := c.load.events[c.rng.IntN(len(c.load.events))]
	row, n := c.rng.IntN(clusterRows), 1+c.rng.IntN(3)
	first := c.rng.IntN(killSeats - n)
	var seats []string
	for i := range n {
		seats = append(seats, killSeat(row, first+i))
	}
	return c.holdOf(event, seats...)
}

func (c *clusterClient) holdOf(event string, seats ...string) *clusterCall {
	call := &clusterCall{client: c.no, verb: doHold, event: event, seats: seats}
	holder := fmt.Sprintf("client-%d", c.no)
	body, err := json.Marshal(map[string]any{"event_id": call.event, "seat_ids": call.seats, "holder_id": holder, "ttl_seconds": 3600})
	if err != nil {
		panic(err) // strings and numbers
	}
	a := c.call(call, killWrite{method: http.MethodPost, path: "/v1/reservations", body: string(body)})
	switch call.last().verdict {
	case wasDone:
		var h killHold
		c.read(call, a, &h)
		call.hold, call.token = h.HoldID, h.Token
		c.took(call, &stake{hold: h.HoldID, event: call.event, holder: holder, token: h.Token, seats: call.seats})
	case wasRefused:
		c.conflicts(call, a)
	}
	return call
}

// took notes a hold that was granted.
func (c *clusterClient) took(call *clusterCall, s *stake) {
	s.became("held", call)
	c.held = append(c.held, s)
	c.load.stake(s)
}

// conflicts notes which seats are said to have stood in the way.
func (c *clusterClient) conflicts(call *clusterCall, a killAnswer) {
	var p struct {
		Code      string `json:"code"`
		Conflicts []struct {
			SeatID string `json:"seat_id"`
			Status string `json:"status"`
		} `json:"conflicts"`
	}
	c.read(call, a, &p)
	if p.Code != "seats_unavailable" || len(p.Conflicts) == 0 {
		c.load.t.Errorf("a hold was refused without a seat in its way: %v", call)
	}
	call.taken = map[string]string{}
	for _, s := range p.Conflicts {
		call.taken[s.SeatID] = s.Status
	}
}

func (c *clusterClient) extend(s *stake) *clusterCall {
	call := s.call(c.no, doExtend)
	body := fmt.Sprintf(`{"fencing_token":%d,"ttl_seconds":%d}`, s.token, 3000+c.rng.IntN(600))
	c.call(call, killWrite{method: http.MethodPost, path: "/v1/reservations/" + s.hold + "/extend", body: body})
	c.granted(call, s, "held")
	return call
}

func (c *clusterClient) release(s *stake) *clusterCall {
	call := s.call(c.no, doRelease)
	c.call(call, killWrite{method: http.MethodDelete, path: fmt.Sprintf("/v1/reservations/%s?fencing_token=%d", s.hold, s.token)})
	c.granted(call, s, "released")
	return call
}

func (c *clusterClient) book(s *stake) *clusterCall {
	call := s.call(c.no, doBook)
	body := fmt.Sprintf(`{"hold_id":%q,"fencing_token":%d,"payment":{"method":"sandbox"}}`, s.hold, s.token)
	a := c.call(call, killWrite{method: http.MethodPost, path: "/v1/bookings", body: body})
	if c.granted(call, s, "booked") {
		var b struct {
			BookingID string `json:"booking_id"`
		}
		c.read(call, a, &b)
		s.booking = b.BookingID
		c.paid = append(c.paid, s)
	}
	return call
}

func (c *clusterClient) cancel(s *stake) *clusterCall {
	call := s.call(c.no, doCancel)
	c.call(call, killWrite{method: http.MethodDelete, path: "/v1/bookings/" + s.booking})
	c.granted(call, s, "cancelled")
	return call
}

func (s *stake) call(client int, v verb) *clusterCall {
	return &clusterCall{client: client, verb: v, event: s.event, seats: s.seats, hold: s.hold, token: s.token}
}

// granted notes what became of a stake. It is its client's alone, so nothing can be refused.
func (c *clusterClient) granted(call *clusterCall, s *stake, status string) bool {
	switch call.verdict() {
	case wasDone:
		s.became(status, call)
		return true
	case wasRefused:
		c.load.t.Errorf("what was acknowledged is gone: %v", call)
	case unknown:
		if status != s.status {
			s.perhaps = status
		}
	}
	return false
}

func (s *stake) became(status string, by *clusterCall) {
	s.status = status
	s.acks = append(s.acks, stakeAck{status, by.last().end})
}
