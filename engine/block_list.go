package engine

import (
	"context"

	"github.com/usherhq/usher/shard"
)

// BlockList is the seats of an event that are not on general sale.
type BlockList struct {
	EventID string       `json:"event_id"`
	Version uint64       `json:"version"`
	Items   []BlockGroup `json:"items"` // by their first seats, in chart order
}

// BlockGroup is the seats, in chart order, that are off sale for one reason: blocked, or
// allotted to a channel. A channel's seats are in it whoever has them now.
type BlockGroup struct {
	SeatIDs []string `json:"seat_ids"`
	Reason  string   `json:"reason,omitempty"`
	Channel string   `json:"channel,omitempty"`
}

// Blocks reads them from a local replica. It looks at every seat.
func (e *Engine) Blocks(ctx context.Context, eventID string) (BlockList, error) {
	ref, err := e.event(ctx, eventID)
	if err != nil {
		return BlockList{}, err
	}
	if err := e.settle(ctx, ref.group); err != nil {
		return BlockList{}, err
	}
	list := BlockList{EventID: ref.id}
	var groups blockGroups
	err = e.reader(ref.group).View(func(s *shard.State) {
		ev := s.Event(ref.no)
		list.Version = ev.Version()
		groups.read(ev)
	})
	for _, g := range groups.list {
		list.Items = append(list.Items, BlockGroup{SeatIDs: ref.ids(g.seats), Reason: g.why.reason, Channel: g.why.channel})
	}
	return list, err
}

// blockGroups gathers seats by why they are off sale. Names are given to them later, out
// of the state machine's way.
type blockGroups struct {
	list []blockGroup
	at   map[blockWhy]int // in list
}

type blockGroup struct {
	why   blockWhy
	seats []uint32
}

type blockWhy struct{ reason, channel string }

func (b *blockGroups) read(ev *shard.Event) {
	b.at = map[blockWhy]int{}
	for seat := range ev.Seats() {
		channel := ev.Channel(seat)
		if channel == "" && ev.Status(seat) != shard.Blocked {
			continue
		}
		why := blockWhy{ev.Reason(seat), channel}
		i, ok := b.at[why]
		if !ok {
			i = len(b.list)
			b.at[why] = i
			b.list = append(b.list, blockGroup{why: why})
		}
		b.list[i].seats = append(b.list[i].seats, seat)
	}
}
