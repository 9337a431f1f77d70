package engine

import (
	"context"
	"errors"

	"github.com/usherhq/usher/shard"
)

// A hold or a booking over several events is a bundle in the log. Here it is read: txn.go
// makes those over several groups, keeper.go sees that they end.

// readItems reads the parts of a bundle, which lives in the group home.
func (e *Engine) readItems(ctx context.Context, home int, b *shard.BundleInfo) ([]HoldItem, error) {
	items := make([]HoldItem, 0, len(b.Parts))
	for _, p := range b.Parts {
		ref, err := e.partEvent(ctx, home, p)
		if err != nil {
			return nil, err
		}
		it := HoldItem{EventID: ref.id}
		seats, err := e.partSeats(ctx, ref, home, b, p, func(ev *shard.Event) {
			it.FencingToken, it.Version = ev.Token(p.Hold), ev.Version()
		})
		if err != nil && !errors.Is(err, ErrUnknownHold) {
			return nil, err
		}
		it.SeatIDs, it.Areas = ref.places(seats)
		items = append(items, it)
	}
	return items, nil
}

// partEvent is the event of a part of a bundle, which lives in the group home.
func (e *Engine) partEvent(ctx context.Context, home int, p shard.Part) (*eventRef, error) {
	if p.Group != 0 {
		home = int(p.Group)
	}
	return e.eventByNo(ctx, home, p.Event)
}

// partSeats reads what a part of a bundle has, and with more what else is wanted of its event at
// the same moment. ErrUnknownHold when nothing is left of it.
func (e *Engine) partSeats(ctx context.Context, ref *eventRef, home int, b *shard.BundleInfo, p shard.Part, more func(*shard.Event)) (seats []uint32, err error) {
	if err := e.settle(ctx, ref.group); err != nil {
		return nil, err
	}
	err = e.sure(ctx, ref.group, func() error {
		if err := e.reader(ref.group).View(func(s *shard.State) {
			seats = partSeats(s, shard.Txn{Home: uint16(home), Bundle: b.Number}, p)
			more(s.Event(p.Event))
		}); err != nil {
			return err
		}
		if len(seats) == 0 {
			return ErrUnknownHold
		}
		return nil
	})
	return seats, err
}

// partSeats are what a part has: of its hold, or of its booking once the hold has been
// forgotten.
func partSeats(s *shard.State, t shard.Txn, p shard.Part) []uint32 {
	ev := s.Event(p.Event)
	if info, ok := ev.HoldInfo(p.Hold); ok {
		return info.Seats
	}
	if p.Group != 0 {
		joined, _ := s.Joined(t)
		for _, q := range joined.Parts {
			if q.Event == p.Event && q.Hold == p.Hold {
				p = q
			}
		}
	}
	info, _ := ev.BookingInfo(p.Booking)
	return info.Seats
}

// checkTokens holds the tokens of a hold over several events against its parts, and puts
// the home's in place. Tokens never change, so no log is needed for that.
func (e *Engine) checkTokens(ctx context.Context, ref *eventRef, n uint32, token *uint64, by map[string]uint64) error {
	if len(by) == 0 {
		return nil
	}
	h, _, err := e.readHold(ctx, ref, n)
	if err != nil {
		return err
	}
	want := map[string]uint64{h.EventID: h.FencingToken}
	for _, it := range h.Items {
		want[it.EventID] = it.FencingToken
	}
	for _, id := range sortedKeys(by) {
		t, ok := want[id]
		if !ok {
			return &InvalidError{"fencing_tokens." + id, "is no event of this hold"}
		}
		if t != by[id] {
			return ErrStaleFencingToken
		}
	}
	for _, id := range sortedKeys(want) {
		if _, given := by[id]; !given {
			return &InvalidError{"fencing_tokens." + id, "is missing"}
		}
	}
	if *token != 0 && *token != h.FencingToken {
		return ErrStaleFencingToken
	}
	*token = h.FencingToken
	return nil
}

// bundleAmounts is what a bundle costs together, and each part of it.
func (e *Engine) bundleAmounts(ctx context.Context, home int, b *shard.BundleInfo) (total *Money, parts []int64, err error) {
	parts = make([]int64, len(b.Parts))
	for i, p := range b.Parts {
		ref, err := e.partEvent(ctx, home, p)
		if err != nil {
			return nil, nil, err
		}
		seats, err := e.partSeats(ctx, ref, home, b, p, func(*shard.Event) {})
		if err != nil {
			return nil, nil, err // without its seats nobody knows what it costs
		}
		m := ref.amount(seats)
		if m == nil {
			continue
		}
		parts[i] = m.Amount
		if total == nil {
			total = &Money{Currency: m.Currency}
		}
		total.Amount += m.Amount
	}
	return total, parts, nil
}
