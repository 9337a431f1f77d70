package raftfsm

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/usherhq/usher/shard"
)

// BenchmarkForwardedClaims is BenchmarkClaims with three nodes, the callers asking those two that
// do not lead.
func BenchmarkForwardedClaims(b *testing.B) {
	for _, callers := range []int{1, 4096} {
		b.Run(fmt.Sprintf("callers=%d", callers), func(b *testing.B) { benchForwarded(b, callers) })
	}
}

func benchForwarded(b *testing.B, callers int) {
	const seats = 1_000_000
	c := newTestCluster(b, 3, 1, LogStoreWAL)
	var events []uint32
	for i := 0; i*seats < b.N; i++ {
		events = append(events, c.event(1, fmt.Sprint("e", i), seats))
	}
	_, followers := c.roles(1)
	for _, f := range followers {
		eventually(b, "a leader to be known", func() bool { return c.nodes[f].Group(1).Leader() != "" })
	}
	var next, wins atomic.Int64
	var wg sync.WaitGroup
	b.ResetTimer()
	for caller := range callers {
		node := c.nodes[followers[caller%2]]
		wg.Go(func() {
			for {
				n := int(next.Add(1)) - 1
				if n >= b.N {
					return
				}
				r := NewRequest()
				r.Cmd.Op = OpHold
				r.Cmd.Hold = shard.Hold{Event: events[n/seats], Seats: append(r.Seats(1)[:0], uint32(n%seats)), TTL: shard.MaxTTL, Holder: r.Holder("holder-12")}
				if err := node.Propose(context.Background(), 1, r); err != nil {
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
