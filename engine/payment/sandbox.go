package payment

import (
	"container/list"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"
)

// DefaultSandboxPayments bounds what a Sandbox remembers unless told otherwise: some
// 30 MB at worst.
const DefaultSandboxPayments = 1 << 17

const sandboxPrefix = "sandbox_"

// What a Sandbox refuses beyond the Provider's own errors.
var (
	// ErrWrongState: the payment is not in a state that allows the call, e.g. capturing
	// what was voided. Nothing changed.
	ErrWrongState = errors.New("payment: not possible in the payment's state")
	// ErrKeyReused: the key was used for another amount. Nothing was charged.
	ErrKeyReused = errors.New("payment: the key was used for another charge")
	// ErrSandboxFull: as many authorizations are open as the sandbox remembers at all.
	ErrSandboxFull = errors.New("payment: the sandbox is full of open authorizations")
)

// Sandbox is a payment provider that moves no money and misbehaves on demand: see
// [Options]. It lives in memory and forgets the payments that were settled longest ago
// when it holds too many. Safe for use by many goroutines.
type Sandbox struct {
	max int

	mu sync.Mutex
	// byKey and byID hold the same records: len(byKey) == len(byID) ==
	// open.Len() + settled.Len() <= max.
	byKey   map[string]*record
	byID    map[string]*record
	open    *list.List // of *record, authorized, oldest first: never forgotten
	settled *list.List // of *record, all others, settled longest ago first
}

// record is one payment. Its fields are guarded by Sandbox.mu.
type record struct {
	key      string
	payment  Payment
	answerAt time.Time     // no answer leaves before it, however often it is asked for
	place    *list.Element // in open or settled
}

var _ Provider = (*Sandbox)(nil)

// NewSandbox makes a sandbox that remembers at most max payments; 0 or less means
// DefaultSandboxPayments.
func NewSandbox(max int) *Sandbox {
	if max <= 0 {
		max = DefaultSandboxPayments
	}
	return &Sandbox{
		max:     max,
		byKey:   map[string]*record{},
		byID:    map[string]*record{},
		open:    list.New(),
		settled: list.New(),
	}
}

// Authorize reserves the money in the way the charge's options ask for. It returns
// ErrBadOptions, ErrKeyReused, ErrSandboxFull, or ctx's error: then Lookup tells whether
// a payment was made.
func (s *Sandbox) Authorize(ctx context.Context, c Charge) (Payment, error) {
	options, err := ParseOptions(c.Options)
	if err != nil {
		return Payment{}, err
	}
	if options.Outcome == OutcomeTimeout {
		<-ctx.Done()
		return Payment{}, ctx.Err()
	}
	if options.Outcome != OutcomeLate {
		// The provider takes its time first: a caller who leaves before that has made no
		// payment. A late one has, and does not hear of it.
		if err := sleep(ctx, options.Delay); err != nil {
			return Payment{}, err
		}
	}
	p, answerAt, err := s.process(c, options)
	if err == nil && options.Outcome == OutcomeTwice {
		p, answerAt, err = s.process(c, options)
	}
	if err != nil {
		return Payment{}, err
	}
	return p, sleep(ctx, time.Until(answerAt))
}

// process is the provider's work on a charge; under one key it is done once.
func (s *Sandbox) process(c Charge, options Options) (Payment, time.Time, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r, ok := s.byKey[c.Key]; ok {
		if r.payment.Amount != c.Amount {
			return Payment{}, time.Time{}, fmt.Errorf("%w: %v before, now %v", ErrKeyReused, r.payment.Amount, c.Amount)
		}
		return r.payment, r.answerAt, nil
	}
	if err := s.makeRoom(); err != nil {
		return Payment{}, time.Time{}, err
	}
	r := &record{key: c.Key, payment: Payment{ID: sandboxID(c.Key), Status: Authorized, Amount: c.Amount}}
	if options.Outcome == OutcomeLate {
		r.answerAt = time.Now().Add(options.Delay)
	}
	r.place = s.open.PushBack(r)
	if options.Outcome == OutcomeDecline {
		r.payment.Reason = "the sandbox was asked to decline"
		s.settle(r, Declined)
	}
	s.byKey[r.key], s.byID[r.payment.ID] = r, r
	return r.payment, r.answerAt, nil
}

