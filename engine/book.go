package engine

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/usherhq/usher/engine/payment"
	"github.com/usherhq/usher/raftfsm"
	"github.com/usherhq/usher/shard"
)

// paymentWait is how long Book waits for the provider before it answers
// ErrPaymentPending; the checkout goes on.
const paymentWait = 10 * time.Second

// Book sells a hold to its holder: the payment is authorized, the seats are booked in
// the log, the money is captured. Errors: *PaymentDeclinedError (the hold is released
// then), ErrPaymentPending when the provider has not answered in 10 s (the checkout goes
// on, see HoldByID), ErrHoldExpired, ErrHoldReleased, ErrStaleFencingToken,
// ErrTokenRequired (of a lease), ErrAlreadyBooked, ErrUnknownHold. Nothing is captured
// unless the seats are booked.
func (e *Engine) Book(ctx context.Context, r BookRequest) (Booking, error) {
	ref, n, err := e.find(ctx, kindHold, r.HoldID, ErrUnknownHold)
	if err != nil {
		return Booking{}, err
	}
	if err := e.checkTokens(ctx, ref, n, &r.FencingToken, r.FencingTokens); err != nil {
		return Booking{}, err
	}
	c, err := e.newCheckout(ctx, ref, n, &r)
	if err != nil {
		return Booking{}, err
	}
	if b, err, known := c.recall(ctx); known {
		return b, err
	}
	if err := c.look(ctx); err != nil {
		return Booking{}, err
	}
	return e.checkouts.run(ctx, c)
}

// checkout is one attempt to sell a hold.
type checkout struct {
	e        *Engine
	ref      *eventRef
	hold     uint32
	token    uint64
	method   string
	provider payment.Provider
	charge   payment.Charge
	amount   *Money
	parts    []int64 // what each part of a bundle costs
	key      shard.Key
	expires  time.Duration // from when it was looked at
	done     chan struct{}
	booking  Booking
	err      error
}

func (e *Engine) newCheckout(ctx context.Context, ref *eventRef, hold uint32, r *BookRequest) (*checkout, error) {
	p, ok := e.cfg.Payments[r.PaymentMethod]
	if !ok {
		return nil, &InvalidError{"payment.method", fmt.Sprintf("%q is not one of %s", r.PaymentMethod, strings.Join(sortedKeys(e.cfg.Payments), ", "))}
	}
	if err := p.Check(r.PaymentOptions); err != nil {
		return nil, &InvalidError{"payment", err.Error()}
	}
	key, err := requestKey(ctx, "book", ref, r.IdempotencyKey, r.HoldID, strconv.FormatUint(r.FencingToken, 10), r.PaymentMethod, string(r.PaymentOptions))
	if err != nil {
		return nil, err
	}
	if key.IsZero() {
		// A key of our own tells our booking from somebody else's when the answer is lost.
		if _, err := rand.Read(key.Hash[:]); err != nil {
			return nil, err
		}
	}
	return &checkout{
		e: e, ref: ref, hold: hold, token: r.FencingToken, method: r.PaymentMethod, provider: p, key: key,
		charge: payment.Charge{Reference: r.HoldID, Options: r.PaymentOptions},
		done:   make(chan struct{}),
	}, nil
}

// recall answers a repeated request before any money moves.
func (c *checkout) recall(ctx context.Context) (b Booking, err error, known bool) {
	var res shard.Result
	g := c.e.reader(c.ref.group)
	if err := g.View(func(s *shard.State) {
		known = s.Event(c.ref.no).Recall(g.Now(), &c.key, &res)
	}); err != nil {
		return Booking{}, err, true
	}
	if !known {
		return Booking{}, nil, false
	}
	b, err = c.answer(ctx, &res)
	return b, err, true
}

// answer makes what the log decided an answer.
func (c *checkout) answer(ctx context.Context, res *shard.Result) (Booking, error) {
	if res.Err != nil {
		return Booking{}, res.Err
	}
	if res.Count == 1 { // the release after a decline
		return Booking{}, &PaymentDeclinedError{c.declineReason()}
	}
	if err := c.e.follow(ctx, c.ref.group); err != nil {
		return Booking{}, applied(err)
	}
	b, err := c.e.readBooking(ctx, c.ref, res.Number)
	if err != nil {
		return Booking{}, applied(err)
	}
	b.Status, b.CancelledAt, b.Version = BookingBooked, nil, res.Version
	return b, nil
}

// look refuses a hold that has ended before any money moves, and notes what it costs
// and how long it lasts.
func (c *checkout) look(ctx context.Context) error {
	return c.e.sure(ctx, c.ref.group, func() error { return c.lookHere(ctx) })
}

