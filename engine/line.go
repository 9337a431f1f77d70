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
	return l.room.view(func(room *waitroom.Room, now int64) { fn(LineView{room, now}) })
}

// Place is all there is to say of a ticket here, with the token when it is admitted.
func (l *Line) Place(ctx context.Context, n uint32) (Place, error) {
	return l.room.e.placeOf(ctx, l.room, n)
}

// LineView is a line at one moment.
type LineView struct {
	room *waitroom.Room
	now  int64
}

// Version counts changes of the room and of its tickets.
func (v *LineView) Version() uint64 { return v.room.Version() }

// Crowd is how many wait for the draw, and how many in line.
func (v *LineView) Crowd() (lobby, line int) {
	info := v.room.Info(v.now)
	return int(info.InLobby), int(info.Waiting)
}

// At is where a ticket stands; its position is 0 if it is not in line. It costs O(log n) and no
// memory.
func (v *LineView) At(n uint32) (state QueueState, position int) {
	s, at, ok := v.room.State(n)
	if !ok {
		return QueueLeft, 0
	}
	state, _ = queueState(s)
	return state, int(at)
}
