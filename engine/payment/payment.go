// Package payment is what checkout asks of a payment provider.
package payment

import (
	"context"
	"encoding/json"
	"errors"
)

// Money is an amount in minor units (cents) of an ISO 4217 currency.
type Money struct {
	Amount   int64  `json:"amount"`
	Currency string `json:"currency"`
}

// Charge asks for money.
type Charge struct {
	// Key makes the call repeatable: the provider answers the same key with the same
	// payment, however often it is asked.
	Key       string
	Reference string          // the hold it pays for
	Amount    Money           // zero when no seat has a price
	Options   json.RawMessage // the provider's own fields
}

// Status is where a payment stands at the provider.
type Status string

// The states of a payment.
const (
	Authorized Status = "authorized" // reserved, not yet taken
	Captured   Status = "captured"
	Voided     Status = "voided"
	Refunded   Status = "refunded"
	Declined   Status = "declined"
)

// Payment is the provider's record.
type Payment struct {
	ID     string
	Status Status
	Amount Money
	Reason string // of a decline, in words for people
}

// ErrUnknownPayment: the provider has no such payment.
var ErrUnknownPayment = errors.New("payment: no such payment")

// ErrBadOptions wraps what is wrong with Charge.Options; nothing was charged.
var ErrBadOptions = errors.New("payment: bad options")

// Provider is a payment provider. Its methods are called from many goroutines at
// once, block until the provider has answered, and return ctx's error when it ends
// first: the outcome is then unknown, and Lookup tells. A decline is a Payment with
// Status Declined, not an error.
type Provider interface {
	// Check refuses malformed options before anything is done (wraps ErrBadOptions).
	Check(options json.RawMessage) error
	// Authorize reserves the money.
	Authorize(ctx context.Context, c Charge) (Payment, error)
	// Capture takes what was authorized. Repeating it is no error.
	Capture(ctx context.Context, paymentID string) (Payment, error)
	// Void gives an authorization up. Repeating it is no error.
	Void(ctx context.Context, paymentID string) (Payment, error)
	// Refund returns captured money. Repeating it is no error.
	Refund(ctx context.Context, paymentID string) (Payment, error)
	// Lookup finds the payment made under a charge's key.
	Lookup(ctx context.Context, key string) (Payment, error)
}
