package proptest

import (
	"slices"
	"testing"
	"time"

	"github.com/usherhq/usher/engine"
)

// TestPlaybookResidency: three nights of one series, and people who want the same seats on
// all three or none. Once it is contested the router gives short leases, one token a
// night; who renews keeps them, and who comes back late is told so.
func TestPlaybookResidency(t *testing.T) {
	s := openStage(t, engine.Config{}, "metalist", stadiumChart(t))
	nights := residency(s)
	front, side := s.block("west-2", 200), s.block("west-8", 200)

	// Four couples for every two seats in front, all nights or none: three of four lose.
	rush := s.comes(buyers{name: "rush", count: 400, wants: allNights(nights, front, time.Hour)})
	rush.served(100, engine.ErrSeatsUnavailable).routed(engine.ModeOptimistic, "3 nights at once: 0 % of attempts lost", "below 25 %")
	s.wordSpreads(nights[0], 200)

	// Those who lost try the side. By now these are leases: each seat of each night under a
	// name and a token of its own.
	fans := s.comes(buyers{name: "fan", count: 100, wants: allNights(nights, side, time.Minute)})
	fans.all(nil).routed(engine.ModeLease, "3 nights at once: ", "of attempts lost", "at least 25 %")
	for _, h := range fans.holds {
		if h.Mode != engine.ModeLease || len(h.Items) != 3 || len(tokens(h)) != 3 {
			t.Fatalf("%+v is no lease of three nights", h)
		}
		for i, it := range h.Items {
			if it.EventID != nights[i] || !slices.Equal(it.SeatIDs, h.SeatIDs) {
				t.Errorf("night %d: %+v, want the same seats %v", i+1, it, h.SeatIDs)
			}
		}
	}

	// A lease lasts a minute. Half of them renew after 45 seconds; the others fill in forms.
	s.clock.pass(45 * time.Second)
	keen, slow := fans.holds[:50], fans.holds[50:]
	for _, h := range keen {
		_, err := s.engine.Extend(s.ctx, engine.ExtendRequest{HoldID: h.HoldID, FencingTokens: tokens(h), TTL: time.Minute})
		s.must("a lease is renewed", err)
	}
	for _, h := range slow {
		s.books.strike(h) // from now on anybody may have them
	}
	s.clock.pass(20 * time.Second)

	// The next in line have the seats of the slow ones, on all three nights.
	next := s.comes(buyers{name: "next", count: 50, wants: func(i int) engine.HoldRequest {
		return engine.HoldRequest{Items: on(nights, slow[i].SeatIDs...)}
	}})
	next.all(nil).routed(engine.ModeLease)

	// The slow ones press "pay" now. None of their tokens is good for anything any more.
	for _, h := range slow {
		s.tooLate(h)
	}

	// The keen ones and the next pay, with the tokens of all nights and not without.
	for i, h := range append(slices.Clone(keen), next.holds...) {
		s.pays(h, i%10 == 0)
	}
	s.closeBooks()
	for _, id := range nights {
		if ev, err := s.engine.Event(s.ctx, id); err != nil || ev.Seats.Booked != 200 {
			t.Errorf("%s: %+v, %v", id, ev.Seats, err)
		}
	}
}

// residency is three nights in one series, and so in one group and one log.
func residency(s *stage) (nights []string) {
	for _, date := range []string{"2027-08-13", "2027-08-14", "2027-08-15"} {
		nights = append(nights, s.show(engine.EventSpec{
			VenueID: "metalist", ChartID: "metalist", Series: "eras", EventDate: date, ShowTime: "20:00",
			Strategy: engine.ModeAuto, HoldSeconds: 60,
		}))
	}
	return nights
}

// allNights has buyer i ask for the i-th pair of seats on all nights.
func allNights(nights, seats []string, ttl time.Duration) func(int) engine.HoldRequest {
	return func(i int) engine.HoldRequest {
		return engine.HoldRequest{Items: on(nights, pair(seats, i)...), TTL: ttl}
	}
}

// tooLate has a holder whose lease is over, and whose seats are somebody else's, try all
// that a holder can do.
func (s *stage) tooLate(h engine.Hold) {
	s.t.Helper()
	s.refused("renewed late", engine.ErrStaleFencingToken, func() error {
		_, err := s.engine.Extend(s.ctx, engine.ExtendRequest{HoldID: h.HoldID, FencingTokens: tokens(h), TTL: time.Minute})
		return err
	})
	s.refused("paid late", engine.ErrStaleFencingToken, func() error {
		_, err := s.engine.Book(s.ctx, engine.BookRequest{HoldID: h.HoldID, FencingTokens: tokens(h), PaymentMethod: "sandbox"})
		return err
	})
	s.refused("a ticket printer asks", engine.ErrStaleFencingToken, func() error {
		_, err := s.engine.Fence(s.ctx, h.HoldID, h.FencingToken)
		return err
	})
}

// pays books a lease. A forgetful holder shows no token first, or one night's of somebody
// else's, and is sent back for the right ones.
func (s *stage) pays(h engine.Hold, forgetful bool) {
	s.t.Helper()
	book := func(tokens map[string]uint64) error {
		_, err := s.engine.Book(s.ctx, engine.BookRequest{HoldID: h.HoldID, FencingTokens: tokens, PaymentMethod: "sandbox"})
		return err
	}
	_, err := s.engine.Fence(s.ctx, h.HoldID, h.FencingToken)
	s.must("a ticket printer asks", err)
	if forgetful {
		s.refused("paid without a token", engine.ErrTokenRequired, func() error { return book(nil) })
		wrong := tokens(h)
		wrong[h.Items[2].EventID]--
		s.refused("paid with another's token", engine.ErrStaleFencingToken, func() error { return book(wrong) })
	}
	s.must("a lease is paid", book(tokens(h)))
}
