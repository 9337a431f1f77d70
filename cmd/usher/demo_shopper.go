package main

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"math/rand/v2"
	"time"

	"github.com/usherhq/usher/engine"
)

// How buyers behave.
const (
	books     = 0.74 // of those who hold seats
	releases  = 0.14 // give them back; the rest just leaves, and the hold expires
	tries     = 3    // after somebody else was quicker
	thinkMean = 6    // seconds, of those who book
	maxThink  = 50 * time.Second
	shopTTL   = 60 * time.Second
	leaveTTL  = 20 * time.Second // of those who leave: so that one sees holds expire
)

// partySizes: most come in pairs.
var partySizes = []int{1, 1, 2, 2, 2, 2, 2, 3, 3, 4, 4, 4, 5, 6}

// shopper is one buyer.
type shopper struct {
	crowd *crowd
	show  *show
	no    int
	rng   *rand.Rand
	name  string
	token string // of admission, where there is a waiting room
}

// visit is the way through the shop: choose, hold, think, and book or not.
func (b *shopper) visit(ctx context.Context) {
	party := partySizes[b.rng.IntN(len(partySizes))]
	mood := b.rng.Float64()
	ttl := shopTTL
	if mood >= books+releases {
		ttl = leaveTTL
	}
	h, ok := b.hold(ctx, party, ttl)
	if !ok {
		return
	}
	if mood >= books+releases {
		b.crowd.add(func(t *crowdCounts) { t.Abandoned++ })
		return
	}
	if !pause(ctx, b.think()) || b.crowd.limit.Wait(ctx) != nil {
		return
	}
	if mood < books {
		b.book(ctx, h)
	} else {
		b.release(ctx, h)
	}
}

// think is log-normal: most decide soon, some take their time.
func (b *shopper) think() time.Duration {
	d := time.Duration(thinkMean * math.Exp(0.6*b.rng.NormFloat64()) * float64(time.Second))
	return min(d, maxThink)
}

// hold tries to get seats; when somebody was quicker it looks again.
func (b *shopper) hold(ctx context.Context, party int, ttl time.Duration) (engine.Hold, bool) {
	for range tries {
		m, err := b.show.look(ctx)
		if err != nil {
			b.crowd.failed(ctx, err)
			return engine.Hold{}, false
		}
		seats := b.crowd.tastes[b.no].choose(b.rng, time.Now(), m, party)
		if seats == nil {
			b.crowd.add(func(t *crowdCounts) { t.NoSeats++ })
			return engine.Hold{}, false
		}
		ids := make([]string, len(seats))
		for i, n := range seats {
			ids[i] = m.Chart.ID(uint32(n))
		}
		// Between looking and clicking somebody else may come.
		if !pause(ctx, time.Duration(b.rng.IntN(900))*time.Millisecond) || b.crowd.limit.Wait(ctx) != nil {
			return engine.Hold{}, false
		}
		h, err := b.crowd.engine.Hold(ctx, engine.HoldRequest{EventID: b.show.id, SeatIDs: ids, HolderID: b.name, TTL: ttl, AdmissionToken: b.token})
		switch {
		case err == nil:
			b.crowd.add(func(t *crowdCounts) { t.Held++ })
			return h, true
		case !errors.Is(err, engine.ErrSeatsUnavailable):
			b.crowd.failed(ctx, err)
			return engine.Hold{}, false
		}
		b.crowd.add(func(t *crowdCounts) { t.TooLate++ })
	}
	return engine.Hold{}, false
}

var demoPayment = json.RawMessage(`{"method":"sandbox"}`)

func (b *shopper) book(ctx context.Context, h engine.Hold) {
	bk, err := b.crowd.engine.Book(ctx, engine.BookRequest{
		HoldID: h.HoldID, FencingToken: h.FencingToken, PaymentMethod: "sandbox", PaymentOptions: demoPayment,
	})
	if err != nil {
		b.crowd.failed(ctx, err)
		return
	}
	b.crowd.remember(b.no, bk.BookingID)
	b.crowd.add(func(t *crowdCounts) { t.Booked++ })
}

func (b *shopper) release(ctx context.Context, h engine.Hold) {
	if err := b.crowd.engine.Release(ctx, engine.ReleaseRequest{HoldID: h.HoldID, FencingToken: h.FencingToken}); err != nil {
		b.crowd.failed(ctx, err)
		return
	}
	b.crowd.add(func(t *crowdCounts) { t.Released++ })
}
