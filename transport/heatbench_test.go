package transport

import (
	"fmt"
	"testing"
	"time"

	"github.com/usherhq/usher/engine"
	"github.com/usherhq/usher/engine/heat"
)

// BenchmarkHeatRound is a second's heat for 1,000 followers of an event, up to their
// queues: 200 seats have changed, and each follower looks at one of 50 seats of which it
// must be told.
func BenchmarkHeatRound(b *testing.B) {
	h, f := benchHub(b, 90_000)
	defer h.heat.stop()
	subs := make([]*sub, 1000)
	for i := range subs {
		c := newConn(b.Context(), h.live, nil, i%2 == 0)
		v, _ := f.HeatViewer(b.Context(), testEvent)
		if err := v.Look(engine.Sight{SeatIDs: []string{fmt.Sprint("s", i%50)}}); err != nil {
			b.Fatal(err)
		}
		subs[i] = &sub{conn: c, heat: &heatFollow{focus: v.Focus(), looks: true}}
		h.heat.take(op{verb: join, sub: subs[i]})
	}
	e := f.events[testEvent]
	shape := e.shape()
	hot := make([]uint32, 200)
	for i := range hot {
		hot[i] = uint32(i * 449)
	}
	b.ReportAllocs()
	for round := 0; b.Loop(); round++ {
		b.StopTimer()
		for _, s := range subs {
			s.conn.queue, s.conn.bytes, s.heat.told = nil, 0, false
		}
		if round%2 == 0 {
			for range 4 {
				f.warmth().Attempt(heat.Key{}, shape, hot, false)
			}
		}
		f.warmth().Tick(time.Minute * time.Duration(round%2))
		h.heat.due = true
		b.StartTimer()
		start := time.Now()
		if err := h.heat.tell(h); err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(time.Since(start).Nanoseconds())/1000, "ns/client")
	}
}
