package proptest

import "github.com/usherhq/usher/shard"

func (m *Model) block(now int64, c *shard.Block, out *shard.Result) {
	e := m.begin(now, c.Event, &c.Key, out)
	if e == nil {
		return
	}
	if len(c.Reason) > shard.MaxReasonLen {
		out.Err = shard.ErrBadRequest
		return
	}
	if out.Err = e.seatsWrong(c.Seats, shard.MaxBlockSeats); out.Err != nil {
		return
	}
	for _, seat := range c.Seats {
		if st := e.statusAt(now, seat); st == shard.Held || st == shard.Booked {
			out.Conflicts = append(out.Conflicts, shard.Conflict{Seat: seat, Status: st})
			out.Err = shard.ErrSeatsUnavailable
		}
	}
	if out.Err != nil {
		return
	}
	for _, seat := range c.Seats {
		if e.Seats[seat].Status == shard.Held {
			e.end(now, e.Seats[seat].Granted, shard.HoldExpired)
		}
	}
	to := shard.Blocked
	if c.Unblock {
		to = shard.Available
	}
	for _, seat := range c.Seats {
		if e.Seats[seat].Status != to {
			e.set(seat, to)
			out.Count++
		}
		delete(e.Reasons, seat)
		if !c.Unblock && len(c.Reason) > 0 {
			e.Reasons[seat] = string(c.Reason)
		}
	}
	out.Version = e.Version()
	e.remember(now, &c.Key, out)
}
