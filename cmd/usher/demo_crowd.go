package main

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"

	"github.com/usherhq/usher/engine"
)

const (
	maxShoppers = 4096 // in the shop at once
	// Buyers come in waves: every waveEvery so many times more of them, for waveFor.
	waveEvery  = 25 * time.Second
	waveFor    = 3 * time.Second
	waveHeight = 4
	// When sales open there is a rush, so many times what is usual, that fades within
	// minutes.
	rushHeight = 4
	rushFades  = time.Minute
	// From returnsFrom sold on people give tickets back, the more the fuller it is, so
	// that there is something to see for hours.
	returnsFrom = 0.65
	returnsSpan = 0.1
	maxBookings = 1 << 17 // remembered, to be given back
)

// crowd is the buyers.
type crowd struct {
	engine *engine.Engine
	shows  []*show
	tastes []*taste
	rate   float64       // a second, on average
	limit  *rate.Limiter // token bucket over all they do that writes
	pace   atomic.Uint64 // float64 bits, 0…1: see budget
	busy   chan struct{} // a place for each shopper
	wg     sync.WaitGroup

	mu       sync.Mutex
	bookings [][]string // by show
	tally    crowdCounts
}

// crowdCounts are what the buyers did.
type crowdCounts struct {
	Buyers    int64  `json:"buyers"`
	Held      int64  `json:"held"`
	Booked    int64  `json:"booked"`
	Released  int64  `json:"released"`
	Abandoned int64  `json:"abandoned"` // left to expire
	TooLate   int64  `json:"too_late"`  // somebody else was quicker
	NoSeats   int64  `json:"no_seats"`  // nothing left that they liked
	Cancelled int64  `json:"cancelled"`
	Joined    int64  `json:"joined"`   // the line of the show with a waiting room
	Admitted  int64  `json:"admitted"` // from there
	Errors    int64  `json:"errors"`
	LastError string `json:"last_error,omitempty"`
}

func newCrowd(e *engine.Engine, shows []*show, perSecond float64) *crowd {
	c := &crowd{
		engine: e, shows: shows, rate: perSecond, limit: rate.NewLimiter(rate.Limit(6*perSecond+5), int(6*perSecond)+10),
		busy: make(chan struct{}, maxShoppers), bookings: make([][]string, len(shows)), tastes: make([]*taste, len(shows)),
	}
	c.setPace(1)
	return c
}

func (c *crowd) setPace(p float64) { c.pace.Store(math.Float64bits(p)) }

func (c *crowd) paceNow() float64 { return math.Float64frombits(c.pace.Load()) }

// run lets buyers in until ctx ends, and waits for the last to leave.
func (c *crowd) run(ctx context.Context) {
	defer c.wg.Wait()
	for i, s := range c.shows {
		m, err := s.look(ctx)
		if err != nil {
			c.failed(ctx, err)
			return
		}
		c.tastes[i] = newTaste(m.Chart)
		if !s.gated {
			continue
		}
		line, err := newDemoLine(ctx, c, i)
		if err != nil {
			c.failed(ctx, err)
			return
		}
		c.wg.Go(func() { line.run(ctx) })
	}
	rng := rand.New(rand.NewPCG(rand.Uint64(), 1))
	begun := time.Now()
	for {
		wait := time.Duration(rng.ExpFloat64() / c.rateAt(time.Since(begun)) * float64(time.Second))
		if !pause(ctx, wait) {
			return
		}
		select {
		case c.busy <- struct{}{}:
			c.wg.Go(func() {
				defer func() { <-c.busy }()
				c.shop(ctx)
			})
		default: // the shop is full: this one does not come in
		}
	}
}

// rateAt is how many come a second at that moment: after the rush, a calm stream with
// waves in it, on average what was asked for.
func (c *crowd) rateAt(since time.Duration) float64 {
	share := float64(waveFor) / float64(waveEvery)
	calm := c.rate / (1 + share*(waveHeight-1))
	if since%waveEvery < waveFor {
		calm *= waveHeight
	}
	calm *= 1 + rushHeight*math.Exp(-since.Seconds()/rushFades.Seconds())
	return calm * c.paceNow()
}

// shop is one buyer's visit.
func (c *crowd) shop(ctx context.Context) {
	rng := rand.New(rand.NewPCG(rand.Uint64(), rand.Uint64()))
	no := c.pickShow(rng)
	c.add(func(t *crowdCounts) { t.Buyers++ })
	c.maybeReturn(ctx, rng, no)
	b := &shopper{crowd: c, show: c.shows[no], no: no, rng: rng, name: fmt.Sprintf("buyer-%x", rng.Uint32())}
	b.visit(ctx)
}

func (c *crowd) pickShow(rng *rand.Rand) int {
	at := rng.Float64()
	for i, s := range c.shows {
		if at -= s.share; at < 0 {
			return i
		}
	}
	return 0
}

// maybeReturn gives an earlier booking back when the stadium is full enough.
func (c *crowd) maybeReturn(ctx context.Context, rng *rand.Rand, no int) {
	m, err := c.shows[no].look(ctx)
	if err != nil {
		c.failed(ctx, err)
		return
	}
	if rng.Float64() >= (soldShare(m)-returnsFrom)/returnsSpan {
		return
	}
	id := c.takeBooking(rng, no)
	if id == "" || c.limit.Wait(ctx) != nil {
		return
	}
	if _, err := c.engine.CancelBooking(ctx, engine.CancelRequest{BookingID: id}); err != nil {
		c.failed(ctx, err)
		return
	}
	c.add(func(t *crowdCounts) { t.Cancelled++ })
}

func (c *crowd) remember(no int, bookingID string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.bookings[no]) < maxBookings {
		c.bookings[no] = append(c.bookings[no], bookingID)
	}
}

// takeBooking takes a random one out of those remembered; "" if there is none.
func (c *crowd) takeBooking(rng *rand.Rand, no int) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	list := c.bookings[no]
	if len(list) == 0 {
		return ""
	}
	i, last := rng.IntN(len(list)), len(list)-1
	id := list[i]
	list[i] = list[last]
	c.bookings[no] = list[:last]
	return id
}

func (c *crowd) add(f func(*crowdCounts)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	f(&c.tally)
}

// failed notes an error that is not just the end of the demo.
func (c *crowd) failed(ctx context.Context, err error) {
	if ctx.Err() == nil {
		c.add(func(t *crowdCounts) { t.Errors, t.LastError = t.Errors+1, err.Error() })
	}
}

func (c *crowd) counts() crowdCounts {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.tally
}

// soldShare counts booked seats in the packed map: 10 in two bits.
func soldShare(m *engine.SeatMap) float64 {
	n := 0
	for i := range m.Seats {
		if m.Status(i) == engine.SeatBooked {
			n++
		}
	}
	return float64(n) / float64(m.Seats)
}

// pause is false when ctx ended first.
func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}