// makeRoom forgets the payment that was settled longest ago if there is no room.
func (s *Sandbox) makeRoom() error {
	if len(s.byKey) < s.max {
		return nil
	}
	oldest := s.settled.Front()
	if oldest == nil {
		return ErrSandboxFull
	}
	r := s.settled.Remove(oldest).(*record)
	delete(s.byKey, r.key)
	delete(s.byID, r.payment.ID)
	return nil
}

// settle moves a record to the end of those that may be forgotten.
func (s *Sandbox) settle(r *record, to Status) {
	if r.payment.Status == Authorized {
		s.open.Remove(r.place)
	} else {
		s.settled.Remove(r.place)
	}
	r.payment.Status = to
	r.place = s.settled.PushBack(r)
}

// Check refuses options that are not the sandbox's; the error wraps ErrBadOptions and
// names the field.
func (s *Sandbox) Check(options json.RawMessage) error {
	_, err := ParseOptions(options)
	return err
}

// Capture takes what was authorized: ErrUnknownPayment, or ErrWrongState if it was
// declined, voided or refunded.
func (s *Sandbox) Capture(ctx context.Context, paymentID string) (Payment, error) {
	return s.move(ctx, paymentID, Authorized, Captured)
}

// Void gives an authorization up: ErrUnknownPayment, or ErrWrongState if it was declined
// or captured.
func (s *Sandbox) Void(ctx context.Context, paymentID string) (Payment, error) {
	return s.move(ctx, paymentID, Authorized, Voided)
}

// Refund returns captured money: ErrUnknownPayment for an id that no sandbox made,
// ErrWrongState if the payment was never captured. Bookings outlive this memory: an id of
// the sandbox's own form that it no longer knows (a restart, or forgotten) is refunded all
// the same, with a zero amount, or its booking could never be cancelled.
func (s *Sandbox) Refund(ctx context.Context, paymentID string) (Payment, error) {
	p, err := s.move(ctx, paymentID, Captured, Refunded)
	if errors.Is(err, ErrUnknownPayment) && isSandboxID(paymentID) {
		return Payment{ID: paymentID, Status: Refunded}, nil
	}
	return p, err
}

// Lookup finds the payment made under a charge's key, or returns ErrUnknownPayment.
func (s *Sandbox) Lookup(ctx context.Context, key string) (Payment, error) {
	if err := ctx.Err(); err != nil {
		return Payment{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if r, ok := s.byKey[key]; ok {
		return r.payment, nil
	}
	return Payment{}, ErrUnknownPayment
}

func (s *Sandbox) move(ctx context.Context, paymentID string, from, to Status) (Payment, error) {
	if err := ctx.Err(); err != nil {
		return Payment{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	r, ok := s.byID[paymentID]
	switch {
	case !ok:
		return Payment{}, ErrUnknownPayment
	case r.payment.Status == to:
		return r.payment, nil
	case r.payment.Status != from:
		return Payment{}, fmt.Errorf("%w: %s cannot become %s", ErrWrongState, r.payment.Status, to)
	}
	s.settle(r, to)
	return r.payment, nil
}

// sandboxID is the same for the same key, also after a restart.
func sandboxID(key string) string {
	sum := sha256.Sum256([]byte("usher sandbox payment\x00" + key))
	return sandboxPrefix + hex.EncodeToString(sum[:16])
}

func isSandboxID(id string) bool {
	sum, ok := strings.CutPrefix(id, sandboxPrefix)
	raw, err := hex.DecodeString(sum)
	return ok && err == nil && len(raw) == 16
}

// sleep waits for d or until ctx ends, whichever is first.
func sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
