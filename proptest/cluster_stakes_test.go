package proptest_test

import (
	"errors"
	"fmt"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"
)

// verifyStakes asks a node for every hold and booking that was acknowledged.
func (c *cluster) verifyStakes(l *load, n *clusterNode) {
	c.t.Helper()
	var readers errgroup.Group
	readers.SetLimit(clusterClients)
	var mu sync.Mutex
	lost := 0
	for _, s := range l.stakes {
		readers.Go(func() error {
			if err := c.verifyStake(n, s); err != nil {
				mu.Lock()
				defer mu.Unlock()
				if lost++; lost <= 10 {
					c.t.Errorf("node %s: acknowledged as %+v: %v", n.id, *s, err)
				}
			}
			return nil
		})
	}
	_ = readers.Wait() // they tell t
	if lost > 10 {
		c.t.Errorf("node %s: %d of %d are not as acknowledged", n.id, lost, len(l.stakes))
	}
}

func (c *cluster) verifyStake(n *clusterNode, s *stake) error {
	status, err := c.readStake(n, s)
	if err != nil {
		return err
	}
	return s.mayBe(status)
}

// absent is the status of a stake that a node knows nothing of.
const absent = "absent"

// readStake asks a node what became of a stake; what it has never changes.
func (c *cluster) readStake(n *clusterNode, s *stake) (status string, err error) {
	var h killHold
	switch err := c.get(n.api+"/v1/reservations/"+s.hold, &h); {
	case errors.Is(err, errNotThere):
		return absent, nil
	case err != nil:
		return "", err
	case h.Token != s.token || h.EventID != s.event || h.HolderID != s.holder || !slices.Equal(h.SeatIDs, s.seats):
		return "", fmt.Errorf("the hold is now %+v", h)
	case s.late && h.Status == "released":
		return h.Status, nil // it was given up before it had all its nights
	case !slices.EqualFunc(h.Items, s.nights, night.equal):
		return "", fmt.Errorf("the hold is now %+v", h)
	case h.Status != "booked" || s.booking == "":
		return h.Status, nil
	}
	var b struct {
		HoldID  string   `json:"hold_id"`
		SeatIDs []string `json:"seat_ids"`
		Items   []night  `json:"items"`
		Status  string   `json:"status"`
	}
	if err := c.get(n.api+"/v1/bookings/"+s.booking, &b); err != nil {
		return "", err
	}
	if b.HoldID != s.hold || !slices.Equal(b.SeatIDs, s.seats) || !slices.EqualFunc(b.Items, s.nights, night.equal) {
		return "", fmt.Errorf("the booking is now %+v", b)
	}
	return b.Status, nil
}

// mayBe wants a status to be what was acknowledged last, or what was asked for after that
// without an answer.
func (s *stake) mayBe(status string) error {
	if status != s.status && status != s.perhaps {
		return fmt.Errorf("it is now %s", status)
	}
	return nil
}

// keys are the seats that a stake has, as event and seat.
func (s *stake) keys() []string {
	if len(s.nights) == 0 {
		return keysOf([]night{{EventID: s.event, SeatIDs: s.seats}})
	}
	return keysOf(s.nights)
}

// tokens are all fencing tokens that came with a stake, with their events.
func (s *stake) tokens() []string {
	if len(s.nights) == 0 {
		return []string{fmt.Sprint(s.event, " ", s.token)}
	}
	var all []string
	for _, n := range s.nights {
		all = append(all, fmt.Sprint(n.EventID, " ", n.Token))
	}
	return all
}
