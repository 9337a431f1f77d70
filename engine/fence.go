package engine

import (
	"context"

	"github.com/usherhq/usher/shard"
)

// Fence tells a third system whether who shows this token has the seats now: it is what
// a write made in the holder's name should be held against. The answer is linearizable.
// A hold that has been booked is good for its token for ever, until the booking is
// cancelled. Errors: ErrStaleFencingToken when the token is not the hold's or one of the
// seats has been granted again since, ErrHoldExpired, ErrHoldReleased, ErrUnknownHold.
func (e *Engine) Fence(ctx context.Context, holdID string, token uint64) (Hold, error) {
	if token == 0 {
		return Hold{}, &InvalidError{"token", "is required"}
	}
	ref, n, err := e.find(ctx, kindHold, holdID, ErrUnknownHold)
	if err != nil {
		return Hold{}, err
	}
	// What is read from here on has everything that was decided before the call.
	if err := e.catchUp(ctx, ref.group, true); err != nil {
		return Hold{}, err
	}
	// Read before it is judged: a hold that ends in between is refused, and never told as
	// good and ended in one answer.
	h, _, err := e.readHold(ctx, ref, n)
	if err != nil {
		return Hold{}, err
	}
	g := e.reader(ref.group)
	var why error
	if err := g.View(func(s *shard.State) {
		ev, now := s.Event(ref.no), g.Now()
		if why = s.Usable(now, ref.no, n, token); why == ErrAlreadyBooked {
			why = nil
			info, _ := ev.HoldInfo(n)
			if b, ok := ev.BookingInfo(info.Booking); ok && b.State == shard.BookingCancelled {
				why = ErrHoldReleased
			}
		}
	}); err != nil {
		return Hold{}, err
	}
	if why != nil {
		return Hold{}, why
	}
	return h, nil
}
