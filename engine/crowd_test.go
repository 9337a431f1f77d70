package engine_test

import (
	"context"
	"errors"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/usherhq/usher/engine"
	"github.com/usherhq/usher/engine/chart"
)

// TestMillionAttempts has 200 callers try for 500 seats until there have been so many
// attempts: USHER_ATTEMPTS, or 100,000. Each seat is granted exactly once.
func TestMillionAttempts(t *testing.T) {
	t.Parallel()
	attempts := 100_000
	if n, err := strconv.Atoi(os.Getenv("USHER_ATTEMPTS")); err == nil {
		attempts = n
	}
	for _, replicas := range []int{1, 3} {
		crowd(t, replicas, attempts)
	}
}

func crowd(t *testing.T, replicas, attempts int) {
	const callers, seats = 200, 500
	e, _ := open(t, engine.Config{Groups: 1, Replicas: replicas})
	ctx := context.Background()
	c := &chart.Chart{Name: "c", Categories: []chart.Category{{Name: "c"}}, Sections: []chart.Section{{Name: "s", Rows: []chart.Row{{Name: "1"}}}}}
	ids := make([][]string, seats)
	for i := range ids {
		ids[i] = []string{strconv.Itoa(i)}
		c.Sections[0].Rows[0].Seats = append(c.Sections[0].Rows[0].Seats, chart.Seat{SeatID: ids[i][0], Number: ids[i][0], Category: "c"})
	}
	if _, _, err := e.PutChart(ctx, "crowd", c); err != nil {
		t.Fatal(err)
	}
	ev, err := e.CreateEvent(ctx, engine.EventSpec{VenueID: "crowd", EventDate: "2026-03-01", ChartID: "crowd"})
	if err != nil {
		t.Fatal(err)
	}
	var granted [seats]atomic.Int32
	var tokens sync.Map
	var next atomic.Int64
	var wg sync.WaitGroup
	began := time.Now()
	for caller := range callers {
		holder := "holder-" + strconv.Itoa(caller)
		wg.Go(func() {
			for {
				n := int(next.Add(1)) - 1
				if n >= attempts {
					return
				}
				seat := (n + caller*7) % seats
				h, err := e.Hold(ctx, engine.HoldRequest{EventID: ev.EventID, SeatIDs: ids[seat], HolderID: holder, TTL: time.Hour})
				if err == nil {
					granted[seat].Add(1)
					if _, twice := tokens.LoadOrStore(h.FencingToken, true); twice {
						t.Errorf("token %d twice", h.FencingToken)
					}
				} else if !errors.Is(err, engine.ErrSeatsUnavailable) {
					t.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	took := time.Since(began)
	for seat := range granted {
		if n := granted[seat].Load(); n != 1 {
			t.Errorf("seat %d was granted %d times", seat, n)
		}
	}
	if m, err := e.SeatMap(ctx, ev.EventID, 0); err != nil || m.Version != seats {
		t.Errorf("version %d after %d grants, %v", m.Version, seats, err)
	}
	t.Logf("%d replicas: %d attempts by %d callers in %v, %.0f a second", replicas, attempts, callers, took, float64(attempts)/took.Seconds())
}
