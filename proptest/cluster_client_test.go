package proptest_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
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
	status                       string // held, booked, released, cancelled
	perhaps                      string // what it may be as well, after a call of unknown outcome
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
	return c.hold()
}

// any takes one out.
func (c *clusterClient) any(of *[]*stake) *stake {
	i := c.rng.IntN(len(*of))
	s := (*of)[i]
	*of = slices.Delete(*of, i, i+1)
	return s
}

// clusterRows of the house are sold, so that clients meet.
const clusterRows = 8

// hold wants one to three neighbours, anywhere: they may well be somebody's.
func (c *clusterClient) hold() *clusterCall {
	call := &clusterCall{client: c.no, verb: doHold, event: c.load.events[c.rng.IntN(len(c.load.events))]}
	row, n := c.rng.IntN(clusterRows), 1+c.rng.IntN(3)
	first := c.rng.IntN(killSeats - n)
	for i := range n {
		call.seats = append(call.seats, killSeat(row, first+i))
	}
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
		s := &stake{hold: h.HoldID, event: call.event, holder: holder, token: h.Token, seats: call.seats, status: "held"}
		c.held = append(c.held, s)
		c.load.stake(s)
	case wasRefused:
		c.conflicts(call, a)
	}
	return call
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
		s.status = status
		return true
	case wasRefused:
		c.load.t.Errorf("what was acknowledged is gone: %v", call)
	case unknown:
		s.perhaps = status
	}
	return false
}

// call asks a node, and if it does not know the answer, another one, with the same key.
func (c *clusterClient) call(call *clusterCall, w killWrite) killAnswer {
	w.key = fmt.Sprintf("client-%d-%x", c.no, c.rng.Uint64())
	nodes := c.load.open()
	first := c.first
	if first == nil {
		first = nodes[c.rng.IntN(len(nodes))]
	}
	a := c.try(call, first, w)
	if call.failed() {
		rest := others(nodes, first)
		a = c.try(call, rest[c.rng.IntN(len(rest))], w)
	}
	return a
}

func (c *clusterClient) try(call *clusterCall, n *clusterNode, w killWrite) killAnswer {
	h := c.load.history
	t := attempt{node: n.id, start: h.now()}
	a, err := (&killAPI{base: n.api, client: c.load.client}).do(w)
	t.end = h.now()
	t.verdict, t.said = judged(a, err)
	call.tries = append(call.tries, t)
	return a
}

// judged tells what an answer means. An error after the connection was made tells nothing.
func judged(a killAnswer, err error) (verdict, string) {
	var op *net.OpError
	switch {
	case errors.As(err, &op) && op.Op == "dial":
		return notApplied, err.Error()
	case err != nil:
		return unknown, err.Error()
	}
	said := fmt.Sprintf("%d %s", a.status, a.body)
	switch {
	case a.status < 300 && a.status != http.StatusAccepted:
		return wasDone, said
	case 400 <= a.status && a.status < 500:
		return wasRefused, said
	}
	var p struct {
		Outcome string `json:"outcome"`
	}
	if json.Unmarshal([]byte(a.body), &p) == nil && p.Outcome == "not_applied" {
		return notApplied, said
	}
	return unknown, said
}

func (c *clusterClient) read(call *clusterCall, a killAnswer, into any) {
	if err := json.Unmarshal([]byte(a.body), into); err != nil {
		c.load.t.Errorf("%v in the answer to %v", err, call)
	}
}
