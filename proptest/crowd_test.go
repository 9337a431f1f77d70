package proptest

import (
	"encoding/json"
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/usherhq/usher/engine"
)

// TestCrowdOverHTTP has 200 clients fight for the same 500 seats of the stadium, alone
// and in pairs: each seat is sold once, losers get 409 with exactly the seats that stood
// in the way, and what was granted is what the map shows.
func TestCrowdOverHTTP(t *testing.T) {
	const clients, seats = 200, 500
	s := openStadium(t, engine.Config{Replicas: 3, Groups: 2})
	all := s.seats().Seats[:seats]
	c := crowd{s: s, owner: make(map[string]string)}
	var wg sync.WaitGroup
	for who := range clients {
		wg.Go(func() {
			for i := 0; i < seats; i += 10 {
				at := (i + who*7) % (seats - 1)
				wanted := []string{all[at].SeatID}
				if who%2 == 0 {
					wanted = append(wanted, all[at+1].SeatID)
				}
				c.claim(fmt.Sprint("client-", who), wanted)
			}
		})
	}
	wg.Wait()
	for _, seat := range s.seats().Seats {
		if _, sold := c.owner[seat.SeatID]; sold != (seat.Status == "held") {
			t.Errorf("seat %s is %s, granted: %v", seat.SeatID, seat.Status, sold)
		}
	}
	t.Logf("%d claims: %d won, %d lost, %d seats sold of %d", c.won+c.lost, c.won, c.lost, len(c.owner), seats)
	if c.lost == 0 || len(c.owner) < seats/2 {
		t.Error("there was no contest")
	}
}

type crowd struct {
	s     *stadium
	mu    sync.Mutex
	owner map[string]string
	won   int
	lost  int
}

func (c *crowd) claim(holder string, wanted []string) {
	status, data, err := c.s.call("POST", "/v1/reservations", "application/json", reservationBody(c.s.event, holder, wanted...))
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case err != nil:
		c.s.t.Error(err)
	case status == 201:
		c.won++
		for _, seat := range wanted {
			if other, twice := c.owner[seat]; twice {
				c.s.t.Errorf("seat %s sold to %s and to %s", seat, other, holder)
			}
			c.owner[seat] = holder
		}
	case status == 409:
		c.lost++
		c.checkLoss(wanted, data)
	default:
		c.s.t.Errorf("%d: %s", status, data)
	}
}

// checkLoss wants a problem that names seats that were asked for, and only those.
func (c *crowd) checkLoss(wanted []string, data []byte) {
	var p struct {
		Code      string
		Outcome   string
		Conflicts []seatRow
	}
	if err := json.Unmarshal(data, &p); err != nil || p.Code != "seats_unavailable" || p.Outcome != "not_applied" || len(p.Conflicts) == 0 {
		c.s.t.Errorf("a loss without its seats: %v %s", err, data)
	}
	for _, lost := range p.Conflicts {
		if !slices.Contains(wanted, lost.SeatID) || lost.Status != "held" {
			c.s.t.Errorf("asked for %v, in the way: %+v", wanted, lost)
		}
	}
}