func (c *checkout) lookHere(ctx context.Context) error {
	g := c.e.reader(c.ref.group)
	var err error
	var bundle shard.BundleInfo
	viewErr := g.View(func(s *shard.State) {
		ev, now := s.Event(c.ref.no), g.Now()
		if err = s.Usable(now, c.ref.no, c.hold, c.token); err != nil {
			return
		}
		info, _ := ev.HoldInfo(c.hold)
		if info.Lease && c.token == 0 {
			err = ErrTokenRequired
			return
		}
		c.expires = time.Duration(info.Expires-now) * time.Millisecond
		c.amount = c.ref.amount(info.Seats)
		bundle, _ = s.Bundle(info.Bundle)
	})
	if viewErr == nil && err == nil && len(bundle.Parts) > 0 {
		c.amount, c.parts, err = c.e.bundleAmounts(ctx, c.ref.group, &bundle)
	}
	if c.amount != nil {
		c.charge.Amount = *c.amount
	}
	if viewErr != nil {
		return viewErr
	}
	return err
}

// pay runs the checkout to its end. ctx ends with the engine.
func (c *checkout) pay(ctx context.Context) (Booking, error) {
	p, err := c.authorize(ctx)
	switch {
	case err != nil:
		return Booking{}, err
	case p.Status == payment.Declined:
		return Booking{}, c.decline(p.Reason)
	}
	res, err := c.book(p.ID)
	if err == nil {
		err = res.Err
	}
	if err != nil {
		if OutcomeOf(err) == OutcomeUnknown {
			c.alarm("payment of a booking of unknown outcome", p.ID, err)
		} else if !c.paidWith(&res, p.ID) {
			c.void(p.ID)
		}
		return Booking{}, err
	}
	ctx = context.WithoutCancel(ctx) // it is booked, also for who closes the engine
	c.e.tellBundle(ctx, c.ref, c.hold)
	c.capture(p.ID)
	return c.answer(ctx, &res)
}

func (c *checkout) stored(paymentID string) string { return c.method + ":" + paymentID }

// book asks the log to sell. It goes on when the engine is being closed, which waits for
// it: the money is reserved, and what became of the seats decides what becomes of it.
func (c *checkout) book(paymentID string) (res shard.Result, err error) {
	if len(c.stored(paymentID)) > shard.MaxPaymentLen {
		return res, fmt.Errorf("usher: payment provider %s: an id of %d bytes", c.method, len(paymentID))
	}
	for {
		r := raftfsm.NewRequest()
		r.Cmd.Book = shard.Book{Event: c.ref.no, Hold: c.hold, Token: c.token, Payment: []byte(c.stored(paymentID)), Parts: c.parts, Key: c.key}
		if c.amount != nil {
			r.Cmd.Book.Amount = c.amount.Amount
			copy(r.Cmd.Book.Currency[:], c.amount.Currency)
		}
		if len(c.parts) > 0 {
			r.Cmd.Book.Amount = c.parts[0]
		}
		r.Cmd.Op = raftfsm.BookOp(&r.Cmd.Book)
		ctx, cancel := context.WithTimeout(context.Background(), electionWait)
		res, err = c.e.propose(ctx, c.ref.group, r, true)
		cancel()
		// The key makes it one booking, however often it is asked for.
		if OutcomeOf(err) != OutcomeUnknown || c.e.Err() != nil {
			return res, err
		}
	}
}

// paidWith tells whether a refused booking stands already, by a checkout beside this
// one, and is paid with this very payment.
func (c *checkout) paidWith(res *shard.Result, paymentID string) (same bool) {
	if !errors.Is(res.Err, ErrAlreadyBooked) {
		return false
	}
	err := c.e.follow(context.Background(), c.ref.group)
	if err == nil {
		err = c.e.reader(c.ref.group).View(func(s *shard.State) {
			info, ok := s.Event(c.ref.no).BookingInfo(res.Number)
			same = ok && info.Payment == c.stored(paymentID)
		})
	}
	return same || err != nil // voiding what paid for a booking would be worse
}

func (c *checkout) decline(reason string) error {
	ctx, cancel := context.WithTimeout(context.Background(), electionWait)
	defer cancel()
	if err := c.e.release(ctx, c.ref, shard.Release{Event: c.ref.no, Hold: c.hold, Token: c.token, Declined: true, Key: c.key}); err != nil {
		return err
	}
	return &PaymentDeclinedError{reason}
}
