package proptest

import (
	"fmt"
	"slices"

	"github.com/usherhq/usher/shard"
)

// CompareResult wants a command to be told exactly what the model says. Expire's More
// alone may be early: it comes from lower bounds, and a sweep too many does no harm.
func CompareResult(op Op, got, want shard.Result) error {
	if c, ok := op.(*shard.Expire); ok {
		if want.More && !got.More || got.More && !want.More && c.Limit > 1000 {
			return fmt.Errorf("%s: more is %v, model %v", show(op), got.More, want.More)
		}
		want.More = got.More
	}
	if got.Err != want.Err || got.Event != want.Event || got.Number != want.Number || got.Token != want.Token ||
		got.Version != want.Version || got.Now != want.Now || got.Expires != want.Expires || got.Count != want.Count ||
		got.More != want.More || got.Replayed != want.Replayed || got.Bundle != want.Bundle ||
		!slices.Equal(got.Conflicts, want.Conflicts) || !slices.EqualFunc(got.Granted, want.Granted, sameGrant) {
		return fmt.Errorf("%s\nis told %+v\nmodel    %+v", show(op), got, want)
	}
	return nil
}

func sameGrant(a, b shard.Granted) bool {
	return a.Event == b.Event && a.Hold == b.Hold && a.Token == b.Token && a.Version == b.Version && slices.Equal(a.Seats, b.Seats)
}

// Compare wants the whole state to read as the model does, and to pass its own Check.
func Compare(s *shard.State, m *Model) error {
	if err := s.Check(); err != nil {
		return fmt.Errorf("check: %w", err)
	}
	if s.Events() != len(m.Events) {
		return fmt.Errorf("%d events, model %d", s.Events(), len(m.Events))
	}
	if due := m.Due(); s.NextDue() > due {
		return fmt.Errorf("next due is %d, model %d", s.NextDue(), due)
	}
	for no, e := range m.Events {
		if err := e.compare(s.Event(uint32(no))); err != nil {
			return fmt.Errorf("event %s: %w", e.Create.ID, err)
		}
	}
	return m.compareBundles(s)
}

func (e *ModelEvent) compare(g *shard.Event) error {
	if g.Version() != e.Version() || g.Keys() != len(e.Answers) || int(g.Bookings()) != len(e.Books) {
		return fmt.Errorf("version %d, %d keys, %d bookings; model %d, %d, %d",
			g.Version(), g.Keys(), g.Bookings(), e.Version(), len(e.Answers), len(e.Books))
	}
	for _, step := range []func(*shard.Event) error{e.compareSeats, e.compareHolds, e.compareBooks, e.compareChanges, e.compareRules} {
		if err := step(g); err != nil {
			return err
		}
	}
	return nil
}

func (e *ModelEvent) compareSeats(g *shard.Event) error {
	var counts shard.Counts
	packed := make([]byte, (len(e.Seats)+3)/4)
	for i, s := range e.Seats {
		n := uint32(i)
		if g.Status(n) != s.Status || g.SeatVersion(n) != s.Changed || g.Reason(n) != e.Reasons[n] ||
			g.Channel(n) != e.channelName(s.Channel) {
			return fmt.Errorf("seat %d: status %d, version %d, reason %q, channel %q; model %d, %d, %q, %d",
				i, g.Status(n), g.SeatVersion(n), g.Reason(n), g.Channel(n), s.Status, s.Changed, e.Reasons[n], s.Channel)
		}
		packed[i/4] |= byte(s.Status) << (2 * (i % 4))
		switch s.Status {
		case shard.Available:
			counts.Available++
		case shard.Held:
			counts.Held++
		case shard.Booked:
			counts.Booked++
		case shard.Blocked:
			counts.Blocked++
		}
	}
	if g.Counts() != counts {
		return fmt.Errorf("counts %+v, model %+v", g.Counts(), counts)
	}
	if got := g.Packed(nil); !slices.Equal(got, packed) {
		return fmt.Errorf("packed %x, model %x", got, packed)
	}
	return nil
}

func (e *ModelEvent) compareHolds(g *shard.Event) error {
	for n := range uint32(len(e.Holds) + 2) {
		got, ok := g.HoldInfo(n)
		h := e.find(n)
		if ok != (h != nil) {
			return fmt.Errorf("hold %d is there: %v, model %v", n, ok, h != nil)
		}
		if h == nil {
			continue
		}
		want := shard.HoldInfo{
			Number: n, State: h.State, HeldAt: h.HeldAt, Booking: h.Booking, Holder: h.Holder, Seats: h.Seats,
			Lease: h.Lease, Bundle: h.Bundle.number(),
		}
		switch h.State {
		case shard.HoldHeld:
			want.Expires = h.Ends
		case shard.HoldReleased, shard.HoldExpired:
			want.Expires = h.EndedAt
		}
		if !sameHold(got, want) {
			return fmt.Errorf("hold %d: %+v, model %+v", n, got, want)
		}
	}
	return nil
}

func sameHold(a, b shard.HoldInfo) bool {
	return a.Number == b.Number && a.State == b.State && a.HeldAt == b.HeldAt && a.Expires == b.Expires &&
		a.Booking == b.Booking && a.Holder == b.Holder && slices.Equal(a.Seats, b.Seats) && a.Lease == b.Lease && a.Bundle == b.Bundle
}

func (e *ModelEvent) compareBooks(g *shard.Event) error {
	for i, b := range e.Books {
		got, ok := g.BookingInfo(uint32(i + 1))
		state := shard.BookingBooked
		if b.Cancelled {
			state = shard.BookingCancelled
		}
		if !ok || got.Number != b.Number || got.Hold != b.Hold.Number || got.State != state || got.BookedAt != b.BookedAt ||
			got.CancelledAt != b.CancelledAt || got.Amount != b.Book.Amount || got.Currency != b.Book.Currency ||
			got.Holder != b.Hold.Holder || got.Payment != string(b.Book.Payment) || !slices.Equal(got.Seats, b.Hold.Seats) ||
			got.Bundle != b.Hold.Bundle.number() {
			return fmt.Errorf("booking %d: %+v, model %+v of hold %+v", i+1, got, b, b.Hold)
		}
	}
	if _, ok := g.BookingInfo(uint32(len(e.Books) + 1)); ok {
		return fmt.Errorf("there is a booking %d", len(e.Books)+1)
	}
	return nil
}

// compareChanges asks what changed since every one of the last versions and some of the
// others, which others as the history grows.
func (e *ModelEvent) compareChanges(g *shard.Event) error {
	const newest, others = 6, 6
	step := max(1, len(e.History)/others)
	for since := len(e.History) + 1; since >= 0; since-- {
		if len(e.History)-since > newest && since%step != len(e.History)%step {
			continue
		}
		want := e.changedSince(since)
		if got := g.ChangedSince(uint64(since), nil); !slices.Equal(got, want) {
			return fmt.Errorf("changed since %d: %v, model %v", since, got, want)
		}
	}
	return nil
}

func (e *ModelEvent) changedSince(version int) []shard.Change {
	var changes []shard.Change
	for seat := range e.Seats {
		if version < len(e.History) && slices.Contains(e.History[version:], uint32(seat)) {
			changes = append(changes, shard.Change{Seat: uint32(seat), Status: e.Seats[seat].Status})
		}
	}
	return changes
}
