package proptest_test

import (
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
)

// killAPI calls the server, wherever it is at present.
type killAPI struct {
	base   string // changes with each start, when no client is at work
	client *http.Client
}

// killWrite is one request, repeatable by its key.
type killWrite struct{ method, path, mediaType, body, key string }

type killAnswer struct {
	status int
	body   string
}

func (a *killAPI) do(w killWrite) (killAnswer, error) {
	req, err := http.NewRequest(w.method, a.base+w.path, strings.NewReader(w.body))
	if err != nil {
		return killAnswer{}, err
	}
	if w.mediaType == "" {
		w.mediaType = "application/json"
	}
	if w.body != "" {
		req.Header.Set("Content-Type", w.mediaType)
	}
	if w.key != "" {
		// Go's client repeats a request by itself when a connection breaks, if it finds this
		// header as it would spell it; what is under test is that we may, and what it would
		// tell of the second time says nothing of the first.
		req.Header["idempotency-key"] = []string{w.key}
	}
	res, err := a.client.Do(req)
	if err != nil {
		return killAnswer{}, err
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	return killAnswer{res.StatusCode, string(raw)}, err
}

// identity is the part of an answer that has to be the same each time; server_time and
// the like may differ.
func (a killAnswer) identity() string {
	var v struct {
		HoldID    string   `json:"hold_id"`
		BookingID string   `json:"booking_id"`
		SeatIDs   []string `json:"seat_ids"`
		Token     uint64   `json:"fencing_token"`
		Expires   string   `json:"expires_at"`
		Version   uint64   `json:"version"`
	}
	if a.body != "" {
		if err := json.Unmarshal([]byte(a.body), &v); err != nil {
			return a.body
		}
	}
	return fmt.Sprint(v)
}

// killClient buys, one request at a time.
type killClient struct {
	shop *killShop
	t    *testing.T
	rng  *rand.Rand
	name string
	mine []*killHold // held
}

// killPending is a write without an answer, and what to make of the answer.
type killPending struct {
	write killWrite
	then  func(killAnswer)
}

// shopUntilCut buys until the connection breaks, and returns what was under way.
func (c *killClient) shopUntilCut() *killPending {
	for {
		p := c.next()
		p.write.key = fmt.Sprintf("%s-%x", c.name, c.rng.Uint64())
		a, err := c.shop.api.do(p.write)
		if err != nil {
			return p
		}
		p.then(a)
		if a.status < 300 && c.rng.IntN(10) == 0 {
			c.shop.mu.Lock()
			c.shop.acks = append(c.shop.acks, killAck{p.write, a})
			c.shop.mu.Unlock()
		}
	}
}

func (c *killClient) next() *killPending {
	if len(c.mine) == 0 || c.rng.IntN(3) == 0 {
		return c.hold()
	}
	i := c.rng.IntN(len(c.mine))
	h := c.mine[i]
	switch c.rng.IntN(10) {
	case 0, 1, 2:
		c.mine = slices.Delete(c.mine, i, i+1)
		return c.release(h)
	case 3, 4:
		return c.extend(h)
	case 5, 6, 7:
		c.mine = slices.Delete(c.mine, i, i+1)
		return c.book(h)
	}
	return c.hold()
}

// hold wants up to four neighbours, anywhere: they may well be somebody's.
func (c *killClient) hold() *killPending {
	event, row, n := killEvents[c.rng.IntN(len(killEvents))], c.rng.IntN(killRows), 1+c.rng.IntN(4)
	first := c.rng.IntN(killSeats - n)
	ids := make([]string, n)
	for i := range ids {
		ids[i] = killSeat(row, first+i)
	}
	body, err := json.Marshal(map[string]any{"event_id": event, "seat_ids": ids, "holder_id": c.name, "ttl_seconds": 3600})
	if err != nil {
		c.t.Error(err)
	}
	return &killPending{killWrite{method: "POST", path: "/v1/reservations", body: string(body)}, func(a killAnswer) {
		if a.status == 409 {
			return
		}
		h := &killHold{}
		c.want(a, 201, h)
		if c.own(h) {
			c.mine = append(c.mine, h)
		}
	}}
}

// own notes a grant: nobody may have one of its seats.
func (c *killClient) own(h *killHold) bool {
	if h.HoldID == "" {
		return false
	}
	s := c.shop
	s.mu.Lock()
	defer s.mu.Unlock()
	s.holds[h.HoldID] = h
	for _, id := range h.SeatIDs {
		if other := s.owner[h.EventID+" "+id]; other != "" {
			c.t.Errorf("seat %s of %s was granted to %s, but %s has it", id, h.EventID, h.HoldID, other)
		}
		s.owner[h.EventID+" "+id] = h.HoldID
	}
	return true
}

// release gives back. The seats count as free from before it is sent: they may be
// somebody else's before the answer is here.
func (c *killClient) release(h *killHold) *killPending {
	s := c.shop
	s.mu.Lock()
	for _, id := range h.SeatIDs {
		delete(s.owner, h.EventID+" "+id)
	}
	s.mu.Unlock()
	path := fmt.Sprintf("/v1/reservations/%s?fencing_token=%d", h.HoldID, h.Token)
	return &killPending{killWrite{method: "DELETE", path: path}, func(a killAnswer) {
		c.want(a, 204, nil)
		h.Status = "released"
	}}
}

func (c *killClient) extend(h *killHold) *killPending {
	body := fmt.Sprintf(`{"fencing_token":%d,"ttl_seconds":%d}`, h.Token, 3000+c.rng.IntN(600))
	return &killPending{killWrite{method: "POST", path: "/v1/reservations/" + h.HoldID + "/extend", body: body}, func(a killAnswer) {
		var got killHold
		c.want(a, 200, &got)
		if got.Token != h.Token {
			c.t.Errorf("extending %v gave %v", *h, got)
		}
		h.ExpiresAt = got.ExpiresAt
	}}
}

func (c *killClient) book(h *killHold) *killPending {
	body := fmt.Sprintf(`{"hold_id":%q,"fencing_token":%d,"payment":{"method":"sandbox"}}`, h.HoldID, h.Token)
	return &killPending{killWrite{method: "POST", path: "/v1/bookings", body: body}, func(a killAnswer) {
		var b struct {
			BookingID string `json:"booking_id"`
		}
		c.want(a, 201, &b)
		h.Status, h.bookingID = "booked", b.BookingID
	}}
}

// want reads an answer that can only be this one.
func (c *killClient) want(a killAnswer, status int, into any) {
	if a.status != status {
		c.t.Errorf("%s: status %d, want %d: %s", c.name, a.status, status, a.body)
		return
	}
	if into != nil {
		if err := json.Unmarshal([]byte(a.body), into); err != nil {
			c.t.Error(err)
		}
	}
}

func newKillAPI() *killAPI {
	return &killAPI{client: &http.Client{
		Timeout:   20 * time.Second,
		Transport: &http.Transport{MaxIdleConnsPerHost: killClients},
	}}
}
