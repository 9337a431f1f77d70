package engine

import (
	"context"
	"encoding/hex"
	"time"

	"github.com/usherhq/usher/waitroom"
)

// VerifyRequest is an admission that was shown to somebody else: the back end of a shop that
// sells by itself and lets Usher do the queueing.
type VerifyRequest struct {
	EventID  string
	HolderID string // empty: whoever it is
	Token    string
	Start    bool // begin the session, if it has not begun
}

// VerifiedAdmission is an admission that is good.
type VerifiedAdmission struct {
	Ticket         string    `json:"ticket"`
	EventID        string    `json:"event_id"`
	Entrant        string    `json:"entrant"` // hex: the holder's hash
	Tier           string    `json:"tier,omitempty"`
	SessionStarted bool      `json:"session_started"`
	ExpiresAt      time.Time `json:"expires_at"` // the session has to begin before it, then: its end
	ServerTime     time.Time `json:"server_time"`
}

// VerifyAdmission tells whether an admission is good now. Errors: ErrAdmissionRequired,
// ErrAdmissionInvalid, ErrAdmissionForeign, ErrAdmissionExpired, ErrAdmissionReplayed,
// ErrNoWaitingRoom, ErrUnknownEvent, and those of reads; with Start those of consensus.
func (e *Engine) VerifyAdmission(ctx context.Context, r VerifyRequest) (VerifiedAdmission, error) {
	v, err := e.verifyAdmission(ctx, &r)
	e.metrics.admission(err)
	return v, err
}

func (e *Engine) verifyAdmission(ctx context.Context, r *VerifyRequest) (v VerifiedAdmission, err error) {
	ref, room, err := e.eventRoom(ctx, r.EventID)
	switch {
	case err != nil:
		return v, err
	case r.Token == "":
		return v, ErrAdmissionRequired
	}
	if err := checkOptionalText("holder_id", r.HolderID); err != nil {
		return v, err
	}
	if err := e.settle(ctx, room.group); err != nil {
		return v, err
	}
	s, n, err := room.read(ctx, ref, r.HolderID, r.Token)
	if err != nil {
		return v, err
	}
	until, started := s.ticket.Deadline, s.ticket.State == waitroom.InShop
	switch {
	case r.Start && !s.inSession():
		a := admitted{room: room.roomRef, pass: waitroom.Pass{Room: room.no, Ticket: n}, event: ref.no}
		if until, err = e.enter(ctx, &a); err != nil {
			return v, err
		}
		started = true
	case until <= s.now && started:
		return v, ErrAdmissionReplayed // its room has not got to that yet
	case until <= s.now:
		return v, ErrAdmissionExpired
	}
	return VerifiedAdmission{
		Ticket: room.ticketID(n), EventID: ref.id, Entrant: hex.EncodeToString(s.ticket.Entrant[:]), Tier: room.tier(s.ticket.Lane),
		SessionStarted: started, ExpiresAt: unixMilli(until), ServerTime: unixMilli(s.now),
	}, nil
}
