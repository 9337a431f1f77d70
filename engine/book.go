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
// ErrAlreadyBooked, ErrUnknownHold. Nothing is captured unless the seats are booked.
func (e *Engine) Book(ctx context.Context, r BookRequest) (Booking, error) {
	ref, n, err := e.find(ctx, kindHold, r.HoldID, ErrUnknownHold)
	if err != nil {
		return Booking{}, err
	}
	c, err := e.newCheckout(ctx, ref, n, &r)
	if err != nil {
		return Booking{}, err
	}
	if b, err, known := c.recall(); known {
		return b, err
	}
	if err := c.look(); err != nil {
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
	key      shard.Key
	expires  time.Duration // from when it began
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
	key, err := requestKey(ctx, "book", ref, r.IdempotencyKey, r.HoldID, strconv.FormatUint(r.FencingToken, 10), string(r.PaymentOptions))
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
		// One hold is paid once, however many attempts there are: the provider's key is it.
		charge: payment.Charge{Key: r.HoldID, Reference: r.HoldID, Options: r.PaymentOptions},
		done:   make(chan struct{}),
	}, nil
}

// recall answers a repeated request before any money moves.
func (c *checkout) recall() (b Booking, err error, known bool) {
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
	b, err = c.answer(&res)
	return b, err, true
}

// answer makes what the log decided an answer.
func (c *checkout) answer(res *shard.Result) (Booking, error) {
	if res.Err != nil {
		return Booking{}, res.Err
	}
	if res.Count == 1 { // the release after a decline
		return Booking{}, &PaymentDeclinedError{"the payment was declined"}
	}
	b, err := c.e.readBooking(c.ref, res.Number)
	b.Status, b.CancelledAt, b.Version = BookingBooked, nil, res.Version
	return b, err
}

// look refuses a hold that has ended before any money moves, and notes what it costs
// and how long it lasts.
func (c *checkout) look() error {
	g := c.e.reader(c.ref.group)
	var err error
	viewErr := g.View(func(s *shard.State) {
		ev, now := s.Event(c.ref.no), g.Now()
		if err = ev.Usable(now, c.hold, c.token); err != nil {
			return
		}
		info, _ := ev.HoldInfo(c.hold)
		c.expires = time.Duration(info.Expires-now) * time.Millisecond
		c.amount = c.ref.amount(info.Seats)
	})
	if c.amount != nil {
		c.charge.Amount = *c.amount
	}
	return errors.Join(viewErr, err)
}

// pay runs the checkout to its end. ctx ends when the hold does, or the engine.
func (c *checkout) pay(ctx context.Context) (Booking, error) {
	p, err := c.provider.Authorize(ctx, c.charge)
	switch {
	case err != nil && ctx.Err() != nil:
		c.giveUp()
		return Booking{}, c.ended()
	case err != nil:
		return Booking{}, fmt.Errorf("usher: payment provider %s: %w", c.method, err)
	case p.Status == payment.Declined:
		return Booking{}, c.decline(ctx, p.Reason)
	}
	res, err := c.book(ctx, p.ID)
	if err != nil {
		return Booking{}, err
	}
	if res.Err != nil {
		if !errors.Is(res.Err, ErrAlreadyBooked) { // whose payment is this very one
			c.void(p.ID)
		}
		return Booking{}, res.Err
	}
	if _, err := c.provider.Capture(ctx, p.ID); err != nil {
		// Booked is booked. Money that could not be taken is for people to look at.
		c.e.cfg.Logger.Error("usher: capture failed", "hold", c.charge.Reference, "payment", p.ID, "err", err)
	}
	return c.answer(&res)
}

func (c *checkout) book(ctx context.Context, paymentID string) (shard.Result, error) {
	stored := c.method + ":" + paymentID
	if len(stored) > shard.MaxPaymentLen {
		return shard.Result{}, fmt.Errorf("usher: payment provider %s: an id of %d bytes", c.method, len(paymentID))
	}
	r := raftfsm.NewRequest()
	r.Cmd.Op = raftfsm.OpBook
	r.Cmd.Book = shard.Book{Event: c.ref.no, Hold: c.hold, Token: c.token, Payment: []byte(stored), Key: c.key}
	if c.amount != nil {
		r.Cmd.Book.Amount = c.amount.Amount
		copy(r.Cmd.Book.Currency[:], c.amount.Currency)
	}
	return c.e.propose(ctx, c.ref.group, r, true)
}

func (c *checkout) decline(ctx context.Context, reason string) error {
	err := c.e.release(ctx, c.ref, shard.Release{Event: c.ref.no, Hold: c.hold, Token: c.token, Declined: true, Key: c.key})
	if err != nil {
		return err
	}
	return &PaymentDeclinedError{reason}
}

// ended is what became of a checkout that was not answered in time.
func (c *checkout) ended() error {
	if err := c.e.Err(); err != nil {
		return &raftfsm.OutcomeError{Outcome: OutcomeUnknown, Err: err}
	}
	return ErrHoldExpired
}

const providerPatience = 5 * time.Second

// giveUp looks up what a provider that never answered has done, and takes it back.
func (c *checkout) giveUp() {
	ctx, cancel := context.WithTimeout(context.Background(), providerPatience)
	defer cancel()
	p, err := c.provider.Lookup(ctx, c.charge.Key)
	switch {
	case errors.Is(err, payment.ErrUnknownPayment):
	case err != nil:
		c.e.cfg.Logger.Error("usher: payment of unknown outcome", "hold", c.charge.Reference, "err", err)
	case p.Status == payment.Authorized:
		c.void(p.ID)
	}
}

func (c *checkout) void(paymentID string) {
	ctx, cancel := context.WithTimeout(context.Background(), providerPatience)
	defer cancel()
	if _, err := c.provider.Void(ctx, paymentID); err != nil {
		c.e.cfg.Logger.Error("usher: void failed", "hold", c.charge.Reference, "payment", paymentID, "err", err)
	}
}
