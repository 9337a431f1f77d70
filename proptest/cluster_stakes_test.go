package proptest_test

import (
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
	var h killHold
	if err := c.get(n.api+"/v1/reservations/"+s.hold, &h); err != nil {
		return err
	}
	if !s.mayBe(h.Status) || h.Token != s.token || h.EventID != s.event || h.HolderID != s.holder || !slices.Equal(h.SeatIDs, s.seats) {
		return fmt.Errorf("the hold is now %+v", h)
	}
	if s.booking == "" {
		return nil
	}
	var b struct {
		HoldID  string   `json:"hold_id"`
		SeatIDs []string `json:"seat_ids"`
		Status  string   `json:"status"`
	}
	if err := c.get(n.api+"/v1/bookings/"+s.booking, &b); err != nil {
		return err
	}
	if b.HoldID != s.hold || !slices.Equal(b.SeatIDs, s.seats) || b.Status != s.status && b.Status != s.perhaps {
		return fmt.Errorf("the booking is now %+v", b)
	}
	return nil
}

// mayBe tells whether a hold may have a status. That of a booking which was cancelled stays
// booked: the booking says more.
func (s *stake) mayBe(status string) bool {
	for _, is := range []string{s.status, s.perhaps} {
		if is == "cancelled" {
			is = "booked"
		}
		if is == status {
			return true
		}
	}
	return false
}
