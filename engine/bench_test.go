package engine_test

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/usherhq/usher/engine"
	"github.com/usherhq/usher/engine/chart"
)

// BenchmarkHold is the blocking call as an embedder makes it: one seat by its id, each
// claim of a free one.
func BenchmarkHold(b *testing.B) {
	for _, replicas := range []int{1, 3} {
		for _, callers := range []int{1, 4096} {
			b.Run(fmt.Sprintf("replicas=%d/callers=%d", replicas, callers), func(b *testing.B) { benchHold(b, replicas, callers) })
		}
	}
}

func benchHold(b *testing.B, replicas, callers int) {
	const perEvent = 100_000
	e, _ := open(b, engine.Config{Replicas: replicas, Groups: 1})
	c := &chart.Chart{Name: "bench", Categories: []chart.Category{{Name: "c"}}, Sections: []chart.Section{{Name: "s"}}}
	ids := make([][]string, perEvent)
	for r := range 1000 {
		row := chart.Row{Name: fmt.Sprint(r)}
		for n := range 100 {
			id := fmt.Sprintf("%d-%d", r, n)
			ids[r*100+n] = []string{id}
			row.Seats = append(row.Seats, chart.Seat{SeatID: id, Number: fmt.Sprint(n), Category: "c"})
		}
		c.Sections[0].Rows = append(c.Sections[0].Rows, row)
	}
	ctx := context.Background()
	if _, _, err := e.PutChart(ctx, "bench", c); err != nil {
		b.Fatal(err)
	}
	var events []string
	for i := 0; i*perEvent < b.N; i++ {
		ev, err := e.CreateEvent(ctx, engine.EventSpec{VenueID: fmt.Sprint("v", i), EventDate: "2027-01-01", ChartID: "bench"})
		if err != nil {
			b.Fatal(err)
		}
		events = append(events, ev.EventID)
	}
	var next atomic.Int64
	var wg sync.WaitGroup
	b.ReportAllocs()
	b.ResetTimer()
	for range callers {
		wg.Go(func() {
			for {
				n := int(next.Add(1)) - 1
				if n >= b.N {
					return
				}
				if _, err := e.Hold(ctx, engine.HoldRequest{EventID: events[n/perEvent], SeatIDs: ids[n%perEvent], HolderID: "holder-12"}); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	b.StopTimer()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "wins/s")
}
