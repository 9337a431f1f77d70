package shard

import (
	"errors"
	"fmt"
	"slices"
)

// Check verifies every invariant of the whole state and returns the first that does not
// hold. It looks at everything: for tests, for `usher check`, and after a restore.
func (s *State) Check() error {
	if len(s.byID) != len(s.events) {
		return fmt.Errorf("%d event ids for %d events", len(s.byID), len(s.events))
	}
	for no, e := range s.events {
		if at, ok := s.byID[e.id]; !ok || at != e.no || e.no != uint32(no) {
			return fmt.Errorf("event %d calls itself %d, its id %q leads to %d (%v)", no, e.no, e.id, at, ok)
		}
		if ch := s.Charts.Get(e.chart); ch == nil || !ch.Complete() || ch.Seats != e.seats {
			return fmt.Errorf("event %s: its chart is missing, or is not one of %d seats", e.id, e.seats)
		}
		if err := e.check(); err != nil {
			return fmt.Errorf("event %s: %w", e.id, err)
		}
		if p := s.plans[e.planSum]; e.planSum != [32]byte{} && (p == nil || p != e.plan) {
			return fmt.Errorf("event %s: its plan is not the one that all events of the chart have", e.id)
		}
	}
	return s.checkBundles()
}

func (e *Event) check() error {
	if what := e.eraProblem(); what != "" {
		return errors.New(what)
	}
	c := checker{e: e, taken: make([]uint32, e.seats), areas: make([]area, len(e.areas))}
	for _, step := range []func() error{c.holds, c.bookings, c.seats, c.keys, c.reasons, c.rules} {
		if err := step(); err != nil {
			return err
		}
	}
	if c.sum != e.sum {
		return fmt.Errorf("digest sum is %x, recomputed %x", e.sum, c.sum)
	}
	return nil
}

// checker walks an event; taken has, for each seat, which hold has it now.
type checker struct {
	e     *Event
	taken []uint32
	areas []area // what of each area holds and bookings have
	sum   uint64
}

func (c *checker) take(seat, hold uint32, st Status) error {
	if no, n, ok := SplitCode(seat); ok {
		if st == Held {
			c.areas[no].held += n
		} else {
			c.areas[no].booked += n
		}
		return nil
	}
	switch {
	case seat >= c.e.seats:
		return fmt.Errorf("hold %d has seat %d of %d", hold, seat, c.e.seats)
	case c.taken[seat] != 0:
		return fmt.Errorf("seat %d is allocated twice: to hold %d and to hold %d", seat, c.taken[seat], hold)
	case c.e.Status(seat) != st || c.e.owner(seat) != hold:
		return fmt.Errorf("seat %d has status %d of hold %d, hold %d says status %d", seat, c.e.Status(seat), c.e.owner(seat), hold, st)
	}
	c.taken[seat] = hold
	return nil
}

func (c *checker) holds() error {
	e := c.e
	if uint64(e.lastHold) > uint64(len(e.blocks))<<(pageShift+blockShift) {
		return fmt.Errorf("hold %d is beyond the %d blocks", e.lastHold, len(e.blocks))
	}
	for b, k := range e.blocks {
		if k == nil {
			continue
		}
		if k.due < e.due {
			return fmt.Errorf("block %d is due at %d, before its event at %d", b, k.due, e.due)
		}
		for pg, p := range k.pages {
			if p == nil {
				continue
			}
			if err := c.holdPage(p, uint32(b)<<(pageShift+blockShift)+uint32(pg)<<pageShift+1, k.due); err != nil {
				return err
			}
		}
	}
	return nil
}

func (c *checker) holdPage(p *holdPage, first uint32, blockDue int64) error {
	if first > c.e.lastHold || p.used != min(holdsInPage, c.e.lastHold-first+1) {
		return fmt.Errorf("page of hold %d has %d, the newest hold is %d", first, p.used, c.e.lastHold)
	}
	active, ended := uint32(0), int64(0)
	for i := uint32(0); i < p.used; i++ {
		end, err := c.hold(p, i, first+i)
		if err != nil {
			return err
		}
		if p.state[i] == HoldHeld {
			active++
		}
		ended = max(ended, end)
	}
	if active != p.active {
		return fmt.Errorf("page of hold %d counts %d active, has %d", first, p.active, active)
	}
	if ended != p.lastEnded {
		return fmt.Errorf("page of hold %d says its last one ended at %d, it was at %d", first, p.lastEnded, ended)
	}
	if p.exactDue() < p.due || p.due < blockDue {
		return fmt.Errorf("page of hold %d is due at %d, its bound is %d, its block's %d", first, p.exactDue(), p.due, blockDue)
	}
	return nil
}

// hold looks at hold n, and returns when it ended; 0 while it is held.
func (c *checker) hold(p *holdPage, i, n uint32) (ended int64, err error) {
	c.sum += p.sum(i, n)
	seats := p.seatsOf(i)
	if err := c.e.checkSeats(seats, MaxSeatsPerHold); err != nil {
		return 0, fmt.Errorf("hold %d: %w", n, err)
	}
	switch p.state[i] {
	case HoldHeld:
		for _, seat := range seats {
			if err := c.take(seat, n, Held); err != nil {
				return 0, err
			}
		}
		return 0, nil
	case HoldReleased, HoldExpired:
		return p.expires[i], nil
	case HoldBooked:
		return c.bookedAs(n, p.expires[i], seats)
	}
	return 0, fmt.Errorf("hold %d has state %d", n, p.state[i])
}

