package engine

import "github.com/usherhq/usher/engine/payment"

// Money is an amount in minor units (cents) of an ISO 4217 currency.
type Money = payment.Money
