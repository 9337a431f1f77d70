package engine_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/usherhq/usher/engine"
	"github.com/usherhq/usher/engine/payment"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// handClock is the machine's clock, and what a test adds to it.
type handClock struct {
	mu    sync.Mutex
	start time.Time
	plus  time.Duration
}

func newHandClock() *handClock { return &handClock{start: time.Now()} }

func (c *handClock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.plus += d
}

func (c *handClock) Monotonic() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Since(c.start) + c.plus
}

func (c *handClock) Wall() time.Time               { return c.start.Add(c.Monotonic()).Round(0) }
func (c *handClock) Boot() (string, time.Duration) { return "boot", time.Hour + c.Monotonic() }

// provider is a payment provider that does what a test says, over a sandbox.
type provider struct {
	payment.Provider
	authorize func(ctx context.Context, c payment.Charge) (payment.Payment, error)
	mu        sync.Mutex
	calls     []string // "void", "capture", in order
}

func newProvider() *provider { return &provider{Provider: payment.NewSandbox(0)} }

func (p *provider) note(call string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.calls = append(p.calls, call)
}

func (p *provider) count(call string) (n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range p.calls {
		if c == call {
			n++
		}
	}
	return n
}

func (p *provider) Authorize(ctx context.Context, c payment.Charge) (payment.Payment, error) {
	if p.authorize != nil {
		return p.authorize(ctx, c)
	}
	return p.Provider.Authorize(ctx, c)
}

func (p *provider) Capture(ctx context.Context, id string) (payment.Payment, error) {
	p.note("capture")
	return p.Provider.Capture(ctx, id)
}

func (p *provider) Void(ctx context.Context, id string) (payment.Payment, error) {
	p.note("void")
	return p.Provider.Void(ctx, id)
}

func hold(t testing.TB, e *engine.Engine, event string, seats ...string) engine.Hold {
	t.Helper()
	h, err := e.Hold(testContext(t), engine.HoldRequest{EventID: event, SeatIDs: seats, HolderID: "ada"})
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func bookRequest(h engine.Hold, options string) engine.BookRequest {
	r := engine.BookRequest{HoldID: h.HoldID, FencingToken: h.FencingToken, PaymentMethod: "sandbox"}
	if options != "" {
		r.PaymentOptions = json.RawMessage(options)
	}
	return r
}

func book(t testing.TB, e *engine.Engine, h engine.Hold) engine.Booking {
	t.Helper()
	b, err := e.Book(testContext(t), bookRequest(h, ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func wantErr(t testing.TB, what string, err, want error, outcome engine.Outcome) {
	t.Helper()
	if !errors.Is(err, want) || engine.OutcomeOf(err) != outcome {
		t.Errorf("%s: %v (outcome %s), want %v (%s)", what, err, engine.OutcomeOf(err), want, outcome)
	}
}

func wantInvalid(t testing.TB, what string, err error, field string) {
	t.Helper()
	var bad *engine.InvalidError
	if !errors.As(err, &bad) || bad.Field != field || engine.OutcomeOf(err) != engine.OutcomeNotApplied {
		t.Errorf("%s: %v, want an InvalidError of %s", what, err, field)
	}
}

func eventually(t testing.TB, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); !ok(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("never happened: " + what)
		}
	}
}

func reopen(t testing.TB, e *engine.Engine, cfg engine.Config) *engine.Engine {
	t.Helper()
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	again, err := engine.Open(testContext(t), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := again.Close(); err != nil {
			t.Error(err)
		}
	})
	return again
}

func seatIDs(rows, each int) (ids []string) {
	for r := range rows {
		for n := 1; n <= each; n++ {
			ids = append(ids, fmt.Sprintf("%c-%d", 'A'+r, n))
		}
	}
	return ids
}
