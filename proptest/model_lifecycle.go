package proptest

import "github.com/usherhq/usher/shard"

func (m *Model) extend(now int64, c *shard.Extend, out *shard.Result) {
	e := m.begin(now, c.Event, &c.Key, out)
	if e == nil {
		return
	}
	if c.TTL < shard.MinTTL || c.TTL > shard.MaxTTL {
		out.Err = shard.ErrBadRequest
		return
	}
	h := m.usable(now, e, c.Hold, c.Token, out)
	if h == nil {
		return
	}
	h.lastUntil(now + c.TTL)
	e.answer(h, h.Ends, out)
	e.remember(now, &c.Key, out)
}

func (m *Model) release(now int64, c *shard.Release, out *shard.Result) {
	e := m.begin(now, c.Event, &c.Key, out)
	if e == nil {
		return
	}
	if h := e.find(c.Hold); h != nil && h.leads() && h.Lease && c.Token == 0 && !c.Declined {
		out.Err = shard.ErrTokenRequired
		return
	}
	h := e.shown(c.Hold, c.Token, out)
	if h == nil {
		return
	}
	switch {
	case h.State == shard.HoldBooked:
		out.Err = shard.ErrAlreadyBooked
		return
	case h.lapsed(now):
		m.end(now, e, h, shard.HoldExpired)
	case h.State == shard.HoldHeld:
		m.end(now, e, h, shard.HoldReleased)
	}
	m.settle(now)
	e.answer(h, 0, out)
	if c.Declined {
		out.Count = 1
	}
	e.remember(now, &c.Key, out)
}

// shown is the hold, if it can be used by itself and its token is right; a token of 0 is
// not looked at.
func (e *ModelEvent) shown(n uint32, token uint64, out *shard.Result) *ModelHold {
	h := e.find(n)
	switch {
	case h == nil || !h.leads():
		out.Err = shard.ErrUnknownHold
	case token != 0 && token != e.token(n):
		out.Err = shard.ErrStaleFencingToken
	default:
		return h
	}
	return nil
}

// usable is the hold, if it is still held by who shows the token. Who comes late ends
// it, and is told so.
func (m *Model) usable(now int64, e *ModelEvent, n uint32, token uint64, out *shard.Result) *ModelHold {
	h := e.find(n)
	if out.Err = e.whyNot(now, n, token); out.Err == nil {
		return h
	}
	if out.Err == shard.ErrHoldExpired && h.State == shard.HoldHeld {
		m.end(now, e, h, shard.HoldExpired)
		m.settle(now)
		out.Version = e.Version()
	}
	return nil
}

// whyNot says why a hold cannot be used: it has ended, or somebody else has been granted
// one of its seats since, which is said first.
func (e *ModelEvent) whyNot(now int64, n uint32, token uint64) error {
	var out shard.Result
	h := e.shown(n, token, &out)
	switch {
	case h == nil:
		return out.Err
	case h.State == shard.HoldBooked:
		return shard.ErrAlreadyBooked
	case h.State == shard.HoldHeld && !h.lapsed(now):
		return nil
	case e.grantedSince(h):
		return shard.ErrStaleFencingToken
	case h.State == shard.HoldReleased:
		return shard.ErrHoldReleased
	}
	return shard.ErrHoldExpired
}

func (e *ModelEvent) grantedSince(h *ModelHold) bool {
	for _, seat := range seatsIn(h.Seats) {
		if e.Seats[seat].Granted != h {
			return true
		}
	}
	return false
}
