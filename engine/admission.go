package engine

import (
	"context"
	"fmt"

	"github.com/usherhq/usher/waitroom"
)

// Admission is who says whether a shopper has been admitted to an event, in place of the
// waiting rooms. It is asked by many goroutines at once, before the claim enters the log.
type Admission interface {
	// Admitted is nil when the holder's token opens the event now. An error that wraps
	// ErrAdmissionInvalid, ErrAdmissionRequired, ErrAdmissionForeign, ErrAdmissionExpired or
	// ErrAdmissionReplayed is told to the holder.
	Admitted(ctx context.Context, eventID, holderID, token string) error
}

// admitted is how a claim goes on to the log: whether it may say that its holder was admitted,
// and by which waiting room.
type admitted struct {
	ok    bool
	room  *roomRef // nil: there is none that has to hear of it
	pass  waitroom.Pass
	event uint32 // one of the room's
	begun bool   // the session goes on, as far as is known here
}

// in is what a claim shows in a group.
func (a *admitted) in(group int) waitroom.Pass {
	if a.room == nil || a.room.group != group {
		return waitroom.Pass{}
	}
	return a.pass
}

// admit asks for the claim's admission. Events that do not ask for one, and modes that do not,
// want no token. The session has not begun for that: see begin.
func (e *Engine) admit(ctx context.Context, ref *eventRef, r *HoldRequest, mode Mode) (admitted, error) {
	if !ref.gated() && mode != ModeQueue {
		return admitted{}, nil
	}
	a, err := e.askGate(ctx, ref, r)
	if err != nil {
		e.metrics.admission(err)
	}
	return a, err
}

func (e *Engine) askGate(ctx context.Context, ref *eventRef, r *HoldRequest) (admitted, error) {
	switch {
	case r.AdmissionToken == "":
		return admitted{}, fmt.Errorf("%w: %s", ErrAdmissionRequired, ref.id)
	case e.cfg.Admission != nil:
		err := e.cfg.Admission.Admitted(ctx, ref.id, r.HolderID, r.AdmissionToken)
		return admitted{ok: err == nil}, err
	case ref.settings.WaitingRoom == nil:
		return admitted{}, fmt.Errorf("%w: %s has no waiting room, so that nobody can be admitted", ErrAdmissionInvalid, ref.id)
	}
	return e.readPass(ctx, ref, r)
}

// begin begins the session of a claim that has nothing else wrong with it. A claim does that
// by itself in the log; but one that is refused before, as its seats are gone, is a first use too.
func (e *Engine) begin(ctx context.Context, a *admitted) (err error) {
	if !a.ok {
		return nil
	}
	if a.room != nil && !a.begun {
		_, err = e.enter(ctx, a)
	}
	e.metrics.admission(err)
	return err
}

func (ref *eventRef) gated() bool {
	return ref.settings.WaitingRoom != nil || ref.settings.Strategy == ModeQueue
}

// alike wants all items that go to the group of the claim's waiting room to be of that room: a
// claim shows one admission, for all of them.
func (c *claim) alike() error {
	room := c.admitted.room
	if room == nil {
		return nil
	}
	for _, ref := range c.refs {
		if of := ref.room.Load(); ref.group == room.group && (of == nil || of.roomRef != room) {
			return fmt.Errorf("%w: %s is not of %s, and a claim shows one admission", ErrAdmissionForeign, ref.id, room.id)
		}
	}
	return nil
}
