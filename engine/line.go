package engine

import (
	"context"

	"github.com/usherhq/usher/waitroom"
)

// Line is a waiting room as those see it who follow many of its tickets: it tells cheaply where
// each stands. There is one for a room; it needs no end.
type Line struct{ room *roomRef }

// Line finds the line that a ticket is in, and the ticket's number there. Errors:
// ErrUnknownTicket, and those of reads.
func (e *Engine) Line(ctx context.Context, ticket string) (*Line, uint32, error) {
	room, n, err := e.findTicket(ctx, ticket)
	if err != nil {
		return nil, 0, err
	}
	if _, err := room.stand(ctx, n); err != nil {
		return nil, 0, err
	}
	return &room.line, n, nil
}

// View looks at the room while it stands still: fn must be quick, call nothing of the engine, and
// keep nothing.
func (l *Line) View(fn func(v LineView)) error {
	return l.room.view(func(room *waitroom.Room, now int64) { fn(LineView{room, room.Info(now)}) })
}

// Place is all there is to say of a ticket here, with the token when it is admitted.
func (l *Line) Place(ctx context.Context, n uint32) (Place, error) {
	return l.room.e.placeOf(ctx, l.room, n)
}

// LineView is a line at one moment.
type LineView struct {
	room *waitroom.Room
	info waitroom.RoomInfo
}

// Version counts changes of the room and of its tickets.
func (v *LineView) Version() uint64 { return v.info.Version }

// InLobby is how many wait for the draw.
func (v *LineView) InLobby() int { return int(v.info.InLobby) }

// Waiting is how many are in line.
func (v *LineView) Waiting() int { return int(v.info.Waiting) }

// At is where a ticket stands; its position is 0 if it is not in line. It costs O(log n) and no
// memory.
func (v *LineView) At(n uint32) (state QueueState, position int) {
	t, ok := v.room.Ticket(n)
	if !ok {
		return QueueLeft, 0
	}
	state, _ = queueState(t.State)
	return state, int(t.Position)
}
