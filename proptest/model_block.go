package proptest

import (
	"slices"

	"github.com/usherhq/usher/shard"
)

func (m *Model) block(now int64, c *shard.Block, out *shard.Result) {
	e := m.begin(now, c.Event, &c.Key, out)
	if e == nil {
		return
	}
	if len(c.Reason) > shard.MaxReasonLen {
		out.Err = shard.ErrBadRequest
		return
	}
	if out.Err = e.unblockable(now, c.Seats, out); out.Err != nil {
		return
	}
	m.endLapsed(now, e, c.Seats)
	to := shard.Blocked
	if c.Unblock {
		to = shard.Available
	}
	for _, seat := range c.Seats {
		if e.Seats[seat].Status != to {
			e.set(seat, to)
			out.Count++
		}
		e.Seats[seat].Channel = 0
		e.because(seat, c.Reason, !c.Unblock)
	}
	out.Version = e.Version()
	e.remember(now, &c.Key, out)
}

// unblockable says why these cannot be taken off sale: somebody has them, or places of an
// area, which have no names, are among them.
func (e *ModelEvent) unblockable(now int64, seats []uint32, out *shard.Result) error {
	if err := e.seatsWrong(seats, shard.MaxBlockSeats); err != nil {
		return err
	}
	if slices.ContainsFunc(seats, isArea) {
		return shard.ErrUnknownSeat
	}
	for _, seat := range seats {
		if st := e.statusAt(now, seat); st == shard.Held || st == shard.Booked {
			out.Conflicts = append(out.Conflicts, shard.Conflict{Seat: seat, Status: st})
			out.Err = shard.ErrSeatsUnavailable
		}
	}
	return out.Err
}

func (m *Model) endLapsed(now int64, e *ModelEvent, seats []uint32) {
	for _, seat := range seats {
		if e.Seats[seat].Status == shard.Held {
			m.end(now, e, e.Seats[seat].Granted, shard.HoldExpired)
		}
	}
	m.settle(now)
}

// because notes why a seat is off sale, or forgets it.
func (e *ModelEvent) because(seat uint32, reason []byte, blocked bool) {
	delete(e.Reasons, seat)
	if blocked && len(reason) > 0 {
		e.Reasons[seat] = string(reason)
	}
}

func (m *Model) allot(now int64, c *shard.Allot, out *shard.Result) {
	e := m.begin(now, c.Event, &c.Key, out)
	if e == nil {
		return
	}
	named := slices.IndexFunc(e.Channels, func(ch ModelChannel) bool { return ch.Name == string(c.Name) })
	keyed := slices.IndexFunc(e.Channels, func(ch ModelChannel) bool { return ch.Hash == c.Hash })
	switch {
	case len(c.Name) < 1 || len(c.Name) > shard.MaxChannelName || len(c.Reason) > shard.MaxReasonLen || c.Hash == [16]byte{},
		keyed >= 0 && keyed != named, // a key opens one channel
		named < 0 && len(e.Channels) >= shard.MaxChannels:
		out.Err = shard.ErrBadRequest
		return
	}
	if out.Err = e.unblockable(now, c.Seats, out); out.Err != nil {
		return
	}
	m.endLapsed(now, e, c.Seats)
	if named < 0 {
		named = len(e.Channels)
		e.Channels = append(e.Channels, ModelChannel{Name: string(c.Name)})
	}
	e.Channels[named].Hash = c.Hash
	for _, seat := range c.Seats {
		if e.Seats[seat].Status == shard.Available {
			e.set(seat, shard.Blocked)
			out.Count++
		}
		e.Seats[seat].Channel = named + 1
		e.because(seat, c.Reason, true)
	}
	out.Version = e.Version()
	e.remember(now, &c.Key, out)
}
