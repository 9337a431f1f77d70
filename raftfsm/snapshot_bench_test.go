package raftfsm

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/usherhq/usher/shard"
)

// BenchmarkSnapshot is FSM.Snapshot, which holds up the claims for as long as it takes,
// on 100 events of 90,000 seats, a tenth of them held, while callers go on claiming.
func BenchmarkSnapshot(b *testing.B) {
	const events, seats = 100, 90_000
	c := newTestCluster(b, 1, 1, LogStoreWAL)
	g := c.leader(1)
	var numbers []uint32
	for i := range events {
		numbers = append(numbers, c.event(1, fmt.Sprint("e", i), seats))
	}
	claim := func(event uint32, from, n int) {
		r := NewRequest()
		buf := r.Seats(n)
		for i := range buf {
			buf[i] = uint32(from + i)
		}
		r.Cmd = Command{Op: OpHold, Hold: shard.Hold{Event: event, Seats: buf, TTL: shard.MaxTTL, Holder: r.Holder("holder-12")}}
		if err := g.Propose(context.Background(), r); err != nil || r.Result.Err != nil {
			b.Error(err, r.Result.Err)
		}
		r.Free()
	}
	for _, ev := range numbers {
		for from := 0; from < seats/10; from += 1000 {
			claim(ev, from, 1000)
		}
	}
	stop := make(chan struct{})
	var callers sync.WaitGroup
	claims := make([]int, 64)
	for caller := range claims {
		callers.Go(func() {
			for n := seats / 10; ; n++ {
				select {
				case <-stop:
					return
				default:
				}
				// Each caller has seats of its own in every event.
				ev, seat := numbers[n%events], seats/10+caller*1000+(n-seats/10)/events
				if seat >= seats/10+(caller+1)*1000 {
					return
				}
				claim(ev, seat, 1)
				claims[caller]++
			}
		})
	}
	took := make([]time.Duration, 0, b.N)
	b.ResetTimer()
	for range b.N {
		time.Sleep(2 * time.Millisecond) // claims copy what the last one froze
		began := time.Now()
		s, err := g.fsm.Snapshot()
		took = append(took, time.Since(began))
		if err != nil {
			b.Fatal(err)
		}
		s.Release()
	}
	b.StopTimer()
	close(stop)
	callers.Wait()
	total := 0
	for _, n := range claims {
		total += n
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2]), "p50-ns")
	b.ReportMetric(float64(took[len(took)*99/100]), "p99-ns")
	b.ReportMetric(float64(took[len(took)-1]), "max-ns")
	b.ReportMetric(float64(total)/b.Elapsed().Seconds(), "claims/s")
}
