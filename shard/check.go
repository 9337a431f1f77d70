package shard

import "fmt"

// Check verifies every invariant of the whole state and returns the first that does not
// hold. It looks at everything: for tests, for `usher check`, and after a restore.
func (s *State) Check() error {
	if len(s.byID) != len(s.events) {
		return fmt.Errorf("%d event ids for %d events", len(s.byID), len(s.events))
	}
	for no, e := range s.events {
		if e.no != uint32(no) || s.byID[e.id] != e.no {
			return fmt.Errorf("event %d calls itself %d, its id %q leads to %d", no, e.no, e.id, s.byID[e.id])
		}
		if err := e.check(); err != nil {
			return fmt.Errorf("event %s: %w", e.id, err)
		}
	}
	return nil
}

func (e *Event) check() error {
	c := checker{e: e, taken: make([]uint32, e.seats)}
	for _, step := range []func() error{c.holds, c.bookings, c.seats, c.keys, c.reasons} {
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
	sum   uint64
}

func (c *checker) take(seat, hold uint32, st Status) error {
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
	active := uint32(0)
	for i := uint32(0); i < p.used; i++ {
		n := first + i
		if n > c.e.lastHold {
			return fmt.Errorf("hold %d is newer than the newest, %d", n, c.e.lastHold)
		}
		c.sum += p.sum(i, n)
		switch p.state[i] {
		case HoldHeld:
			active++
			for _, seat := range p.seatsOf(i) {
				if err := c.take(seat, n, Held); err != nil {
					return err
				}
			}
		case HoldBooked, HoldReleased, HoldExpired:
		default:
			return fmt.Errorf("hold %d has state %d", n, p.state[i])
		}
	}
	if active != p.active {
		return fmt.Errorf("page of hold %d counts %d active, has %d", first, p.active, active)
	}
	if p.exactDue() < p.due || p.due < blockDue {
		return fmt.Errorf("page of hold %d is due at %d, its bound is %d, its block's %d", first, p.exactDue(), p.due, blockDue)
	}
	return nil
}

func (c *checker) bookings() error {
	for n := uint32(1); n <= c.e.lastBook; n++ {
		p, i := c.e.books[(n-1)/booksInPage], (n-1)%booksInPage
		r := &p.recs[i]
		c.sum += p.sum(i, n)
		if r.hold == 0 || r.hold > c.e.lastHold {
			return fmt.Errorf("booking %d is of hold %d, the newest is %d", n, r.hold, c.e.lastHold)
		}
		if r.state == BookingCancelled {
			continue
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
	seen := make(map[uint64]uint32)
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
		if other, twice := seen[v]; twice && v != 0 {
			return fmt.Errorf("seats %d and %d both changed at version %d", other, seat, v)
		}
		seen[v] = seat
	}
	if counts != e.counts {
		return fmt.Errorf("counts are %+v, recounted %+v", e.counts, counts)
	}
	return nil
}

func (c *checker) keys() error {
	t := &c.e.keys
	if t.head > t.next || t.base != t.head/keysInPage {
		return fmt.Errorf("idempotency table: head %d, next %d, base %d", t.head, t.next, t.base)
	}
	for seq := t.head; seq < t.next; seq++ {
		a := t.at(seq)
		c.sum += a.sum(seq)
		if at, ok := t.index[a.key.Hash]; !ok || at < seq {
			return fmt.Errorf("idempotency key %x of answer %d is indexed at %d", a.key.Hash, seq, at)
		}
		if seq > t.head && a.at < t.at(seq-1).at {
			return fmt.Errorf("idempotent answer %d is older than the one before it", seq)
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
		if seat >= c.e.seats || c.e.Status(seat) != Blocked {
			return fmt.Errorf("seat %d is not blocked, but there is a reason: %s", seat, reason)
		}
	}
	return nil
}
