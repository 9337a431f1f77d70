package main

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/usherhq/usher/engine"
)

// leaseLoad is many clients that lease seats of one event.
type leaseLoad struct {
	*benchStage
	clients  int
	attempts int64
	ledger   *leaseLedger
	shards   []*leaseFigures

	start   time.Time
	elapsed time.Duration // until the last attempt was answered
	profile error         // of ending the CPU profile
	begun   atomic.Int64  // attempts
	stop    atomic.Bool
	first   atomic.Pointer[error]
}

// leaseFigures are what some of the clients measured.
type leaseFigures struct {
	mu      sync.Mutex
	granted *hdrhistogram.Histogram // microseconds
	refused *hdrhistogram.Histogram
	failed  int64 // attempts, which are in errors too
	leaseCounts
}

// leaseCounts are what became of leases after they were granted.
type leaseCounts struct {
	renewed, released, lateRefused, lateIgnored, lateBelieved, errors int64
}

func newLeaseLoad(stage *benchStage, clients int, attempts int64) *leaseLoad {
	shards := newFigures(func() *leaseFigures { return &leaseFigures{granted: newLatency(), refused: newLatency()} })
	stage.ids = compact(stage.ids)
	return &leaseLoad{benchStage: stage, clients: clients, attempts: attempts, ledger: newLeaseLedger(len(shards)), shards: shards}
}

// compact puts the ids side by side: a caller has just read the one it asks for, and does
// not fetch it from far away.
func compact(ids []string) []string {
	all := strings.Join(ids, "")
	out := make([]string, len(ids))
	for i, id := range ids {
		out[i], all = all[:len(id)], all[len(id):]
	}
	return out
}

// run lets the clients attempt until all attempts are made, calls measured, and waits
// until every holder has done what it meant to do with its lease.
func (l *leaseLoad) run(ctx context.Context, measured func() error) {
	ctx, cancel := context.WithTimeout(ctx, maxBench+answerTime)
	defer cancel()
	var attempting, clients sync.WaitGroup
	gate := make(chan struct{})
	attempting.Add(l.clients)
	for i := range l.clients {
		clients.Go(func() {
			c := l.client(ctx, i)
			<-gate
			c.work()
			attempting.Done()
			c.finish()
		})
	}
	l.start = time.Now()
	close(gate)
	timer := time.AfterFunc(maxBench, func() { l.stop.Store(true) })
	defer timer.Stop()
	attempting.Wait()
	l.elapsed = time.Since(l.start)
	l.profile = measured()
	clients.Wait()
}

// note records an attempt; true means that it failed.
func (f *leaseFigures) note(took time.Duration, err error) (failed bool) {
	h := f.granted
	if err != nil {
		h = f.refused
		failed = !errors.Is(err, engine.ErrSeatsUnavailable)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if failed {
		f.failed++
		return true
	}
	record(h, took)
	return false
}

func (f *leaseFigures) count(c *leaseCounts) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.add(c)
}

func (c *leaseCounts) add(o *leaseCounts) {
	c.renewed += o.renewed
	c.released += o.released
	c.lateRefused += o.lateRefused
	c.lateIgnored += o.lateIgnored
	c.lateBelieved += o.lateBelieved
	c.errors += o.errors
}

func (l *leaseLoad) client(ctx context.Context, i int) *leaseClient {
	return &leaseClient{
		leaseLoad: l, ctx: ctx, no: i, holder: holderName(i), figures: l.shards[i%len(l.shards)],
		rng: rand.New(rand.NewPCG(uint64(i), 43)),
	}
}

// another tells whether there is an attempt left.
func (l *leaseLoad) another() bool { return !l.stop.Load() && l.begun.Add(1) <= l.attempts }

func (l *leaseLoad) fail(err error) { l.first.CompareAndSwap(nil, &err) }

// report sums up; the ledger decides.
func (l *leaseLoad) report() *leaseReport {
	won, all := newLatency(), newLatency()
	var sum leaseCounts
	r := &leaseReport{
		Bench: "lease", Clients: l.clients, Seats: len(l.ids), LeaseMS: leaseTTL.Milliseconds(), Duration: l.elapsed.Seconds(),
	}
	for _, s := range l.shards {
		won.Merge(s.granted)
		all.Merge(s.refused)
		r.Attempts += s.failed
		sum.add(&s.leaseCounts)
	}
	r.Renewed, r.Released, r.Errors = sum.renewed, sum.released, sum.errors
	r.LateRefused, r.LateIgnored, r.LateBelieved = sum.lateRefused, sum.lateIgnored, sum.lateBelieved
	r.Refused = all.TotalCount()
	all.Merge(won)
	r.Wins = won.TotalCount()
	r.Attempts += all.TotalCount()
	r.AttemptsPerSecond = math.Round(float64(r.Attempts) / r.Duration)
	r.WinsPerSecond = math.Round(float64(r.Wins) / r.Duration)
	r.P50, r.P99, r.AllP50, r.AllP99 = quantile(won, 50), quantile(won, 99), quantile(all, 50), quantile(all, 99)
	r.Max = float64(all.Max()) / 1000
	v := l.ledger.verify()
	r.DoubleAllocations, r.LostGrants = v.doubles, v.lost
	if p := l.first.Load(); p != nil {
		r.FirstError = (*p).Error()
	}
	return r
}
