package engine

import (
	"context"
	"strconv"

	"github.com/usherhq/usher/raftfsm"
	"github.com/usherhq/usher/shard"
)

// Extend moves a hold's end to now + TTL. Errors: ErrHoldExpired or ErrHoldReleased when
// it has ended, ErrStaleFencingToken when the token is not its own or one of its seats
// has been granted again since, ErrAlreadyBooked, ErrUnknownHold.
func (e *Engine) Extend(ctx context.Context, r ExtendRequest) (Hold, error) {
	if r.FencingToken == 0 && len(r.FencingTokens) == 0 {
		return Hold{}, &InvalidError{"fencing_token", "is required"}
	}
	if err := checkTTL("ttl_seconds", r.TTL); err != nil {
		return Hold{}, err
	}
	ref, n, err := e.find(ctx, kindHold, r.HoldID, ErrUnknownHold)
	if err != nil {
		return Hold{}, err
	}
	if err := e.checkTokens(ctx, ref, n, &r.FencingToken, r.FencingTokens); err != nil {
		return Hold{}, err
	}
	key, err := requestKey(ctx, "extend", ref, r.IdempotencyKey, r.HoldID, strconv.FormatUint(r.FencingToken, 10), r.TTL.String())
	if err != nil {
		return Hold{}, err
	}
	req := raftfsm.NewRequest()
	req.Cmd.Op = raftfsm.OpExtend
	req.Cmd.Extend = shard.Extend{Event: ref.no, Hold: n, Token: r.FencingToken, TTL: r.TTL.Milliseconds(), Key: key}
	// Extending twice to the same length differs by moments only: it may be repeated.
	res, err := e.propose(ctx, ref.group, req, true)
	if err == nil {
		err = res.Err
	}
	if err != nil {
		return Hold{}, err
	}
	h, _, err := e.readBack(ctx, ref, n)
	if err != nil {
		return Hold{}, applied(err)
	}
	h.asLeftBy(&res)
	return h, nil
}

// Release gives a hold's seats back. What is released or expired already stays so, and
// that is no error. ErrAlreadyBooked when it was booked; ErrStaleFencingToken when the
// token is not its own; ErrTokenRequired when a lease's is not shown.
func (e *Engine) Release(ctx context.Context, r ReleaseRequest) error {
	ref, n, err := e.find(ctx, kindHold, r.HoldID, ErrUnknownHold)
	if err != nil {
		return err
	}
	if err := e.checkTokens(ctx, ref, n, &r.FencingToken, r.FencingTokens); err != nil {
		return err
	}
	key, err := requestKey(ctx, "release", ref, r.IdempotencyKey, r.HoldID, strconv.FormatUint(r.FencingToken, 10))
	if err != nil {
		return err
	}
	return e.release(ctx, ref, shard.Release{Event: ref.no, Hold: n, Token: r.FencingToken, Key: key})
}

func (e *Engine) release(ctx context.Context, ref *eventRef, c shard.Release) error {
	req := raftfsm.NewRequest()
	req.Cmd.Op = raftfsm.OpRelease
	req.Cmd.Release = c
	res, err := e.propose(ctx, ref.group, req, true)
	if err == nil {
		err = res.Err
	}
	if err == nil {
		e.tellBundle(ctx, ref, c.Hold)
	}
	return err
}