// bookedAs wants a booked hold and its booking to speak of each other.
func (c *checker) bookedAs(hold uint32, booking int64, seats []uint32) (int64, error) {
	if booking <= 0 || booking > int64(c.e.lastBook) {
		return 0, fmt.Errorf("hold %d became booking %d, the newest is %d", hold, booking, c.e.lastBook)
	}
	p, i := c.e.booking(uint32(booking))
	if p.recs[i].hold != hold || !slices.Equal(p.seatsOf(i), seats) {
		return 0, fmt.Errorf("hold %d became booking %d, which is of hold %d", hold, booking, p.recs[i].hold)
	}
	return p.recs[i].bookedAt, nil
}

func (c *checker) bookings() error {
	for n := uint32(1); n <= c.e.lastBook; n++ {
		p, i := c.e.booking(n)
		r := &p.recs[i]
		c.sum += p.sum(i, n)
		if r.hold == 0 || r.hold > c.e.lastHold {
			return fmt.Errorf("booking %d is of hold %d, the newest is %d", n, r.hold, c.e.lastHold)
		}
		if h, hi := c.e.hold(r.hold); h != nil && (h.state[hi] != HoldBooked || h.expires[hi] != int64(n)) {
			return fmt.Errorf("booking %d is of hold %d, which knows nothing of it", n, r.hold)
		}
		if r.state == BookingCancelled {
			continue
		}
		if r.state != BookingBooked {
			return fmt.Errorf("booking %d has state %d", n, r.state)
		}
		for _, seat := range p.seatsOf(i) {
			if err := c.take(seat, r.hold, Booked); err != nil {
				return fmt.Errorf("booking %d: %w", n, err)
			}
		}
	}
	return nil
}

func (c *checker) seats() error {
	e := c.e
	var counts Counts
	var versions []uint64
	for seat := uint32(0); seat < e.seats; seat++ {
		st, v := e.Status(seat), e.SeatVersion(seat)
		*counts.of(st)++
		c.sum += seatSum(seat, st, e.owner(seat), v)
		if (st == Held || st == Booked) != (c.taken[seat] != 0) {
			return fmt.Errorf("seat %d has status %d, and hold %d has it", seat, st, c.taken[seat])
		}
		if v > e.version {
			return fmt.Errorf("seat %d changed at version %d, the event is at %d", seat, v, e.version)
		}
		if v != 0 {
			versions = append(versions, v)
		}
		ch := e.seatChannel(seat)
		c.sum += channelSeatSum(seat, ch)
		if int(ch) > len(e.channels) || ch != 0 && st == Available {
			return fmt.Errorf("seat %d is of channel %d, and has status %d", seat, ch, st)
		}
	}
	for i := range e.areas {
		a := &e.areas[i]
		c.sum += a.sum(uint32(i))
		if a.held != c.areas[i].held || a.booked != c.areas[i].booked || uint64(a.held)+uint64(a.booked) > uint64(a.capacity) {
			return fmt.Errorf("area %d is %+v, holds and bookings have %+v", i, *a, c.areas[i])
		}
		if a.version != 0 {
			versions = append(versions, a.version)
		}
	}
	if counts != e.counts {
		return fmt.Errorf("counts are %+v, recounted %+v", e.counts, counts)
	}
	return c.versions(versions)
}

// versions wants no two seats at one version, and the event at the newest.
func (c *checker) versions(v []uint64) error {
	slices.Sort(v)
	for i := 1; i < len(v); i++ {
		if v[i] == v[i-1] {
			return fmt.Errorf("two seats both changed at version %d", v[i])
		}
	}
	newest := uint64(0)
	if len(v) > 0 {
		newest = v[len(v)-1]
	}
	if newest != c.e.version {
		return fmt.Errorf("the event is at version %d, its newest change was %d", c.e.version, newest)
	}
	return nil
}

func (c *checker) keys() error {
	t := &c.e.keys
	if t.head > t.next || t.base != t.head/keysInPage {
		return fmt.Errorf("idempotency table: head %d, next %d, base %d", t.head, t.next, t.base)
	}
	kept := make(map[[16]byte]uint64, len(t.index))
	for seq := t.head; seq < t.next; seq++ {
		a := t.at(seq)
		c.sum += a.sum(seq)
		kept[a.key.Hash] = seq
		if seq > t.head && a.at < t.at(seq-1).at {
			return fmt.Errorf("idempotent answer %d is older than the one before it", seq)
		}
	}
	if len(kept) != len(t.index) {
		return fmt.Errorf("idempotency index has %d keys for %d", len(t.index), len(kept))
	}
	for h, seq := range kept {
		if at, ok := t.index[h]; !ok || at != seq {
			return fmt.Errorf("idempotency key %x is answer %d, and indexed as %d", h, seq, at)
		}
	}
	if c.e.due > t.due() {
		return fmt.Errorf("event is due at %d, its idempotency table at %d", c.e.due, t.due())
	}
	return nil
}

func (c *checker) reasons() error {
	for seat, reason := range c.e.reasons {
		c.sum += reasonSum(seat, reason)
		if seat >= c.e.seats || c.e.Status(seat) != Blocked && c.e.seatChannel(seat) == 0 {
			return fmt.Errorf("seat %d is not blocked, but there is a reason: %s", seat, reason)
		}
	}
	return nil
}

// rules wants what is counted for limits, and the channels, to be as they follow.
func (c *checker) rules() error {
	for i := range c.e.channels {
		c.sum += c.e.channels[i].sum(uint8(i + 1))
	}
	want := c.e.tally()
	if len(want) != len(c.e.has) {
		return fmt.Errorf("%d holders are counted, %d have something", len(c.e.has), len(want))
	}
	for holder, n := range want {
		if c.e.has[holder] != n {
			return fmt.Errorf("holder %q is counted with %d, has %d", holder, c.e.has[holder], n)
		}
	}
	return nil
}
