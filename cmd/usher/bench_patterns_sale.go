package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/usherhq/usher/engine"
)

// saleKind is how a sale is held, and by whom.
type saleKind struct {
	name string
	mode engine.Mode
	over time.Duration // buyers come evenly over so long; 0: all at once
	heat bool          // they read the heat
}

// showTime makes the sales of a round different events.
func (k saleKind) showTime(c *benchPatternsCmd) string {
	i := slices.IndexFunc(c.saleKinds(), func(x saleKind) bool { return x.name == k.name })
	return fmt.Sprintf("%02d:00", 12+i)
}

// patternSale is one event on sale, and what the crowd makes of it.
type patternSale struct {
	*patternHouse
	cmd    *benchPatternsCmd
	kind   saleKind
	event  string
	board  *patternBoard
	gate   *turnstile
	places chan struct{} // behind the waiting room
	sold   ledger
	shards []*saleShard
	shard  *saleShard // in a worker's copy, its own
}

// saleShard is what some of the workers measured.
type saleShard struct {
	mu      sync.Mutex
	latency *hdrhistogram.Histogram // of attempts, microseconds
	granted *hdrhistogram.Histogram // of those that won
	saleCounts
}

// saleCounts sum up buyers' lives.
type saleCounts struct {
	attempts, refused, leasesLost, seats, doubles int64
	buyers, seated, substituted, foundNothing     int64
	firstTry                                      int64 // of the seated, those that were never refused
	err                                           error // the first
}

// saleResult is what one sale came to.
type saleResult struct {
	saleCounts
	latency *hdrhistogram.Histogram
	granted *hdrhistogram.Histogram
	elapsed time.Duration
	lost    int64 // seats that buyers and engine say different things of
}

func newSaleShard() *saleShard { return &saleShard{latency: newLatency(), granted: newLatency()} }

func (s *saleShard) took(d time.Duration, won bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	record(s.latency, d)
	if won {
		record(s.granted, d)
	}
}

func (s *saleShard) note(l *buyerLife) {
	s.mu.Lock()
	defer s.mu.Unlock()
	count := func(to *int64, yes bool) {
		if yes {
			*to++
		}
	}
	s.buyers++
	s.attempts += int64(l.attempts)
	s.refused += int64(l.refused)
	s.leasesLost += int64(l.leasesLost)
	s.seats += int64(l.seats)
	s.doubles += int64(l.doubles)
	count(&s.seated, l.seats > 0)
	count(&s.firstTry, l.seats > 0 && l.attempts == 1)
	count(&s.substituted, l.substituted)
	count(&s.foundNothing, l.foundNothing)
	if s.err == nil {
		s.err = l.err
	}
}

func (c *saleCounts) add(o *saleCounts) {
	c.attempts += o.attempts
	c.refused += o.refused
	c.leasesLost += o.leasesLost
	c.seats += o.seats
	c.doubles += o.doubles
	c.buyers += o.buyers
	c.seated += o.seated
	c.firstTry += o.firstTry
	c.substituted += o.substituted
	c.foundNothing += o.foundNothing
	c.err = errors.Join(c.err, o.err)
}

// run lets the crowd in and waits until the last buyer has left.
func (s *patternSale) run(ctx context.Context) (saleResult, error) {
	ctx, cancel := context.WithTimeout(ctx, maxBench)
	defer cancel()
	start := time.Now()
	if s.kind.over > 0 {
		s.evenly(ctx, start)
	} else {
		s.atOnce(ctx)
	}
	r := saleResult{elapsed: time.Since(start), latency: newLatency(), granted: newLatency()}
	for _, x := range s.shards {
		r.latency.Merge(x.latency)
		r.granted.Merge(x.granted)
		r.add(&x.saleCounts)
	}
	if r.err != nil {
		return r, r.err
	}
	var err error
	r.lost, err = settled(ctx, time.Now().Add(settle), s.differing)
	return r, err
}

// atOnce has as many buyers in the shop as there are clients.
func (s *patternSale) atOnce(ctx context.Context) {
	var next atomic.Int64
	var wg sync.WaitGroup
	for w := range s.cmd.Clients {
		wg.Go(func() {
			for i := int(next.Add(1)) - 1; i < s.cmd.Buyers && ctx.Err() == nil; i = int(next.Add(1)) - 1 {
				s.serve(ctx, w, i)
			}
		})
	}
	wg.Wait()
}

// evenly has the buyers come one by one; no more than the clients are in the shop.
func (s *patternSale) evenly(ctx context.Context, start time.Time) {
	var wg sync.WaitGroup
	room := make(chan struct{}, s.cmd.Clients)
	for i := range s.cmd.Buyers {
		if ctx.Err() != nil {
			break
		}
		due := time.Duration(float64(s.kind.over) * float64(i) / float64(s.cmd.Buyers))
		if early := due - time.Since(start); early > time.Millisecond {
			time.Sleep(early)
		}
		room <- struct{}{}
		wg.Go(func() {
			s.serve(ctx, i, i)
			<-room
		})
	}
	wg.Wait()
}

func (s *patternSale) serve(ctx context.Context, worker, buyer int) {
	b := s.buyer(ctx, buyer)
	own := *s
	own.shard = s.shards[worker%len(s.shards)]
	b.patternSale = &own
	b.shop()
	own.shard.note(&b.life)
}

// differing counts the seats that are booked on the engine's map and not in the buyers'
// ledger, or the other way round.
func (s *patternSale) differing(ctx context.Context) (int64, error) {
	m, err := s.engine.SeatMap(ctx, s.event, 0)
	if err != nil {
		return 0, err
	}
	return s.sold.differs(m, func(s engine.SeatStatus) bool { return s == engine.SeatBooked }), nil
}
