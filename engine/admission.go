package engine

import (
	"context"
	"fmt"
)

// Admission is who says whether a shopper has been admitted to an event. It is asked by
// many goroutines at once, before the claim enters the log.
type Admission interface {
	// Admitted is nil when the holder's token opens the event now. An error that wraps
	// ErrAdmissionInvalid, or ErrAdmissionRequired, is told to the holder.
	Admitted(ctx context.Context, eventID, holderID, token string) error
}

// admitted tells whether the claim may say that its holder was admitted. Events that do
// not ask for it, and modes that do not, want no token.
func (e *Engine) admitted(ctx context.Context, ref *eventRef, r *HoldRequest, mode Mode) (bool, error) {
	if !ref.gated() && mode != ModeQueue {
		return false, nil
	}
	if r.AdmissionToken == "" {
		return false, fmt.Errorf("%w: %s", ErrAdmissionRequired, ref.id)
	}
	if e.cfg.Admission == nil {
		return false, fmt.Errorf("%w: nobody can be admitted here", ErrAdmissionInvalid)
	}
	if err := e.cfg.Admission.Admitted(ctx, ref.id, r.HolderID, r.AdmissionToken); err != nil {
		return false, err
	}
	return true, nil
}

func (ref *eventRef) gated() bool {
	return ref.settings.WaitingRoom != nil || ref.settings.Strategy == ModeQueue
}
