package engine_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/usherhq/usher/engine"
	"github.com/usherhq/usher/engine/payment"
)

func withProvider(t *testing.T, clock engine.Clock) (*engine.Engine, string, *provider) {
	t.Helper()
	p := newProvider()
	e, id := open(t, engine.Config{Groups: 1, Clock: clock, Payments: map[string]payment.Provider{"sandbox": p}})
	return e, id, p
}

// TestTwoBooksOfOneHold: one sells it, the other is told; the money is taken once, and
// what paid for the booking is never given up.
func TestTwoBooksOfOneHold(t *testing.T) {
	t.Parallel()
	e, id, p := withProvider(t, nil)
	h := hold(t, e, id, "A-1")
	var both sync.WaitGroup
	both.Add(8)
	p.authorize = func(ctx context.Context, c payment.Charge) (payment.Payment, error) {
		both.Done()
		both.Wait()
		return p.Provider.Authorize(ctx, c)
	}
	sold := make(chan error, 8)
	for range 8 {
		go func() {
			_, err := e.Book(context.Background(), bookRequest(h, ""))
			sold <- err
		}()
	}
	n := 0
	for range 8 {
		if err := <-sold; err == nil {
			n++
		} else {
			wantErr(t, "loser", err, engine.ErrAlreadyBooked, engine.OutcomeNotApplied)
		}
	}
	if n != 1 || p.count("capture") != 1 || p.count("void") != 0 {
		t.Errorf("%d sold, captured %d, voided %d", n, p.count("capture"), p.count("void"))
	}
}

// TestTwoMethodsOfOneHold: the loser's money was another's, and goes back.
func TestTwoMethodsOfOneHold(t *testing.T) {
	t.Parallel()
	a, b := newProvider(), newProvider()
	e, id := open(t, engine.Config{Groups: 1, Payments: map[string]payment.Provider{"a": a, "b": b}})
	h := hold(t, e, id, "A-1")
	reserved, goOn := make(chan struct{}), make(chan struct{})
	b.authorize = func(ctx context.Context, c payment.Charge) (payment.Payment, error) {
		p, err := b.Provider.Authorize(ctx, c)
		close(reserved)
		<-goOn
		return p, err
	}
	late := make(chan error)
	go func() {
		_, err := e.Book(context.Background(), engine.BookRequest{HoldID: h.HoldID, PaymentMethod: "b"})
		late <- err
	}()
	<-reserved
	if _, err := e.Book(testContext(t), engine.BookRequest{HoldID: h.HoldID, PaymentMethod: "a"}); err != nil {
		t.Fatal(err)
	}
	close(goOn)
	wantErr(t, "second method", <-late, engine.ErrAlreadyBooked, engine.OutcomeNotApplied)
	if b.count("void") != 1 || b.count("capture") != 0 || a.count("void") != 0 || a.count("capture") != 1 {
		t.Errorf("a: %v, b: %v", a.calls, b.calls)
	}
}

func TestDeclineReleases(t *testing.T) {
	t.Parallel()
	e, id, p := withProvider(t, nil)
	h := hold(t, e, id, "A-1")
	_, err := e.Book(testContext(t), bookRequest(h, `{"method":"sandbox","outcome":"decline"}`))
	var declined *engine.PaymentDeclinedError
	if !errors.As(err, &declined) || declined.Reason == "" {
		t.Errorf("%v", err)
	}
	if got, err := e.HoldByID(testContext(t), h.HoldID); err != nil || got.Status != engine.HoldReleased {
		t.Errorf("%+v, %v", got, err)
	}
	if p.count("capture")+p.count("void") != 0 {
		t.Errorf("provider was told %v", p.calls)
	}
	_, err = e.Book(testContext(t), engine.BookRequest{HoldID: h.HoldID, PaymentMethod: "cash"})
	wantInvalid(t, "method", err, "payment.method")
	_, err = e.Book(testContext(t), bookRequest(h, `{"method":"sandbox","tip":1}`))
	wantInvalid(t, "options", err, "payment")
}

// TestCallerLeavesCheckout: the checkout goes on without the caller, who cannot know.
func TestCallerLeavesCheckout(t *testing.T) {
	t.Parallel()
	e, id, p := withProvider(t, nil)
	h := hold(t, e, id, "A-1")
	ctx, cancel := context.WithCancel(testContext(t))
	p.authorize = func(pctx context.Context, c payment.Charge) (payment.Payment, error) {
		cancel()
		time.Sleep(20 * time.Millisecond)
		return p.Provider.Authorize(pctx, c)
	}
	_, err := e.Book(ctx, bookRequest(h, ""))
	wantErr(t, "cancelled", err, engine.ErrPaymentPending, engine.OutcomeUnknown)
	eventually(t, "the booking", func() bool {
		got, err := e.HoldByID(testContext(t), h.HoldID)
		return err == nil && got.Status == engine.HoldBooked && p.count("capture") == 1
	})
}

