package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/usherhq/usher/engine"
)

// answerTime is how long a claim under way at the end may still take.
const answerTime = 30 * time.Second

// claimLoad is many clients, each with one claim at a time.
type claimLoad struct {
	*benchStage
	clients int
	hot     int
	shards  []*claimShard

	next  atomic.Int64 // the next free seat, over all events
	stop  atomic.Bool
	first atomic.Pointer[error]
}

// claimShard is what some of the clients measured.
type claimShard struct {
	mu      sync.Mutex
	latency *hdrhistogram.Histogram // microseconds
	wins    int64
	refused int64
	errors  int64
	doubles int64
}

func newClaimShard() *claimShard { return &claimShard{latency: newLatency()} }

// run lets the clients claim for so long, or until all is sold, and gives how long it
// took.
func (l *claimLoad) run(ctx context.Context, d time.Duration) time.Duration {
	ctx, cancel := context.WithTimeout(ctx, d+answerTime)
	defer cancel()
	begun := make(chan struct{})
	var clients sync.WaitGroup
	for i := range l.clients {
		clients.Go(func() {
			<-begun
			l.client(ctx, i)
		})
	}
	start := time.Now()
	close(begun)
	timer := time.AfterFunc(d, func() { l.stop.Store(true) })
	defer timer.Stop()
	clients.Wait()
	return time.Since(start)
}

// client claims until the time is up. An error ends it, so that nobody spins on one.
func (l *claimLoad) client(ctx context.Context, i int) {
	shard := l.shards[i%len(l.shards)]
	rng := rand.New(rand.NewPCG(uint64(i), 42))
	holder := fmt.Sprintf("client-%d", i)
	for !l.stop.Load() && ctx.Err() == nil {
		event, seat, ok := l.pick(rng)
		if !ok {
			return
		}
		start := time.Now()
		// Without a deadline: the engine bounds a claim by itself, and a context that can end
		// costs a caller about a sixth of its speed.
		h, err := l.engine.Hold(context.Background(), engine.HoldRequest{EventID: l.events[event], SeatIDs: l.ids[seat : seat+1], HolderID: holder, TTL: benchTTL})
		took := time.Since(start)
		won := err == nil
		double := won && !l.taken[event].grant(seat)
		if won && l.hot > 0 {
			err = l.giveBack(ctx, event, seat, h)
		}
		if l.note(shard, took, won, double, err) {
			return
		}
	}
}

// pick is the next free seat, or one of the hot ones. Neighbours in time are no
// neighbours in the chart: real buyers' are not.
func (l *claimLoad) pick(rng *rand.Rand) (event, seat int, ok bool) {
	if l.hot > 0 {
		return 0, rng.IntN(l.hot), true
	}
	n := int(l.next.Add(1) - 1)
	event = n / len(l.ids)
	if event >= len(l.events) {
		return 0, 0, false
	}
	return event, n % len(l.ids) * l.stride % len(l.ids), true
}

// coprime is a step that visits each of n seats once before it comes back.
func coprime(n int) int {
	for s := n*618/1000 + 1; ; s++ {
		if gcd(s, n) == 1 {
			return s
		}
	}
}

func gcd(a, b int) int {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

func (l *claimLoad) giveBack(ctx context.Context, event, seat int, h engine.Hold) error {
	l.taken[event].free(seat)
	return l.engine.Release(ctx, engine.ReleaseRequest{HoldID: h.HoldID, FencingToken: h.FencingToken})
}

// note records an attempt; true means that it failed.
func (l *claimLoad) note(s *claimShard, took time.Duration, won, double bool, err error) (failed bool) {
	refused := errors.Is(err, engine.ErrSeatsUnavailable) && !won
	failed = err != nil && !refused
	s.mu.Lock()
	defer s.mu.Unlock()
	record(s.latency, took)
	switch {
	case failed:
		s.errors++
		l.first.CompareAndSwap(nil, &err)
	case refused:
		s.refused++
	}
	if won {
		s.wins++
	}
	if double {
		s.doubles++
	}
	return failed
}

// report sums up.
func (l *claimLoad) report(elapsed time.Duration) *claimsReport {
	all := newLatency()
	r := &claimsReport{Bench: "claims", Clients: l.clients, Hot: l.hot, Events: len(l.events), Duration: elapsed.Seconds()}
	for _, s := range l.shards {
		all.Merge(s.latency)
		r.Wins += s.wins
		r.Refused += s.refused
		r.Errors += s.errors
		r.DoubleAllocations += s.doubles
	}
	r.Attempts = all.TotalCount()
	r.AttemptsPerSecond = math.Round(float64(r.Attempts) / r.Duration)
	r.WinsPerSecond = math.Round(float64(r.Wins) / r.Duration)
	r.P50, r.P99, r.Max = quantile(all, 50), quantile(all, 99), float64(all.Max())/1000
	r.SoldOut = l.hot == 0 && l.next.Load() > int64(len(l.events)*len(l.ids))
	if p := l.first.Load(); p != nil {
		r.FirstError = (*p).Error()
	}
	return r
}
