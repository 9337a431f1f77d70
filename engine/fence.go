package engine

import "context"

// Fence tells whether a hold's fencing token still protects its seats: the hold as it
// stands while it does, else ErrStaleFencingToken, ErrHoldExpired, ErrHoldReleased or
// ErrUnknownHold.
func (e *Engine) Fence(ctx context.Context, holdID string, token uint64) (Hold, error) {
	h, err := e.HoldByID(ctx, holdID)
	switch {
	case err != nil:
		return Hold{}, err
	case token != h.FencingToken:
		return Hold{}, ErrStaleFencingToken
	case h.Status == HoldExpired:
		return Hold{}, ErrHoldExpired
	case h.Status == HoldReleased:
		return Hold{}, ErrHoldReleased
	}
	return h, nil
}
