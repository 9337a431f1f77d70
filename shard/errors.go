package shard

import "errors"

// The domain's refusals. They are defined here once and aliased upward, so that
// errors.Is holds at every layer. None of them changed anything, but for one thing: a
// lapsed hold whose holder comes too late is ended by the command that tells so.
var (
	ErrUnknownEvent        = errors.New("usher: no such event")
	ErrEventExists         = errors.New("usher: the event exists already")
	ErrUnknownChart        = errors.New("usher: the event's chart has not arrived in its group")
	ErrUnknownSeat         = errors.New("usher: no such seat")
	ErrSeatsUnavailable    = errors.New("usher: seats are not available")
	ErrDuplicateSeat       = errors.New("usher: the same seat twice")
	ErrBadRequest          = errors.New("usher: a value is out of range")
	ErrUnknownHold         = errors.New("usher: no such hold")
	ErrHoldExpired         = errors.New("usher: the hold has expired")
	ErrHoldReleased        = errors.New("usher: the hold was released")
	ErrAlreadyBooked       = errors.New("usher: the hold is booked")
	ErrStaleFencingToken   = errors.New("usher: stale fencing token")
	ErrUnknownBooking      = errors.New("usher: no such booking")
	ErrNotOnSale           = errors.New("usher: the event is not on sale yet")
	ErrIdempotencyMismatch = errors.New("usher: the idempotency key was used for another request")
	ErrIdempotencyFull     = errors.New("usher: the event's idempotency table is full")
	ErrTooManyHolds        = errors.New("usher: the event's hold numbers are used up")
	ErrUnknownArea         = errors.New("usher: no such area")
	ErrVersionConflict     = errors.New("usher: seats have changed since they were read")
	ErrAdmissionRequired   = errors.New("usher: admission is required")
	ErrLimitExceeded       = errors.New("usher: more than a holder may have of this event")
	ErrOrphanSeats         = errors.New("usher: single seats would be left over")
	ErrUnknownChannel      = errors.New("usher: no such channel key")
	ErrNoPlan              = errors.New("usher: the event has no seating plan")
	ErrTokenRequired       = errors.New("usher: the fencing token is required")
	ErrUnknownBundle       = errors.New("usher: no such bundle")
	ErrBundleEnded         = errors.New("usher: the bundle was given up")
)
