package engine

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/usherhq/usher/engine/payment"
	"github.com/usherhq/usher/raftfsm"
)

const (
	providerPatience = 5 * time.Second // for calls beside the authorization
	// maxPayments bounds the payments of one hold: a new one is made only after the one
	// before was given up.
	maxPayments = 16
)

var errHoldOver = errors.New("usher: the hold ended before the provider answered")

// chargeKey is the provider's key of a hold's n-th payment. One hold is paid once,
// however many attempts there are, so the first key is the hold's id; a payment that was
// voided cannot be revived, so there are more.
func (c *checkout) chargeKey(n int) string {
	if n == 0 {
		return c.charge.Reference
	}
	return c.charge.Reference + "." + strconv.Itoa(n)
}

// authorize gets the money reserved, or declined, while the hold lasts. On an error
// nothing is reserved, as far as the provider can be asked.
func (c *checkout) authorize(ctx context.Context) (payment.Payment, error) {
	for n := 0; n < maxPayments; {
		c.charge.Key = c.chargeKey(n)
		p, err := c.ask(ctx)
		switch {
		case errors.Is(err, errHoldOver) && c.look(ctx) == nil:
			// The hold was extended while the provider was at work: ask again for the same.
		case err != nil:
			c.giveUp()
			return p, c.unanswered(ctx, err)
		case p.Status == payment.Voided || p.Status == payment.Refunded:
			n++ // given up by a checkout before this one
		default:
			return p, nil
		}
	}
	return payment.Payment{}, fmt.Errorf("usher: payment provider %s: %d payments of this hold were given up", c.method, maxPayments)
}

// ask asks the provider until the hold's end: what is not paid then cannot be booked.
func (c *checkout) ask(ctx context.Context) (payment.Payment, error) {
	holding, cancel := context.WithTimeout(ctx, c.expires)
	defer cancel()
	p, err := c.provider.Authorize(holding, c.charge)
	if err != nil && holding.Err() != nil && ctx.Err() == nil {
		err = errHoldOver // whatever the provider made of it
	}
	return p, err
}

// unanswered is what a checkout is told that got no answer from the provider: it has not
// come to the log.
func (c *checkout) unanswered(ctx context.Context, err error) error {
	switch {
	case ctx.Err() != nil:
		return &raftfsm.OutcomeError{Outcome: OutcomeNotApplied, Err: ErrClosed}
	case !errors.Is(err, errHoldOver):
		return fmt.Errorf("usher: payment provider %s: %w", c.method, err)
	}
	if err := c.look(ctx); err != nil {
		return err
	}
	return ErrHoldExpired
}

// declineReason is the provider's, if it still knows; the log only says that it declined.
func (c *checkout) declineReason() string {
	ctx, cancel := context.WithTimeout(context.Background(), providerPatience)
	defer cancel()
	for n := range maxPayments {
		p, err := c.provider.Lookup(ctx, c.chargeKey(n))
		if err != nil {
			break
		}
		if p.Status == payment.Declined {
			return p.Reason
		}
	}
	return "the payment was declined"
}

// giveUp looks up what a provider that never answered has done, and takes it back.
func (c *checkout) giveUp() {
	ctx, cancel := context.WithTimeout(context.Background(), providerPatience)
	defer cancel()
	p, err := c.provider.Lookup(ctx, c.charge.Key)
	switch {
	case errors.Is(err, payment.ErrUnknownPayment):
	case err != nil:
		c.alarm("payment of unknown outcome", "", err)
	case p.Status == payment.Authorized:
		c.void(p.ID)
	}
}

func (c *checkout) void(paymentID string) {
	ctx, cancel := context.WithTimeout(context.Background(), providerPatience)
	defer cancel()
	if _, err := c.provider.Void(ctx, paymentID); err != nil {
		c.alarm("void failed", paymentID, err)
	}
}

// capture takes the money, also when the engine is being closed. Booked is booked: money
// that could not be taken is for people to look at.
func (c *checkout) capture(paymentID string) {
	ctx, cancel := context.WithTimeout(context.Background(), providerPatience)
	defer cancel()
	if _, err := c.provider.Capture(ctx, paymentID); err != nil {
		c.alarm("capture failed", paymentID, err)
	}
}

// alarm is for people: money and seats may not agree.
func (c *checkout) alarm(what, paymentID string, err error) {
	c.e.cfg.Logger.Error("usher: "+what, "hold", c.charge.Reference, "payment", paymentID, "err", err)
}
