package shard

import "math"

// Bounds that every command is held to, whoever sent it.
const (
	MaxSeats        = 1_000_000 // of a chart
	MaxSeatsPerHold = 1_000     // of one hold
	MaxBlockSeats   = 20_000    // of one Block
	MaxEvents       = 1 << 20   // of one group
	MaxHolderLen    = 128       // bytes
	MaxPaymentLen   = 255       // bytes
	MaxReasonLen    = 255       // bytes
	MaxEventIDLen   = 160       // bytes
	MaxMetaLen      = 64 << 10  // bytes of an event's opaque settings
	MaxChartBytes   = 64 << 20  // of a chart's packed document
	MaxItems        = 64        // events of one claim
	MaxApart        = 100       // people of a party that may be split up: each piece is a search
	MaxChannels     = 255       // of one event
	MaxChannelName  = 64        // bytes
	MaxGroups       = 64        // shard groups there can be
	MinTTL          = 1_000     // milliseconds
	MaxTTL          = 3_600_000 // milliseconds
	DefaultMaxKeys  = 1 << 20   // idempotency keys an event remembers at once
	// Retention is how long, in milliseconds of log time, a hold that has ended and an
	// idempotent answer are kept.
	Retention = 24 * 3_600_000
	// MaxToken bounds fencing tokens: they stay exact in a JSON number.
	MaxToken = 1<<53 - 1

	never = math.MaxInt64
	// maxStamp is the end of the year 9999: times of day beyond it have no RFC 3339 form,
	// and a stamp near the end of the integers would overflow into the past.
	maxStamp = 253_402_300_799_999
)
