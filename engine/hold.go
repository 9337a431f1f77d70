package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/usherhq/usher/raftfsm"
	"github.com/usherhq/usher/shard"
)

// Hold claims exactly the seats asked for, all or none. What it returns stands in the
// log of a majority. Errors: *InvalidError, *UnknownSeatError, *SeatsUnavailableError
// (naming the seats in the way), ErrUnknownEvent, ErrNotOnSale, those of idempotency
// keys, and those of consensus.
func (e *Engine) Hold(ctx context.Context, r HoldRequest) (Hold, error) {
	ref, err := e.event(ctx, r.EventID)
	if err != nil {
		return Hold{}, err
	}
	req, err := ref.holdRequest(ctx, &r)
	if err != nil {
		return Hold{}, err
	}
	res, err := e.propose(ctx, ref.group, req, r.IdempotencyKey != "")
	if err == nil && res.Err != nil {
		err = ref.refusal(&res, r.SeatIDs)
	}
	e.metrics.claim(err)
	if err != nil {
		return Hold{}, err
	}
	return Hold{
		HoldID: ref.holdID(res.Number), EventID: ref.id, SeatIDs: slices.Clone(r.SeatIDs), HolderID: r.HolderID,
		Status: HoldHeld, FencingToken: res.Token, HeldAt: unixMilli(res.Now), ExpiresAt: unixMilli(res.Expires),
		ServerTime: unixMilli(res.Now), Version: res.Version,
	}, nil
}

// holdRequest checks the request and resolves its names to numbers.
func (ref *eventRef) holdRequest(ctx context.Context, r *HoldRequest) (*raftfsm.Request, error) {
	if err := checkText("holder_id", r.HolderID); err != nil {
		return nil, err
	}
	ttl := r.TTL
	if ttl == 0 {
		ttl = time.Duration(ref.settings.HoldSeconds) * time.Second
	}
	if err := checkTTL("ttl_seconds", ttl); err != nil {
		return nil, err
	}
	var key shard.Key
	if r.IdempotencyKey != "" {
		var err error
		fields := append([]string{r.HolderID, strconv.FormatInt(int64(r.TTL), 10)}, r.SeatIDs...)
		if key, err = requestKey(ctx, "hold", ref, r.IdempotencyKey, fields...); err != nil {
			return nil, err
		}
	}
	req := raftfsm.NewRequest()
	seats, err := ref.resolve(r.SeatIDs, MaxSeatsPerHold, req.Seats)
	if err != nil {
		req.Free()
		return nil, err
	}
	req.Cmd.Op = raftfsm.OpHold
	req.Cmd.Hold = shard.Hold{Event: ref.no, Seats: seats, TTL: ttl.Milliseconds(), Holder: req.Holder(r.HolderID), Key: key}
	return req, nil
}

// resolve turns seat ids into numbers, ascending, in the room it asks for.
func (ref *eventRef) resolve(ids []string, limit int, room func(int) []uint32) ([]uint32, error) {
	if len(ids) == 0 || len(ids) > limit {
		return nil, &InvalidError{"seat_ids", fmt.Sprintf("%d seats, 1…%d are possible", len(ids), limit)}
	}
	buf := room(len(ids))
	var unknown []string
	for i, id := range ids {
		n, ok := ref.chart.Find(id)
		if !ok {
			unknown = append(unknown, id)
			continue
		}
		buf[i] = n
	}
	if unknown != nil {
		return nil, &UnknownSeatError{unknown}
	}
	slices.Sort(buf)
	for i := 1; i < len(buf); i++ {
		if buf[i] == buf[i-1] {
			id := ref.chart.ID(buf[i])
			first := slices.Index(ids, id)
			return nil, &InvalidError{fmt.Sprintf("seat_ids[%d]", first+1+slices.Index(ids[first+1:], id)), fmt.Sprintf("seat %s twice", id)}
		}
	}
	return buf, nil
}

// refusal makes the state machine's refusal an error that names things. A crowd is mostly
// refused single seats: those cost one allocation, and no look at the chart, whose seats
// lie all over memory.
func (ref *eventRef) refusal(res *shard.Result, ids []string) error {
	if !errors.Is(res.Err, ErrSeatsUnavailable) {
		return res.Err
	}
	if len(ids) == 1 && len(res.Conflicts) == 1 {
		one := &struct {
			SeatsUnavailableError
			conflict [1]SeatConflict
		}{conflict: [1]SeatConflict{{SeatID: ids[0], Status: SeatStatus(res.Conflicts[0].Status)}}}
		one.SeatsUnavailableError = SeatsUnavailableError{EventID: ref.id, Conflicts: one.conflict[:]}
		return &one.SeatsUnavailableError
	}
	out := &SeatsUnavailableError{EventID: ref.id, Conflicts: make([]SeatConflict, len(res.Conflicts))}
	for i, c := range res.Conflicts {
		out.Conflicts[i] = SeatConflict{SeatID: ref.chart.ID(c.Seat), Status: SeatStatus(c.Status)}
	}
	return out
}

// HoldByID reads a hold, for 24 hours of log time after it ended.
func (e *Engine) HoldByID(ctx context.Context, holdID string) (Hold, error) {
	ref, n, err := e.find(ctx, kindHold, holdID, ErrUnknownHold)
	if err != nil {
		return Hold{}, err
	}
	h, _, err := e.readHold(ref, n)
	return h, err
}

// readHold reads a hold as it stands, and its seats' numbers.
func (e *Engine) readHold(ref *eventRef, n uint32) (Hold, []uint32, error) {
	var info shard.HoldInfo
	var found bool
	g := e.reader(ref.group)
	h := Hold{EventID: ref.id, HoldID: ref.holdID(n)}
	err := g.View(func(s *shard.State) {
		ev := s.Event(ref.no)
		info, found = ev.HoldInfo(n)
		h.FencingToken, h.Version = ev.Token(n), ev.Version()
	})
	if err != nil {
		return Hold{}, nil, err
	}
	if !found {
		return Hold{}, nil, ErrUnknownHold
	}
	h.SeatIDs, h.HolderID = ref.ids(info.Seats), info.Holder
	h.Status = holdStatus[info.State]
	h.HeldAt, h.ServerTime = unixMilli(info.HeldAt), unixMilli(g.Now())
	if info.State == shard.HoldBooked {
		h.BookingID = ref.bookingID(info.Booking)
	} else {
		h.ExpiresAt = unixMilli(info.Expires)
	}
	return h, info.Seats, nil
}

var holdStatus = map[shard.HoldState]HoldStatus{
	shard.HoldHeld: HoldHeld, shard.HoldBooked: HoldBooked, shard.HoldReleased: HoldReleased, shard.HoldExpired: HoldExpired,
}
