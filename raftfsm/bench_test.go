package raftfsm

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/usherhq/usher/shard"
)

// BenchmarkClaims is the proposer's path under 4,096 blocking callers: one-seat claims
// that win, on real files and sockets.
func BenchmarkClaims(b *testing.B) {
	for _, nodes := range []int{1, 3} {
		for _, callers := range []int{1, 4096} {
			b.Run(fmt.Sprintf("nodes=%d/callers=%d", nodes, callers), func(b *testing.B) { benchClaims(b, nodes, callers) })
		}
	}
}

func benchClaims(b *testing.B, nodes, callers int) {
	c := newTestCluster(b, nodes, 1, LogStoreWAL)
	g := c.leader(1)
	benchCrowd(b, c, callers, func(int) func(context.Context, *Request) error { return g.Propose })
}

// benchCrowd has callers claim b.N seats, one each time. of gives a caller what it asks.
func benchCrowd(b *testing.B, c *testCluster, callers int, of func(caller int) func(context.Context, *Request) error) {
	const seats = 1_000_000
	var events []uint32
	for i := 0; i*seats < b.N; i++ {
		events = append(events, c.event(1, fmt.Sprint("e", i), seats))
	}
	var next, wins atomic.Int64
	var wg sync.WaitGroup
	b.ResetTimer()
	for caller := range callers {
		propose := of(caller)
		wg.Go(func() {
			for {
				n := int(next.Add(1)) - 1
				if n >= b.N {
					return
				}
				r := NewRequest()
				r.Cmd.Op = OpHold
				r.Cmd.Hold = shard.Hold{Event: events[n/seats], Seats: append(r.Seats(1)[:0], uint32(n%seats)), TTL: shard.MaxTTL, Holder: r.Holder("holder-12")}
				if err := propose(context.Background(), r); err != nil {
					b.Error(err)
					return
				}
				if r.Result.Err == nil {
					wins.Add(1)
				}
				r.Free()
			}
		})
	}
	wg.Wait()
	b.StopTimer()
	if int(wins.Load()) != b.N {
		b.Errorf("%d wins of %d", wins.Load(), b.N)
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "wins/s")
}