// TestHoldEndsDuringCheckout: the provider never answers, or answers too late.
func TestHoldEndsDuringCheckout(t *testing.T) {
	t.Parallel()
	clock := newHandClock()
	e, id, p := withProvider(t, clock)
	short := func(seat string) engine.Hold {
		h, err := e.Hold(testContext(t), engine.HoldRequest{EventID: id, SeatIDs: []string{seat}, HolderID: "ada", TTL: time.Second})
		if err != nil {
			t.Fatal(err)
		}
		return h
	}
	_, err := e.Book(testContext(t), bookRequest(short("A-1"), `{"method":"sandbox","outcome":"timeout"}`))
	wantErr(t, "never answered", err, engine.ErrHoldExpired, engine.OutcomeNotApplied)
	_, err = e.Book(testContext(t), bookRequest(short("A-2"), `{"method":"sandbox","outcome":"late"}`))
	wantErr(t, "late", err, engine.ErrHoldExpired, engine.OutcomeNotApplied)
	if p.count("void") != 1 {
		t.Errorf("provider was told %v", p.calls)
	}
	// Log time runs ahead of the checkout's: the log decides.
	h := hold(t, e, id, "A-3")
	p.authorize = func(ctx context.Context, c payment.Charge) (payment.Payment, error) {
		clock.pass(time.Hour)
		return p.Provider.Authorize(ctx, c)
	}
	_, err = e.Book(testContext(t), bookRequest(h, ""))
	wantErr(t, "expired in the log", err, engine.ErrHoldExpired, engine.OutcomeNotApplied)
	if p.count("void") != 2 || p.count("capture") != 0 {
		t.Errorf("provider was told %v", p.calls)
	}
}

// TestHoldIsExtendedDuringCheckout: it lasts as long as the hold does now.
func TestHoldIsExtendedDuringCheckout(t *testing.T) {
	t.Parallel()
	e, id, p := withProvider(t, nil)
	h, err := e.Hold(testContext(t), engine.HoldRequest{EventID: id, SeatIDs: []string{"A-1"}, HolderID: "ada", TTL: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	p.authorize = func(ctx context.Context, c payment.Charge) (payment.Payment, error) {
		if d, _ := ctx.Deadline(); time.Until(d) < 2*time.Second {
			if _, err := e.Extend(ctx, engine.ExtendRequest{HoldID: h.HoldID, FencingToken: h.FencingToken, TTL: time.Minute}); err != nil {
				t.Error(err)
			}
			<-ctx.Done()
			return payment.Payment{}, ctx.Err()
		}
		return p.Provider.Authorize(ctx, c)
	}
	if _, err := e.Book(testContext(t), bookRequest(h, "")); err != nil {
		t.Errorf("%v, provider was told %v", err, p.calls)
	}
}

// TestProviderFails: nothing is booked, nothing stays reserved, and the hold can be paid
// by another attempt, which is another payment.
func TestProviderFails(t *testing.T) {
	t.Parallel()
	e, id, p := withProvider(t, nil)
	h := hold(t, e, id, "A-1")
	broken := errors.New("connection reset")
	p.authorize = func(ctx context.Context, c payment.Charge) (payment.Payment, error) {
		if _, err := p.Provider.Authorize(ctx, c); err != nil {
			t.Error(err)
		}
		return payment.Payment{}, broken
	}
	_, err := e.Book(testContext(t), bookRequest(h, ""))
	wantErr(t, "provider's error", err, broken, engine.OutcomeNotApplied)
	if p.count("void") != 1 {
		t.Errorf("what the provider made is still reserved: %v", p.calls)
	}
	p.authorize = nil
	b, err := e.Book(testContext(t), bookRequest(h, ""))
	if err != nil {
		t.Fatal(err)
	}
	if paid, err := p.Capture(context.Background(), b.PaymentID); err != nil || paid.Status != payment.Captured {
		t.Errorf("sold for a payment that is %+v, %v", paid, err)
	}
	if c, err := e.CancelBooking(testContext(t), engine.CancelRequest{BookingID: b.BookingID}); err != nil || c.Status != engine.BookingCancelled {
		t.Errorf("%+v, %v", c, err)
	}
}

// TestCloseDuringCheckout: closing ends what waits for a provider and gives its money
// back; what has been authorized is sold and taken first.
func TestCloseDuringCheckout(t *testing.T) {
	t.Parallel()
	p := newProvider()
	cfg := engine.Config{Dir: t.TempDir(), Groups: 1, Payments: map[string]payment.Provider{"sandbox": p}}
	e, id := open(t, cfg)
	waiting, paid := hold(t, e, id, "A-1"), hold(t, e, id, "A-2")
	asked, closing := make(chan struct{}, 2), make(chan struct{})
	p.authorize = func(ctx context.Context, c payment.Charge) (payment.Payment, error) {
		got, err := p.Provider.Authorize(context.Background(), c)
		asked <- struct{}{}
		<-closing
		if c.Reference == waiting.HoldID {
			<-ctx.Done()
			return payment.Payment{}, ctx.Err()
		}
		<-ctx.Done()
		return got, err
	}
	errs := make(map[string]chan error)
	for _, h := range []engine.Hold{waiting, paid} {
		answer := make(chan error, 1)
		errs[h.HoldID] = answer
		go func() {
			_, err := e.Book(context.Background(), bookRequest(h, ""))
			answer <- err
		}()
	}
	<-asked
	<-asked
	close(closing)
	p2 := newProvider()
	cfg.Payments = map[string]payment.Provider{"sandbox": p2}
	e2 := reopen(t, e, cfg)
	wantErr(t, "waiting", <-errs[waiting.HoldID], engine.ErrClosed, engine.OutcomeNotApplied)
	if err := <-errs[paid.HoldID]; err != nil {
		t.Errorf("paid: %v", err)
	}
	if p.count("void") != 1 || p.count("capture") != 1 {
		t.Errorf("provider was told %v", p.calls)
	}
	for h, want := range map[string]engine.HoldStatus{waiting.HoldID: engine.HoldHeld, paid.HoldID: engine.HoldBooked} {
		if got, err := e2.HoldByID(testContext(t), h); err != nil || got.Status != want {
			t.Errorf("%+v, %v; want %s", got, err, want)
		}
	}
	_, err := e.Book(testContext(t), bookRequest(waiting, ""))
	wantErr(t, "book after close", err, engine.ErrClosed, engine.OutcomeNotApplied)
}
