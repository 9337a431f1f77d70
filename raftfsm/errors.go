package raftfsm

import (
	"errors"
	"fmt"

	"github.com/usherhq/usher/raftfsm/peer"
)

// What can go wrong beneath the state machine.
var (
	ErrStarting  = errors.New("usher: still applying what was committed before the start")
	ErrNoQuorum  = errors.New("usher: no leader or no majority in time")
	ErrNotLeader = errors.New("usher: another node leads this group")
	ErrClosed    = peer.ErrClosed
	ErrDamaged   = errors.New("usher: stored data is damaged")
	ErrHalted    = errors.New("usher: the replica has halted")
	ErrOverload  = peer.ErrOverload
	// ErrDiverged: replicas of a group that have applied the same entries differ.
	ErrDiverged = errors.New("usher: replicas of a group differ")
)

// Outcome says what became of a write that returned an error.
type Outcome string

// The outcomes of a write.
const (
	OutcomeApplied    Outcome = "applied"
	OutcomeNotApplied Outcome = "not_applied"
	OutcomeUnknown    Outcome = "unknown"
)

// OutcomeError is a failure of consensus, with what became of the write.
type OutcomeError struct {
	Outcome Outcome
	Err     error
}

func (e *OutcomeError) Error() string { return fmt.Sprintf("%v (outcome %s)", e.Err, e.Outcome) }

func (e *OutcomeError) Unwrap() error { return e.Err }

// OutcomeOf tells what became of the write that returned err. Every error that says
// nothing else left the state as it was.
func OutcomeOf(err error) Outcome {
	if err == nil {
		return OutcomeApplied
	}
	var oe *OutcomeError
	if errors.As(err, &oe) {
		return oe.Outcome
	}
	return OutcomeNotApplied
}
