package engine

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/usherhq/usher/raftfsm"
)

// maxCheckouts bounds the checkouts under way; each is a goroutine that waits for a
// provider.
const maxCheckouts = 4096

// checkouts owns the goroutines of checkouts: they outlive the call that began them.
type checkouts struct {
	e     *Engine
	slots chan struct{}
	wg    sync.WaitGroup
	mu    sync.Mutex
	shut  bool
}

func newCheckouts(e *Engine) *checkouts {
	return &checkouts{e: e, slots: make(chan struct{}, maxCheckouts)}
}

// run starts the checkout and waits for it, at most paymentWait.
func (cs *checkouts) run(ctx context.Context, c *checkout) (Booking, error) {
	if err := cs.begin(c); err != nil {
		return Booking{}, err
	}
	patience := time.NewTimer(paymentWait)
	defer patience.Stop()
	select {
	case <-c.done:
		return c.booking, c.err
	case <-patience.C:
		return Booking{}, &raftfsm.OutcomeError{Outcome: OutcomeUnknown, Err: ErrPaymentPending}
	case <-ctx.Done():
		return Booking{}, &raftfsm.OutcomeError{Outcome: OutcomeUnknown, Err: fmt.Errorf("%w: %w", ErrPaymentPending, ctx.Err())}
	}
}

func (cs *checkouts) begin(c *checkout) error {
	select {
	case cs.slots <- struct{}{}:
	default:
		return ErrOverloaded
	}
	cs.mu.Lock()
	defer cs.mu.Unlock()
	if cs.shut {
		<-cs.slots
		return ErrClosed
	}
	cs.wg.Go(func() {
		defer func() { <-cs.slots }()
		c.booking, c.err = c.pay(cs.e.ctx)
		close(c.done)
	})
	return nil
}

// wait takes no more checkouts and waits for those under way; the engine's context has
// ended, and with it what they wait for.
func (cs *checkouts) wait() {
	cs.mu.Lock()
	cs.shut = true
	cs.mu.Unlock()
	cs.wg.Wait()
}
