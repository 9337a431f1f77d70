package engine

import (
	"errors"
	"fmt"

	"github.com/usherhq/usher/raftfsm"
	"github.com/usherhq/usher/shard"
	"github.com/usherhq/usher/waitroom"
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
	ErrUnknownArea         = shard.ErrUnknownArea
	ErrVersionConflict     = shard.ErrVersionConflict // *VersionConflictError has the versions
	ErrAdmissionRequired   = shard.ErrAdmissionRequired
	ErrLimitExceeded       = shard.ErrLimitExceeded // *LimitError has the numbers
	ErrOrphanSeats         = shard.ErrOrphanSeats   // *OrphanError names them
	ErrUnknownChannel      = shard.ErrUnknownChannel
	ErrTokenRequired       = shard.ErrTokenRequired // of a lease
	ErrNoPlan              = shard.ErrNoPlan        // the event was made before seats could be searched for, or its chart is too large
	ErrAdmissionInvalid    = errors.New("usher: the admission token is not valid")

	// What an admission that was shown is refused with, beside ErrAdmissionInvalid: each is
	// itself alone.
	ErrAdmissionForeign  = waitroom.ErrOtherEvent  // of another room, for other nights, or another holder's
	ErrAdmissionExpired  = waitroom.ErrLapsed      // it was not used in time
	ErrAdmissionReplayed = waitroom.ErrSessionOver // its session is over

	ErrNoWaitingRoom = errors.New("usher: the event has no waiting room")
	ErrUnknownTicket = waitroom.ErrUnknownTicket
	ErrRoomClosed    = waitroom.ErrRoomClosed
	ErrRoomFull      = waitroom.ErrRoomFull
	ErrDrawNotDone   = errors.New("usher: the draw has not been done yet")

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

// SeatsUnavailableError names the seats that stood in the way; nothing was taken. A search
// for the best seats that found none names nothing.
type SeatsUnavailableError struct {
	EventID   string
	Version   uint64 // the event's
	Conflicts []SeatConflict
	Areas     []AreaConflict
	// Suggested is what could have been had for the seats that are gone, if the caller
	// accepted suggestions.
	Suggested []Substitution
	// Undecided says that a reservation over several groups has one of the seats and may
	// still give it up: it is worth trying again at once.
	Undecided bool
}

// AreaConflict is a standing area with too few places left.
type AreaConflict struct {
	AreaID string `json:"area_id"`
	Left   int    `json:"left"`
}

func (e *SeatsUnavailableError) Error() string {
	switch {
	case len(e.Conflicts) == 0 && len(e.Areas) > 0:
		return fmt.Sprintf("usher: %d places are left in area %s of %s", e.Areas[0].Left, e.Areas[0].AreaID, e.EventID)
	case len(e.Conflicts) == 0:
		return fmt.Sprintf("usher: no such seats are available of %s", e.EventID)
	}
	return fmt.Sprintf("usher: %d of the seats of %s are not available, first %s (%s)",
		len(e.Conflicts), e.EventID, e.Conflicts[0].SeatID, e.Conflicts[0].Status)
}

// Is makes errors.Is(err, ErrSeatsUnavailable) true.
func (e *SeatsUnavailableError) Is(target error) bool { return target == ErrSeatsUnavailable }

// VersionConflictError has the present versions of what had changed; nothing was taken.
type VersionConflictError struct {
	EventID string
	Version uint64 // the event's
	Seats   []SeatAt
	Areas   []AreaVersion
}

// SeatAt is a seat's state and version.
type SeatAt struct {
	SeatID  string
	Version uint64
	Status  SeatStatus
}

// AreaVersion is the event's version at an area's last change.
type AreaVersion struct {
	AreaID  string `json:"area_id"`
	Version uint64 `json:"version"`
}

func (e *VersionConflictError) Error() string {
	return fmt.Sprintf("usher: %d of the seats of %s have changed since they were read", len(e.Seats)+len(e.Areas), e.EventID)
}

// Is makes errors.Is(err, ErrVersionConflict) true.
func (e *VersionConflictError) Is(target error) bool { return target == ErrVersionConflict }

// LimitError tells what a holder may have of an event, and has.
type LimitError struct {
	EventID    string
	Limit, Has int
}

func (e *LimitError) Error() string {
	return fmt.Sprintf("usher: a holder may have %d of %s, this one has %d", e.Limit, e.EventID, e.Has)
}

// Is makes errors.Is(err, ErrLimitExceeded) true.
func (e *LimitError) Is(target error) bool { return target == ErrLimitExceeded }

// OrphanError names the single seats that the claim would have left over.
type OrphanError struct {
	EventID string
	SeatIDs []string
}

func (e *OrphanError) Error() string {
	return fmt.Sprintf("usher: single seats of %s would be left over: %q", e.EventID, e.SeatIDs)
}

// Is makes errors.Is(err, ErrOrphanSeats) true.
func (e *OrphanError) Is(target error) bool { return target == ErrOrphanSeats }

// PaymentDeclinedError carries the provider's reason; the hold has been released.
type PaymentDeclinedError struct{ Reason string }

func (e *PaymentDeclinedError) Error() string { return "usher: payment declined: " + e.Reason }

// Is makes errors.Is(err, ErrPaymentDeclined) true.
func (e *PaymentDeclinedError) Is(target error) bool { return target == ErrPaymentDeclined }
