package engine

import (
	"errors"
	"fmt"

	"github.com/usherhq/usher/raftfsm"
	"github.com/usherhq/usher/shard"
)

// Sentinels for errors.Is. Those the state machine decides are defined once, in
// shard, and those of consensus in raftfsm.
var (
	ErrUnknownEvent        = shard.ErrUnknownEvent
	ErrEventExists         = shard.ErrEventExists
	ErrUnknownSeat         = shard.ErrUnknownSeat      // *UnknownSeatError names them
	ErrSeatsUnavailable    = shard.ErrSeatsUnavailable // *SeatsUnavailableError names them
	ErrUnknownHold         = shard.ErrUnknownHold
	ErrHoldExpired         = shard.ErrHoldExpired
	ErrHoldReleased        = shard.ErrHoldReleased
	ErrAlreadyBooked       = shard.ErrAlreadyBooked
	ErrStaleFencingToken   = shard.ErrStaleFencingToken
	ErrUnknownBooking      = shard.ErrUnknownBooking
	ErrNotOnSale           = shard.ErrNotOnSale
	ErrIdempotencyMismatch = shard.ErrIdempotencyMismatch
	ErrIdempotencyFull     = shard.ErrIdempotencyFull
	ErrTooManyHolds        = shard.ErrTooManyHolds // the event's numbers are used up

	ErrUnknownChart    = raftfsm.ErrUnknownChart
	ErrPaymentPending  = errors.New("usher: the payment provider has not answered yet")
	ErrPaymentDeclined = errors.New("usher: payment declined") // *PaymentDeclinedError has the reason
	ErrOverloaded      = raftfsm.ErrOverload
	ErrEpochChanged    = errors.New("usher: the event was restored since; read its map anew")

	ErrStarting = raftfsm.ErrStarting // still applying what was committed when it started
	ErrNoQuorum = raftfsm.ErrNoQuorum // no leader, or no majority, in time
	ErrClosed   = raftfsm.ErrClosed
	ErrHalted   = raftfsm.ErrHalted  // this replica can not go on; another one can
	ErrDamaged  = raftfsm.ErrDamaged // a log or snapshot failed its checksum
)

// DirInUseError tells which process has the data folder.
type DirInUseError = raftfsm.ErrDirInUse

// Outcome says what became of a write that returned an error.
type Outcome = raftfsm.Outcome

// The outcomes of a write.
const (
	OutcomeNotApplied = raftfsm.OutcomeNotApplied
	OutcomeUnknown    = raftfsm.OutcomeUnknown
	OutcomeApplied    = raftfsm.OutcomeApplied
)

// OutcomeOf tells what became of the write that returned err: nothing was done
// (OutcomeNotApplied), it cannot be known from here (OutcomeUnknown: repeat it with the
// same idempotency key), or it did take effect (OutcomeApplied, also for nil).
func OutcomeOf(err error) Outcome { return raftfsm.OutcomeOf(err) }

// applied says of an error that came after the write had taken effect that it did.
func applied(err error) error {
	if err == nil {
		return nil
	}
	return &raftfsm.OutcomeError{Outcome: OutcomeApplied, Err: err}
}

// InvalidError is a request that no state could satisfy: a field is missing, malformed
// or out of range.
type InvalidError struct {
	Field   string // as in the HTTP API, e.g. "seat_ids[3]"
	Problem string
}

func (e *InvalidError) Error() string { return fmt.Sprintf("usher: %s: %s", e.Field, e.Problem) }

// UnknownSeatError names the seats that the event's chart does not have.
type UnknownSeatError struct{ SeatIDs []string }

func (e *UnknownSeatError) Error() string {
	return fmt.Sprintf("usher: unknown seat %q", e.SeatIDs)
}

// Is makes errors.Is(err, ErrUnknownSeat) true.
func (e *UnknownSeatError) Is(target error) bool { return target == ErrUnknownSeat }

// SeatConflict is one seat that could not be had, and why.
type SeatConflict struct {
	SeatID string     `json:"seat_id"`
	Status SeatStatus `json:"-"`
}

// SeatsUnavailableError names the seats that stood in the way; nothing was taken.
type SeatsUnavailableError struct {
	EventID   string
	Conflicts []SeatConflict
}

func (e *SeatsUnavailableError) Error() string {
	return fmt.Sprintf("usher: %d of the seats of %s are not available, first %s (%s)",
		len(e.Conflicts), e.EventID, e.Conflicts[0].SeatID, e.Conflicts[0].Status)
}

// Is makes errors.Is(err, ErrSeatsUnavailable) true.
func (e *SeatsUnavailableError) Is(target error) bool { return target == ErrSeatsUnavailable }

// PaymentDeclinedError carries the provider's reason; the hold has been released.
type PaymentDeclinedError struct{ Reason string }

func (e *PaymentDeclinedError) Error() string { return "usher: payment declined: " + e.Reason }

// Is makes errors.Is(err, ErrPaymentDeclined) true.
func (e *PaymentDeclinedError) Is(target error) bool { return target == ErrPaymentDeclined }
