package transport

import (
	"context"
	"io"

	"github.com/usherhq/usher/engine"
)

// roomEngine is what of an engine has to do with waiting rooms.
type roomEngine interface {
	Join(ctx context.Context, r engine.JoinRequest) (engine.Place, error)
	QueuePlace(ctx context.Context, ticket string) (engine.Place, error)
	LeaveQueue(ctx context.Context, ticket string) error
	Line(ctx context.Context, ticket string) (Line, uint32, error)

	Room(ctx context.Context, eventID string) (engine.Room, error)
	SetRoom(ctx context.Context, eventID string, c engine.RoomChange) (engine.Room, error)
	DrawOf(ctx context.Context, eventID string) (engine.Draw, error)
	WriteEntrants(ctx context.Context, eventID string, w io.Writer) error
	RoomKeys(ctx context.Context, eventID string) ([]engine.RoomKey, error)
	VerifyAdmission(ctx context.Context, r engine.VerifyRequest) (engine.VerifiedAdmission, error)
}

// Line is a room's queue as this replica has it; see [engine.Line]. Values of the same room are
// equal. A hub and the connections' readers call it.
type Line interface {
	// View holds the room still while fn looks; fn must not keep the view.
	View(fn func(v LineView)) error
	// Place is all that the holder of ticket number n may know.
	Place(ctx context.Context, n uint32) (engine.Place, error)
}

// LineView is a room at one moment.
type LineView interface {
	// Version changes whenever the room or one of its tickets does.
	Version() uint64
	// At is how ticket number n stands; state left if there is no such ticket, position 0
	// if it does not wait.
	At(n uint32) (state engine.QueueState, position int)
}

func (v view) Line(ctx context.Context, ticket string) (Line, uint32, error) {
	l, n, err := v.Engine.Line(ctx, ticket)
	if err != nil {
		return nil, 0, err
	}
	return engineLine{l}, n, nil
}

// engineLine turns an engine's views into ours.
type engineLine struct{ line *engine.Line }

func (l engineLine) View(fn func(LineView)) error {
	return l.line.View(func(v engine.LineView) { fn(&v) })
}

func (l engineLine) Place(ctx context.Context, n uint32) (engine.Place, error) {
	return l.line.Place(ctx, n)
}
