package proptest

import (
	"slices"

	"github.com/usherhq/usher/shard"
)

// given is what an item of a claim is given.
type given struct {
	item  int
	seats []uint32
}

func (m *Model) claim(now int64, c *shard.Claim, out *shard.Result) {
	if out.Err = m.claimWrong(c); out.Err != nil {
		return
	}
	home := m.event(c.Items[0].Event, out)
	if home.recall(now, &c.Key, out) {
		if c.Any && out.Err == nil && int(out.Count) < len(c.Items) {
			out.Event = c.Items[out.Count].Event
		}
		return
	}
	if m.recallTxn(c, out) {
		return
	}
	for i := range c.Items {
		if it := &c.Items[i]; searches(it) || it.Orphans != shard.OrphansAllow || m.Events[it.Event].judgedAround(it.Seats) {
			m.endDue(now, m.Events[it.Event])
		}
	}
	m.event(home.No, out)
	picks := m.choose(now, c, out)
	if out.Err == nil && home.full(&c.Key) {
		out.Err = shard.ErrIdempotencyFull
	}
	if out.Err != nil {
		for i := range out.Conflicts {
			f := &out.Conflicts[i]
			m.Events[c.Items[f.Item].Event].markUndecided(f)
		}
		return
	}
	m.grantAll(now, c, picks, out)
	home.remember(now, &c.Key, out)
}

func searches(it *shard.Item) bool { return it.Best != nil || it.Fan != shard.FanNone }

// claimWrong judges a claim before any event is asked.
func (m *Model) claimWrong(c *shard.Claim) error {
	switch {
	case len(c.Items) < 1 || len(c.Items) > shard.MaxItems, c.Any && c.Same, c.Same && c.Items[0].Best == nil:
		return shard.ErrBadRequest
	case c.Txn != shard.Txn{} && (c.Any || !c.Key.IsZero() || c.Txn.Bundle == 0 || c.Txn.Home > shard.MaxGroups):
		return shard.ErrBadRequest
	}
	total := uint32(0)
	seen := map[uint32]bool{}
	for i := range c.Items {
		it := &c.Items[i]
		if int(it.Event) >= len(m.Events) {
			return shard.ErrUnknownEvent
		}
		n := people(it.Seats)
		if it.Best != nil {
			n += uint32(it.Best.Quantity)
		}
		if total += n; seen[it.Event] || itemWrong(it) || n > shard.MaxSeatsPerHold || !c.Any && total > shard.MaxSeatsPerHold {
			return shard.ErrBadRequest
		}
		seen[it.Event] = true
	}
	return nil
}

// itemWrong tells whether an item contradicts itself.
func itemWrong(it *shard.Item) bool {
	if it.Fan > shard.FanSuggest || it.Orphans > shard.OrphansForbid || it.Versions != nil && len(it.Versions) != len(it.Seats) {
		return true
	}
	if it.Best == nil {
		return len(it.Seats) == 0
	}
	return !endsInAreas(it.Seats) || it.Fan != shard.FanNone || it.Versions != nil || it.IfSince ||
		it.Best.Apart && it.Best.Quantity > shard.MaxApart
}

// endsInAreas tells whether no seat stands behind the areas of a list, and none before.
func endsInAreas(list []uint32) bool {
	return len(list) == 0 || isArea(list[len(list)-1]) && len(seatsIn(list)) == 0
}

// choose finds what the items are given; all, or with Any the first that can be had.
func (m *Model) choose(now int64, c *shard.Claim, out *shard.Result) (picks []given) {
	var together []uint32
	if c.Same {
		if together = m.sameSeats(now, c, out); out.Err != nil {
			return nil
		}
	}
	var first error
	for i := range c.Items {
		e := m.Events[c.Items[i].Event]
		before := len(out.Conflicts)
		seats, err := m.chooseItem(now, e, c, i, together, out)
		for k := before; k < len(out.Conflicts); k++ {
			out.Conflicts[k].Item = uint16(i)
		}
		switch {
		case err == nil && c.Any:
			out.Conflicts, out.Granted = nil, nil
			return []given{{i, seats}}
		case err == nil:
			picks = append(picks, given{i, seats})
		case !c.Any:
			m.event(e.No, out)
			out.Err = err
			return nil
		case first == nil:
			first = err
		}
	}
	out.Err = first
	return picks
}

// asked is what a claim asks of one event.
type asked struct {
	ttl      int64
	holder   string
	admitted bool
	channel  int           // 1 and up; 0: none
	orphans  shard.Orphans // the claim's own policy
	placed   bool          // the seats were found by a search that minds orphans
}

// itemRefused judges what does not depend on who has which seat.
func (e *ModelEvent) itemRefused(now int64, c *shard.Claim, it *shard.Item) (asked, error) {
	a := asked{ttl: c.TTL, holder: string(c.Holder), admitted: c.Admitted, orphans: it.Orphans}
	var err error
	if len(it.Seats) > 0 {
		err = e.seatsWrong(it.Seats, shard.MaxSeatsPerHold)
	}
	if err == nil {
		err = e.termsRefused(now, &a)
	}
	if err == nil && it.Channel != [16]byte{} {
		if a.channel = 1 + slices.IndexFunc(e.Channels, func(ch ModelChannel) bool { return ch.Hash == it.Channel }); a.channel == 0 {
			err = shard.ErrUnknownChannel
		}
	}
	if err != nil || !searches(it) {
		return a, err
	}
	if e.Plan == nil {
		return a, shard.ErrNoPlan
	}
	if it.Best != nil && !e.house(0).fits(it.Best) {
		return a, shard.ErrBadRequest
	}
	return a, nil
}

