package engine

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"strconv"

	"github.com/usherhq/usher/engine/chart"
	"github.com/usherhq/usher/raftfsm"
	"github.com/usherhq/usher/shard"
)

// Block takes seats off sale, allots them to a channel, or puts them back; all or none. Held and booked seats are
// a *SeatsUnavailableError, and then nothing changes.
func (e *Engine) Block(ctx context.Context, r BlockRequest) (BlockResult, error) {
	ref, err := e.event(ctx, r.EventID)
	if err != nil {
		return BlockResult{}, err
	}
	if !printable(r.Reason, maxReason) {
		return BlockResult{}, &InvalidError{"reason", fmt.Sprintf("has control characters, or more than %d bytes", maxReason)}
	}
	if err := r.checkChannel(); err != nil {
		return BlockResult{}, err
	}
	fields := append([]string{strconv.FormatBool(r.Unblock), r.Reason}, r.SeatIDs...)
	if r.Channel != "" {
		fields = append(fields, r.Channel, r.ChannelKey)
	}
	key, err := requestKey(ctx, "block", ref, r.IdempotencyKey, fields...)
	if err != nil {
		return BlockResult{}, err
	}
	seats, err := ref.resolve(r.SeatIDs, shard.MaxBlockSeats, newSeats)
	if err != nil {
		return BlockResult{}, err
	}
	req := raftfsm.NewRequest()
	if r.Channel != "" {
		req.Cmd.Op = raftfsm.OpAllot
		req.Cmd.Allot = &shard.Allot{
			Event: ref.no, Seats: seats, Name: []byte(r.Channel), Hash: ref.channelHash(r.ChannelKey), Reason: []byte(r.Reason), Key: key,
		}
	} else {
		req.Cmd.Op = raftfsm.OpBlock
		req.Cmd.Block = shard.Block{Event: ref.no, Seats: seats, Unblock: r.Unblock, Reason: []byte(r.Reason), Key: key}
	}
	// Blocking what is blocked changes nothing: it may be repeated.
	res, err := e.propose(ctx, ref.group, req, true)
	switch {
	case err == nil && r.Channel != "" && errors.Is(res.Err, shard.ErrBadRequest): // all else has been checked
		err = &InvalidError{"channel_key", fmt.Sprintf("opens another channel of the event, or it has %d channels already", shard.MaxChannels)}
	case err == nil && res.Err != nil:
		err = ref.refusal(&res, r.SeatIDs)
	}
	if err != nil {
		return BlockResult{}, err
	}
	return BlockResult{EventID: ref.id, Changed: int(res.Count), Version: res.Version}, nil
}

const minChannelKey = 8

func (r *BlockRequest) checkChannel() error {
	switch {
	case r.Channel == "" && r.ChannelKey == "":
		return nil
	case r.Unblock:
		return &InvalidError{"channel", "seats that come back come back for all"}
	case !chart.IsID(r.Channel):
		return badID("channel", r.Channel)
	case len(r.ChannelKey) < minChannelKey:
		return &InvalidError{"channel_key", fmt.Sprintf("has %d characters, at least %d are needed", len(r.ChannelKey), minChannelKey)}
	}
	return checkText("channel_key", r.ChannelKey)
}

// channelHash is what the log has of a channel's key; who reads the log cannot use it.
func (ref *eventRef) channelHash(key string) (h [16]byte) {
	d := sha256.New()
	for _, s := range []string{"channel", ref.id, key} {
		hashField(d, s)
	}
	copy(h[:], d.Sum(nil))
	return h
}
