package engine

import (
	"context"
	"encoding/hex"
	"time"

	"github.com/usherhq/usher/waitroom"
)

// QueueState is where somebody stands in a waiting room.
type QueueState string

// The states of a ticket. The last two are final: who wants to come back joins anew.
const (
	QueueLobby    QueueState = "lobby"   // until the draw has come to it
	QueueWaiting  QueueState = "waiting" // in line
	QueueAdmitted QueueState = "admitted"
	QueueExpired  QueueState = "expired" // Reason: not_used, timed_out
	QueueLeft     QueueState = "left"    // Reason: left, booked
)

// Place is a ticket as it stands.
type Place struct {
	Ticket  string `json:"ticket"`
	EventID string `json:"event_id"` // to go to: the first wanted night that has something left, else the first
	// Events are those the ticket is for, in order of preference; of a series' room.
	Events []string   `json:"events,omitempty"`
	State  QueueState `json:"state"`
	Reason string     `json:"reason,omitempty"` // of expired and left
	Tier   string     `json:"tier,omitempty"`

	// Position is from 1 in the order in which those who wait would be admitted, Ahead one
	// less; nil for who does not wait in line.
	Position      *int  `json:"position,omitempty"`
	Ahead         *int  `json:"ahead,omitempty"`
	ETA           *Span `json:"eta_seconds,omitempty"` // nil when it cannot be said
	RatePerMinute int   `json:"rate_per_minute"`

	Entrant string `json:"entrant"`               // hex: the holder's hash, as the draw's list has it
	Drawn   int    `json:"drawn_place,omitempty"` // in its lane, as drawn or by arrival, whoever left

	OpensAt      *time.Time `json:"opens_at,omitempty"`
	Phase        string     `json:"phase"` // before, drawing, line
	Paused       bool       `json:"paused,omitempty"`
	PausedReason string     `json:"paused_reason,omitempty"`
	NothingLeft  bool       `json:"nothing_left,omitempty"` // for the nights that are wanted, for now
	InLobby      int        `json:"in_lobby,omitempty"`     // how many wait for the draw

	AdmissionToken string     `json:"admission_token,omitempty"`
	ExpiresAt      *time.Time `json:"expires_at,omitempty"` // the first use has to come before it, then: the session's end
	SessionStarted bool       `json:"session_started,omitempty"`
	ServerTime     time.Time  `json:"server_time"`

	New bool `json:"-"` // of Join: it was not there before
}

// Span is a time from now in whole seconds; Low <= High.
type Span struct {
	Low  int `json:"low"`
	High int `json:"high"`
}

// QueuePlace reads a ticket. Errors: ErrUnknownTicket, and those of reads.
func (e *Engine) QueuePlace(ctx context.Context, ticket string) (Place, error) {
	room, n, err := e.findTicket(ctx, ticket)
	if err != nil {
		return Place{}, err
	}
	if err := e.settle(ctx, room.group); err != nil {
		return Place{}, err
	}
	return e.placeOf(ctx, room, n)
}

// placeOf reads a ticket in what there is here.
func (e *Engine) placeOf(ctx context.Context, room *roomRef, n uint32) (Place, error) {
	s, err := room.stand(ctx, n)
	if err != nil {
		return Place{}, err
	}
	return room.describe(ctx, n, &s)
}

// standing is a ticket and its room at one moment.
type standing struct {
	ticket waitroom.TicketInfo
	room   waitroom.RoomInfo
	now    int64
}

// stand looks at a ticket; a replica that does not have it asks the leader before it says so.
func (r *roomRef) stand(ctx context.Context, n uint32) (s standing, err error) {
	err = r.e.sure(ctx, r.group, func() error {
		found := false
		if err := r.view(func(room *waitroom.Room, now int64) {
			s.ticket, found = room.Ticket(n)
			s.room, s.now = room.Info(now), now
		}); err != nil {
			return err
		}
		if !found {
			return ErrUnknownTicket
		}
		return nil
	})
	return s, err
}

func (r *roomRef) describe(ctx context.Context, n uint32, s *standing) (Place, error) {
	t, info := &s.ticket, &s.room
	p := Place{
		Ticket: r.ticketID(n), Tier: r.tier(t.Lane), RatePerMinute: perMinute(info), Entrant: hex.EncodeToString(t.Entrant[:]),
		Drawn: int(t.Place), Phase: phaseNames[info.Phase], NothingLeft: !t.Possible, ServerTime: unixMilli(s.now),
	}
	p.State, p.Reason = queueState(t.State)
	if info.Config.OpensAt > 0 {
		at := unixMilli(info.Config.OpensAt)
		p.OpensAt = &at
	}
	if info.State == waitroom.Paused || info.State == waitroom.Closed {
		p.Paused, p.PausedReason = true, info.Reason
	}
	switch p.State {
	case QueueLobby:
		p.InLobby = int(info.InLobby)
	case QueueWaiting:
		ahead, position := int(t.Position)-1, int(t.Position)
		p.Ahead, p.Position = &ahead, &position
	default:
		p.NothingLeft = false
	}
	p.ETA = etaOf(s)
	if p.State == QueueAdmitted {
		until := unixMilli(t.Deadline)
		p.ExpiresAt, p.SessionStarted = &until, t.State == waitroom.InShop
		p.AdmissionToken = r.token(info.KeyNo, n, t.Entrant, t.Deadline)
	}
	var err error
	p.EventID, p.Events, err = r.wanted(ctx, info, t.Nights)
	if !r.shared() {
		p.Events = nil
	}
	return p, err
}

// tier names a lane.
func (r *roomRef) tier(lane uint8) string {
	if lane == 0 || int(lane) > len(r.tiers) {
		return ""
	}
	return r.tiers[lane-1]
}

var phaseNames = map[waitroom.Phase]string{waitroom.Before: "before", waitroom.Drawing: "drawing", waitroom.Line: "line"}

// queueState is a ticket's state as people see it, and the reason that goes with it.
func queueState(s waitroom.TicketState) (QueueState, string) {
	switch s {
	case waitroom.InLobby:
		return QueueLobby, ""
	case waitroom.Waiting:
		return QueueWaiting, ""
	case waitroom.Admitted, waitroom.InShop:
		return QueueAdmitted, ""
	case waitroom.Lapsed:
		return QueueExpired, "not_used"
	case waitroom.TimedOut:
		return QueueExpired, "timed_out"
	case waitroom.Finished:
		return QueueLeft, "booked"
	}
	return QueueLeft, "left"
}