func (m *Model) chooseItem(now int64, e *ModelEvent, c *shard.Claim, i int, together []uint32, out *shard.Result) ([]uint32, error) {
	it := &c.Items[i]
	a, err := e.itemRefused(now, c, it)
	if err != nil {
		return nil, err
	}
	policy := max(e.Create.Rules.Orphans, it.Orphans)
	wanted := seatsIn(it.Seats)
	areas := it.Seats[len(wanted):]
	switch {
	case together != nil:
		seats := append(slices.Clone(together), areas...)
		return seats, e.refused(now, seats, &a, out)
	case it.Best != nil:
		found := e.house(a.channel).best(it.Best, policy)
		if found == nil {
			return nil, e.inTheWay(now, areas, 0, out)
		}
		a.placed = true
		seats := append(found, areas...)
		return seats, e.refused(now, seats, &a, out)
	}
	if err := e.changedSinceRead(it, out); err != nil {
		return nil, err
	}
	if it.Fan == shard.FanNone || len(wanted) == 0 {
		return it.Seats, e.refused(now, it.Seats, &a, out)
	}
	got := e.house(a.channel).fanOut(wanted, policy)
	if got == nil {
		return nil, e.inTheWay(now, it.Seats, a.channel, out)
	}
	seats := append(slices.Clone(got), areas...)
	a.placed = !slices.Equal(got, wanted)
	if a.placed && it.Fan == shard.FanSuggest {
		out.Granted = append(out.Granted, shard.Granted{Event: e.No, Version: e.Version(), Seats: seats})
		return nil, e.inTheWay(now, it.Seats, a.channel, out)
	}
	return seats, e.refused(now, seats, &a, out)
}

// inTheWay names what cannot be had, where it is known that not all can.
func (e *ModelEvent) inTheWay(now int64, seats []uint32, channel int, out *shard.Result) error {
	out.Conflicts = append(out.Conflicts, e.conflicts(now, seats, channel)...)
	return shard.ErrSeatsUnavailable
}

// changedSinceRead names what is not as it was when the holder read it.
func (e *ModelEvent) changedSinceRead(it *shard.Item, out *shard.Result) (err error) {
	for i, what := range it.Seats {
		at, st := uint64(0), shard.Available
		if no, _, area := shard.SplitCode(what); area {
			at = e.changedAt(shard.AreaCode(no, 0))
		} else {
			at, st = e.Seats[what].Changed, e.Seats[what].Status
		}
		if it.Versions != nil && it.Versions[i] != at || it.IfSince && at > it.Since {
			out.Conflicts = append(out.Conflicts, shard.Conflict{Seat: what, Status: st, Version: at})
			err = shard.ErrVersionConflict
		}
	}
	return err
}

// sameSeats are the best seats that are free on all the claim's events.
func (m *Model) sameSeats(now int64, c *shard.Claim, out *shard.Result) []uint32 {
	first := m.Events[c.Items[0].Event]
	var nights *house
	policy := shard.OrphansAllow
	for i := range c.Items {
		it := &c.Items[i]
		e := m.event(it.Event, out)
		if it.Best == nil || e.Create.Plan != first.Create.Plan {
			out.Err = shard.ErrBadRequest
			return nil
		}
		a, err := e.itemRefused(now, c, it)
		if out.Err = err; err != nil {
			return nil
		}
		policy = max(policy, e.Create.Rules.Orphans, it.Orphans)
		h := e.house(a.channel)
		for s := range h.free {
			h.free[s] = h.free[s] && (nights == nil || nights.free[s])
		}
		nights = h
	}
	m.event(first.No, out)
	seats := nights.best(c.Items[0].Best, policy)
	if seats == nil {
		out.Err = shard.ErrSeatsUnavailable
	}
	return seats
}

// house is what a claim with this channel may have.
func (e *ModelEvent) house(channel int) *house {
	h := &house{e.Plan, make([]bool, len(e.Seats))}
	for i, s := range e.Seats {
		h.free[i] = s.Status == shard.Available || channel != 0 && s.Channel == channel && s.Status == shard.Blocked
	}
	return h
}

func (m *Model) grantAll(now int64, c *shard.Claim, picks []given, out *shard.Result) {
	ends := now + c.TTL
	var b *ModelBundle
	switch {
	case c.Txn == shard.Txn{} && len(picks) > 1:
		b = m.newBundle(ModelBundle{State: shard.BundleHeld})
	case c.Txn != shard.Txn{}:
		ends = pinned
		if b = m.bundle(c.Txn.Bundle); c.Txn.Home != 0 {
			b = m.newBundle(ModelBundle{State: shard.BundleOpen, Home: c.Txn.Home, At: c.Txn.Bundle, Since: now})
		}
	}
	var parts []ModelPart
	for _, k := range picks {
		e := m.Events[c.Items[k.item].Event]
		h := m.grant(now, e, ModelHold{Seats: slices.Clone(k.seats), Holder: string(c.Holder), Ends: ends, Lease: c.Lease, Bundle: b})
		parts = append(parts, ModelPart{Part: shard.Part{Event: e.No, Hold: h.Number}, Hold: h})
		out.Granted = append(out.Granted, shard.Granted{Event: e.No, Hold: h.Number, Token: e.token(h.Number), Version: e.Version(), Seats: h.Seats})
		if len(parts) == 1 {
			out.Event = e.No
			e.answer(h, ends, out)
		}
	}
	out.Count = uint32(picks[0].item)
	if b != nil {
		b.Parts = append(b.Parts, parts...)
	}
}
