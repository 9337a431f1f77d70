package raftfsm

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/usherhq/usher/raftfsm/peer"
	"github.com/usherhq/usher/shard"
	"github.com/usherhq/usher/waitroom"
)

// numbered are the errors that stay themselves on their way between nodes. A number is given once
// and never changes its meaning.
var numbered = map[uint16]error{
	1: shard.ErrUnknownEvent, 2: shard.ErrEventExists, 3: shard.ErrUnknownChart, 4: shard.ErrUnknownSeat,
	5: shard.ErrSeatsUnavailable, 6: shard.ErrDuplicateSeat, 7: shard.ErrBadRequest, 8: shard.ErrUnknownHold,
	9: shard.ErrHoldExpired, 10: shard.ErrHoldReleased, 11: shard.ErrAlreadyBooked, 12: shard.ErrStaleFencingToken,
	13: shard.ErrUnknownBooking, 14: shard.ErrNotOnSale, 15: shard.ErrIdempotencyMismatch, 16: shard.ErrIdempotencyFull,
	17: shard.ErrTooManyHolds, 18: shard.ErrUnknownArea, 19: shard.ErrVersionConflict, 20: shard.ErrAdmissionRequired,
	21: shard.ErrLimitExceeded, 22: shard.ErrOrphanSeats, 23: shard.ErrUnknownChannel, 24: shard.ErrNoPlan,
	25: shard.ErrTokenRequired, 26: shard.ErrUnknownBundle, 27: shard.ErrBundleEnded,
	28: shard.ErrBadPlan, 29: shard.ErrBadChunk, 30: shard.ErrNoEras,

	31: waitroom.ErrBadRequest, 32: waitroom.ErrUnknownRoom, 33: waitroom.ErrUnknownTicket, 34: waitroom.ErrRoomClosed,
	35: waitroom.ErrRoomFull, 36: waitroom.ErrTooManyNights, 37: waitroom.ErrNotAdmitted, 38: waitroom.ErrLapsed,
	39: waitroom.ErrSessionOver, 40: waitroom.ErrOtherEvent, 41: waitroom.ErrNoEras,

	64: ErrStarting, 65: ErrNoQuorum, 66: ErrNotLeader, 67: ErrClosed, 68: ErrDamaged, 69: ErrHalted, 70: ErrOverload,
	71: ErrUnknownChart, 72: ErrNodeWiped, 73: ErrNodeRemoved, 74: ErrUnknownNode, 75: ErrConflict,
	80: ErrDiverged,
	76: ErrPaused, 77: ErrPauseEnded,

	96: context.Canceled, 97: context.DeadlineExceeded,
	98: errBadBatch, 99: peer.ErrStranger, 100: peer.ErrUnknownCall,
}

// byNumber are the numbers, ascending.
var byNumber = slices.Sorted(maps.Keys(numbered))

// errorNumber is the number of the error that err is, or the lowest of those that it wraps; 0 when
// it has none.
func errorNumber(err error) uint16 {
	// Compared one by one: an error of a type that cannot be hashed may come, too.
	for _, no := range byNumber {
		if err == numbered[no] {
			return no
		}
	}
	for _, no := range byNumber {
		if errors.Is(err, numbered[no]) {
			return no
		}
	}
	return 0
}

// remoteError is an error that another node told of.
type remoteError struct {
	text string
	is   error // the numbered one that it is; may be nil
}

func (e *remoteError) Error() string { return e.text }
func (e *remoteError) Unwrap() error { return e.is }

// maxErrorText bounds an error's words on the wire, in bytes.
const maxErrorText = 1024

var wireOutcomes = [...]Outcome{"", OutcomeApplied, OutcomeNotApplied, OutcomeUnknown}

// appendError writes an error: outcome (1 byte, 0 for none), number (2), words (a length of 2
// bytes before them).
func appendError(buf []byte, err error) []byte {
	outcome := byte(0)
	var oe *OutcomeError
	if errors.As(err, &oe) {
		for i, o := range wireOutcomes {
			if o == oe.Outcome {
				outcome = byte(i)
			}
		}
		if err == error(oe) {
			err = oe.Err
		}
	}
	buf = le16(append(buf, outcome), errorNumber(err))
	text := err.Error()
	text = text[:min(len(text), maxErrorText)]
	return append(le16(buf, uint16(len(text))), text...)
}

var errBadError = errors.New("raftfsm: an error that cannot be read")

// readError reads what appendError wrote, and returns what follows it.
func readError(b []byte) (told error, rest []byte, err error) {
	if len(b) < 5 {
		return nil, nil, fmt.Errorf("%w: %d bytes", errBadError, len(b))
	}
	outcome, no, n := b[0], binary.LittleEndian.Uint16(b[1:]), int(binary.LittleEndian.Uint16(b[3:]))
	if b = b[5:]; int(outcome) >= len(wireOutcomes) || n > maxErrorText || n > len(b) {
		return nil, nil, fmt.Errorf("%w: outcome %d, %d bytes of text, %d there", errBadError, outcome, n, len(b))
	}
	text, is := string(b[:n]), numbered[no]
	if is != nil && is.Error() == text {
		told = is
	} else {
		told = &remoteError{text, is}
	}
	if outcome != 0 {
		told = &OutcomeError{wireOutcomes[outcome], told}
	}
	return told, b[n:], nil
}
