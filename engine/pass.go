package engine

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"

	"github.com/usherhq/usher/raftfsm"
	"github.com/usherhq/usher/waitroom"
)

// readPass is the waiting room's own gate. The claim shows the pass to the log, which judges it
// once more.
func (e *Engine) readPass(ctx context.Context, ref *eventRef, r *HoldRequest) (admitted, error) {
	room, err := e.roomOf(ctx, ref)
	if err != nil {
		return admitted{}, err
	}
	s, n, err := room.read(ctx, ref, r.HolderID, r.AdmissionToken)
	over := errors.Is(err, ErrAdmissionExpired) || errors.Is(err, ErrAdmissionReplayed)
	if over && r.IdempotencyKey != "" {
		// It may be a claim that was granted in its time, again: the log knows, and refuses all others.
		return admitted{ok: true, room: room.roomRef, pass: waitroom.Pass{Room: room.no, Ticket: n}, event: ref.no, begun: true}, nil
	}
	if err != nil {
		return admitted{}, err
	}
	return admitted{ok: true, room: room.roomRef, pass: waitroom.Pass{Room: room.no, Ticket: n}, event: ref.no, begun: s.inSession()}, nil
}

// inSession tells whether this replica knows the session to go on; another may know that it
// has ended.
func (s *standing) inSession() bool {
	return s.ticket.State == waitroom.InShop && s.ticket.Deadline > s.now
}

// read verifies a token for an event of the room and returns its ticket as it stands here. An
// empty holder is any.
func (r *eventRoom) read(ctx context.Context, ref *eventRef, holder, token string) (s standing, n uint32, err error) {
	t, ok := parseToken(token)
	if !ok {
		return s, 0, fmt.Errorf("%w: it is malformed", ErrAdmissionInvalid)
	}
	if t.Group != r.group || t.No != r.no {
		// Only rooms known here are asked: a forged token is not worth a look at a leader.
		if other := r.e.knownRoom(t.Group, t.No); other != nil && t.genuine(other) {
			return s, 0, fmt.Errorf("%w: it is of %s, not of %s", ErrAdmissionForeign, other.id, ref.id)
		}
		return s, 0, errForged
	}
	if !t.genuine(r.roomRef) {
		return s, 0, errForged
	}
	if s, err = r.standOf(ctx, &t); err != nil {
		return s, 0, err
	}
	return s, t.ticket.number, r.judge(&s, &t, holder)
}

var errForged = fmt.Errorf("%w: its signature is wrong", ErrAdmissionInvalid)

// standOf is the ticket of a token that the room has signed; the replica here may be behind who
// signed it.
func (r *roomRef) standOf(ctx context.Context, t *shownToken) (s standing, err error) {
	if s, err = r.stand(ctx, t.ticket.number); err != nil {
		return s, asInvalid(err)
	}
	if t.Key <= s.room.KeyNo && s.ticket.State >= waitroom.Admitted {
		return s, nil
	}
	if err := r.e.catchUp(ctx, r.group, false); err != nil {
		return s, err
	}
	s, err = r.stand(ctx, t.ticket.number)
	return s, asInvalid(err)
}

func asInvalid(err error) error {
	if errors.Is(err, ErrUnknownTicket) {
		return fmt.Errorf("%w: its ticket is unknown", ErrAdmissionInvalid)
	}
	return err
}

// judge refuses what is final, and what the log need not be asked about.
func (r *eventRoom) judge(s *standing, t *shownToken, holder string) error {
	switch {
	case t.Key > s.room.KeyNo || t.Key+1 < s.room.KeyNo:
		return fmt.Errorf("%w: its key %d has been replaced", ErrAdmissionInvalid, t.Key)
	case t.Entrant != hex.EncodeToString(s.ticket.Entrant[:]):
		return errForged
	case holder != "" && r.entrantID(holder) != s.ticket.Entrant:
		return fmt.Errorf("%w: it is another holder's", ErrAdmissionForeign)
	}
	switch s.ticket.State {
	case waitroom.Lapsed:
		return ErrAdmissionExpired
	case waitroom.TimedOut, waitroom.Left, waitroom.Finished:
		return ErrAdmissionReplayed
	}
	return nil
}

// enter begins the session, or asks whether it goes on; it returns its end in unix ms.
func (e *Engine) enter(ctx context.Context, a *admitted) (until int64, err error) {
	r := raftfsm.NewRequest()
	r.Cmd.Op, r.Cmd.Enter = raftfsm.OpEnter, raftfsm.Enter{Pass: a.pass, Event: a.event}
	res, err := e.propose(ctx, a.room.group, r, true)
	if err == nil {
		err = asAdmission(res.Err)
	}
	return res.Expires, err
}

// asAdmission is what a waiting room says of an admission: what it knows by a name of its own
// is that.
func asAdmission(err error) error {
	for _, no := range []error{waitroom.ErrNotAdmitted, waitroom.ErrUnknownTicket, waitroom.ErrUnknownRoom} {
		if errors.Is(err, no) {
			return fmt.Errorf("%w: %w", ErrAdmissionInvalid, err)
		}
	}
	return err
}
