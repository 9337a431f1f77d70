package payment

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

var ten = Money{Amount: 1000, Currency: "EUR"}

func charge(key, options string) Charge {
	return Charge{Key: key, Reference: "hold_1", Amount: ten, Options: json.RawMessage(options)}
}

func TestOptionsAreReadStrictly(t *testing.T) {
	good := map[string]Options{
		``:                     {},
		`{}`:                   {},
		`{"method":"sandbox"}`: {},
		` {"method":"sandbox","outcome":"decline","delay_ms":60000} `: {OutcomeDecline, time.Minute},
		`{"method":"sandbox","outcome":"late"}`:                       {OutcomeLate, defaultLate},
		`{"method":"sandbox","outcome":"late","delay_ms":0}`:          {OutcomeLate, 0},
		`{"delay_ms":5,"outcome":"twice"}`:                            {OutcomeTwice, 5 * time.Millisecond},
	}
	for text, want := range good {
		if got, err := ParseOptions(json.RawMessage(text)); err != nil || got != want {
			t.Errorf("%s: got %+v, %v; want %+v", text, got, err, want)
		}
	}
	bad := map[string]string{
		`null`:                                "object",
		`[]`:                                  "object",
		`{`:                                   "payment",
		`{"method":"sandbox"} {}`:             "follows",
		`{"method":"stripe"}`:                 "method",
		`{"method":null}`:                     "method",
		`{"Method":"sandbox"}`:                "payment.Method",
		`{"card":"4242"}`:                     "payment.card",
		`{"outcome":"explode"}`:               "payment.outcome",
		`{"outcome":""}`:                      "payment.outcome",
		`{"outcome":null}`:                    "payment.outcome",
		`{"outcome":"late","outcome":"late"}`: "twice",
		`{"delay_ms":-1}`:                     "payment.delay_ms",
		`{"delay_ms":60001}`:                  "payment.delay_ms",
		`{"delay_ms":1.5}`:                    "payment.delay_ms",
		`{"delay_ms":1e3}`:                    "payment.delay_ms",
		`{"delay_ms":"1"}`:                    "payment.delay_ms",
		`{"delay_ms":null}`:                   "payment.delay_ms",
	}
	for text, names := range bad {
		err := NewSandbox(0).Check(json.RawMessage(text))
		if !errors.Is(err, ErrBadOptions) || !strings.Contains(err.Error(), names) {
			t.Errorf("%s: %v; want ErrBadOptions that says %q", text, err, names)
		}
	}
}

func TestSuccessAndLifeCycle(t *testing.T) {
	s, ctx := NewSandbox(0), t.Context()
	p, err := s.Authorize(ctx, charge("k", `{"method":"sandbox"}`))
	if err != nil || p.Status != Authorized || p.Amount != ten || p.ID != sandboxID("k") {
		t.Fatalf("authorize: %+v, %v", p, err)
	}
	if _, err := s.Refund(ctx, p.ID); !errors.Is(err, ErrWrongState) {
		t.Errorf("refund of what was not captured: %v", err)
	}
	for range 2 { // repeating is no error
		if p, err = s.Capture(ctx, p.ID); err != nil || p.Status != Captured {
			t.Fatalf("capture: %+v, %v", p, err)
		}
	}
	if _, err := s.Void(ctx, p.ID); !errors.Is(err, ErrWrongState) {
		t.Errorf("void of what was captured: %v", err)
	}
	for range 2 {
		if p, err = s.Refund(ctx, p.ID); err != nil || p.Status != Refunded {
			t.Fatalf("refund: %+v, %v", p, err)
		}
	}
	if p, err := s.Lookup(ctx, "k"); err != nil || p.Status != Refunded {
		t.Errorf("lookup: %+v, %v", p, err)
	}
}

func TestDeclineIsRememberedUnderItsKey(t *testing.T) {
	s := NewSandbox(0)
	for range 2 {
		p, err := s.Authorize(t.Context(), charge("k", `{"outcome":"decline"}`))
		if err != nil || p.Status != Declined || p.Reason == "" {
			t.Fatalf("got %+v, %v", p, err)
		}
	}
	if _, err := s.Capture(t.Context(), sandboxID("k")); !errors.Is(err, ErrWrongState) {
		t.Errorf("capture of what was declined: %v", err)
	}
}

func TestTimeoutNeverAnswersAndMakesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := NewSandbox(0)
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		start := time.Now()
		if _, err := s.Authorize(ctx, charge("k", `{"outcome":"timeout"}`)); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("authorize: %v", err)
		}
		if d := time.Since(start); d != 10*time.Second {
			t.Errorf("answered after %v", d)
		}
		if _, err := s.Lookup(t.Context(), "k"); !errors.Is(err, ErrUnknownPayment) {
			t.Errorf("lookup: %v", err)
		}
	})
}

func TestLateIsMadeBeforeItIsAnswered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := NewSandbox(0)
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		if _, err := s.Authorize(ctx, charge("k", `{"outcome":"late","delay_ms":15000}`)); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("authorize: %v", err)
		}
		if p, err := s.Lookup(t.Context(), "k"); err != nil || p.Status != Authorized {
			t.Errorf("lookup: %+v, %v", p, err)
		}
		start := time.Now()
		p, err := s.Authorize(t.Context(), charge("k", `{"outcome":"late","delay_ms":15000}`))
		if err != nil || p.Status != Authorized || time.Since(start) != 5*time.Second {
			t.Errorf("asked again: %+v, %v after %v; want the answer 15 s after the first request", p, err, time.Since(start))
		}
	})
}

func TestDelayBeforeTheAnswer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, start := NewSandbox(0), time.Now()
		if _, err := s.Authorize(t.Context(), charge("k", `{"delay_ms":700}`)); err != nil || time.Since(start) != 700*time.Millisecond {
			t.Errorf("%v after %v", err, time.Since(start))
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		if _, err := s.Authorize(ctx, charge("gone", `{"delay_ms":700}`)); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("left early: %v", err)
		}
		if _, err := s.Lookup(t.Context(), "gone"); !errors.Is(err, ErrUnknownPayment) {
			t.Errorf("who leaves before the answer of a plain payment has made none: %v", err)
		}
	})
}

func TestOneKeyIsOnePaymentHoweverOften(t *testing.T) {
	s := NewSandbox(0)
	var all sync.WaitGroup
	for range 50 {
		all.Go(func() {
			if p, err := s.Authorize(t.Context(), charge("k", `{"outcome":"twice"}`)); err != nil || p.ID != sandboxID("k") {
				t.Errorf("got %+v, %v", p, err)
			}
		})
	}
	all.Wait()
	if len(s.byKey) != 1 || s.open.Len() != 1 {
		t.Errorf("%d payments, %d open; want one", len(s.byKey), s.open.Len())
	}
	other := charge("k", ``)
	other.Amount.Amount++
	if _, err := s.Authorize(t.Context(), other); !errors.Is(err, ErrKeyReused) {
		t.Errorf("the key for another amount: %v", err)
	}
}

func TestMemoryIsBounded(t *testing.T) {
	s, ctx := NewSandbox(3), t.Context()
	for i := range 3 {
		if _, err := s.Authorize(ctx, charge(fmt.Sprint(i), ``)); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := s.Authorize(ctx, charge("3", ``)); !errors.Is(err, ErrSandboxFull) {
		t.Fatalf("a fourth open one: %v", err)
	}
	_, _ = s.Void(ctx, sandboxID("2")) // settled first, so forgotten first
	_, _ = s.Capture(ctx, sandboxID("0"))
	for i := 4; i < 6; i++ {
		if _, err := s.Authorize(ctx, charge(fmt.Sprint(i), ``)); err != nil {
			t.Fatal(err)
		}
		if n := len(s.byKey); n != 3 || len(s.byID) != 3 || s.open.Len()+s.settled.Len() != 3 {
			t.Fatalf("%d payments", n)
		}
	}
	if _, err := s.Lookup(ctx, "1"); err != nil {
		t.Errorf("an open authorization was forgotten: %v", err)
	}
	if p, err := s.Refund(ctx, sandboxID("0")); err != nil || p.Status != Refunded {
		t.Errorf("refund of a forgotten payment: %+v, %v", p, err)
	}
	for _, forged := range []string{"", "pay_1", "sandbox_", "sandbox_zz", sandboxID("0") + "00"} {
		if _, err := s.Refund(ctx, forged); !errors.Is(err, ErrUnknownPayment) {
			t.Errorf("refund of %q: %v", forged, err)
		}
	}
	if _, err := s.Capture(ctx, sandboxID("0")); !errors.Is(err, ErrUnknownPayment) {
		t.Errorf("capture of a forgotten payment: %v", err)
	}
}
