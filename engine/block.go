package engine

import (
	"context"
	"fmt"
	"strconv"

	"github.com/usherhq/usher/raftfsm"
	"github.com/usherhq/usher/shard"
)

// Block takes seats off sale, or puts them back; all or none. Held and booked seats are
// a *SeatsUnavailableError, and then nothing changes.
func (e *Engine) Block(ctx context.Context, r BlockRequest) (BlockResult, error) {
	ref, err := e.event(ctx, r.EventID)
	if err != nil {
		return BlockResult{}, err
	}
	if !printable(r.Reason, maxReason) {
		return BlockResult{}, &InvalidError{"reason", fmt.Sprintf("has control characters, or more than %d bytes", maxReason)}
	}
	fields := append([]string{strconv.FormatBool(r.Unblock), r.Reason}, r.SeatIDs...)
	key, err := requestKey(ctx, "block", ref, r.IdempotencyKey, fields...)
	if err != nil {
		return BlockResult{}, err
	}
	seats, err := ref.resolve(r.SeatIDs, shard.MaxBlockSeats, func(n int) []uint32 { return make([]uint32, n) })
	if err != nil {
		return BlockResult{}, err
	}
	req := raftfsm.NewRequest()
	req.Cmd.Op = raftfsm.OpBlock
	req.Cmd.Block = shard.Block{Event: ref.no, Seats: seats, Unblock: r.Unblock, Reason: []byte(r.Reason), Key: key}
	// Blocking what is blocked changes nothing: it may be repeated.
	res, err := e.propose(ctx, ref.group, req, true)
	if err == nil && res.Err != nil {
		err = ref.refusal(&res, r.SeatIDs)
	}
	if err != nil {
		return BlockResult{}, err
	}
	return BlockResult{EventID: ref.id, Changed: int(res.Count), Version: res.Version}, nil
}
