package engine

import (
	"context"

	"github.com/usherhq/usher/waitroom"
)

// LineOf finds the line before an event. Errors: ErrUnknownEvent, ErrNoWaitingRoom, and those of
// reads.
func (e *Engine) LineOf(ctx context.Context, eventID string) (*Line, error) {
	_, room, err := e.eventRoom(ctx, eventID)
	if err != nil {
		return nil, err
	}
	return &room.line, nil
}

// Number is a ticket's in this line; false for one that is forged, or of another room.
func (l *Line) Number(ticket string) (n uint32, ok bool) {
	raw, ok := parseID(kindTicket, ticket)
	if !ok || raw.group != l.room.group || raw.event != l.room.no {
		return 0, false
	}
	return raw.number, raw.genuine(l.room.tickets.of(kindTicket, raw.number))
}

// Replicas is how many replicas of the line there are in this process.
func (l *Line) Replicas() int { return len(l.room.e.nodes) }

// ViewReplica is View of one of them, 0…Replicas()-1, however far it is behind: what compares them
// wants each one's own word.
func (l *Line) ViewReplica(i int, fn func(v LineView)) error {
	g := l.room.e.nodes[i].Group(l.room.group)
	return viewRoom(g, l.room.no, func(room *waitroom.Room) { fn(LineView{room, g.Now()}) })
}

// Admitted calls fn for each admission that is not over, in no order: whose it is, and, in unix ms,
// until when it is to be begun, or when started until when it lasts.
func (v *LineView) Admitted(fn func(n uint32, deadline int64, started bool)) { v.room.Active(fn) }

// Drawn tells whether the draw is done, or there was nobody to draw from.
func (v *LineView) Drawn() bool { return v.room.Info(v.now).Phase == waitroom.Line }

// Inside is how many are admitted, with those who have not begun.
func (v *LineView) Inside() int {
	info := v.room.Info(v.now)
	return int(info.Admitted + info.InShop)
}

// Bytes is about how much memory the line takes in this replica.
func (v *LineView) Bytes() int { return v.room.Bytes() }

// ETA is what somebody in line is told of its wait; nil for who does not wait in line, and when it
// cannot be said.
func (v *LineView) ETA(n uint32) *Span {
	t, ok := v.room.Ticket(n)
	if !ok || t.State != waitroom.Waiting {
		return nil
	}
	return etaOf(&standing{ticket: t, room: v.room.Info(v.now), now: v.now})
}

// Ticket is the id of a ticket's number.
func (l *Line) Ticket(n uint32) string { return l.room.ticketID(n) }
