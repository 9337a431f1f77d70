package engine_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/usherhq/usher/engine"
)

// nights are events in one group (a series) or, without, in as many groups.
func nights(t testing.TB, cfg engine.Config, series string) (*engine.Engine, []string) {
	t.Helper()
	return openHouse(t, cfg, engine.EventSpec{Series: series}, engine.EventSpec{Series: series}, engine.EventSpec{Series: series})
}

func items(ids []string, seats ...string) (list []engine.ItemRequest) {
	for _, id := range ids {
		list = append(list, engine.ItemRequest{EventID: id, SeatIDs: seats})
	}
	return list
}

// everyPlace runs a test with the nights in one group, and in three.
func everyPlace(t *testing.T, f func(t *testing.T, e *engine.Engine, ids []string, clock *handClock)) {
	for name, series := range map[string]string{"one group": "run", "three groups": ""} {
		t.Run(name, func(t *testing.T) {
			clock := newHandClock()
			e, ids := nights(t, engine.Config{Groups: 3, Clock: clock}, series)
			f(t, e, ids, clock)
		})
	}
}

func status(t testing.TB, e *engine.Engine, ids []string) (held, booked int) {
	t.Helper()
	for _, id := range ids {
		c := counts(t, e, id).Seats
		held, booked = held+c.Held, booked+c.Booked
	}
	return held, booked
}

func wantHeld(t testing.TB, e *engine.Engine, ids []string, held, booked int) {
	t.Helper()
	eventually(t, "the nights' seats", func() bool {
		h, b := status(t, e, ids)
		return h == held && b == booked
	})
}

func TestNightsHeldBookedCancelled(t *testing.T) {
	everyPlace(t, func(t *testing.T, e *engine.Engine, ids []string, clock *handClock) {
		ctx := testContext(t)
		r := engine.HoldRequest{Items: items(ids, "A-1", "A-2"), IdempotencyKey: "nights"}
		h := claim(t, e, r)
		if len(h.Items) != 3 || h.EventID != ids[0] || h.Items[2].EventID != ids[2] || len(h.Items[1].SeatIDs) != 2 {
			t.Fatalf("%+v", h)
		}
		if again := claim(t, e, r); again.HoldID != h.HoldID || len(again.Items) != 3 {
			t.Errorf("again: %+v", again)
		}
		wantHeld(t, e, ids, 6, 0)
		tokens := map[string]uint64{}
		for _, it := range h.Items {
			tokens[it.EventID] = it.FencingToken
		}
		ext, err := e.Extend(ctx, engine.ExtendRequest{HoldID: h.HoldID, FencingTokens: tokens, TTL: 20 * time.Minute})
		if err != nil || len(ext.Items) != 3 {
			t.Fatalf("%+v, %v", ext, err)
		}
		bad := map[string]uint64{ids[0]: tokens[ids[0]], ids[1]: tokens[ids[1]] + 1, ids[2]: tokens[ids[2]]}
		if _, err := e.Extend(ctx, engine.ExtendRequest{HoldID: h.HoldID, FencingTokens: bad, TTL: time.Minute}); !errors.Is(err, engine.ErrStaleFencingToken) {
			t.Errorf("a token of another: %v", err)
		}
		clock.pass(15 * time.Minute) // past the first end of all
		b, err := e.Book(ctx, engine.BookRequest{HoldID: h.HoldID, FencingTokens: tokens, PaymentMethod: "sandbox"})
		if err != nil {
			t.Fatal(err)
		}
		if b.Amount == nil || b.Amount.Amount != 6000 || len(b.Items) != 3 {
			t.Errorf("booking %+v", b)
		}
		wantHeld(t, e, ids, 0, 6)
		if _, err := e.CancelBooking(ctx, engine.CancelRequest{BookingID: b.BookingID}); err != nil {
			t.Fatal(err)
		}
		wantHeld(t, e, ids, 0, 0)
	})
}

func TestNightsAllOrNone(t *testing.T) {
	everyPlace(t, func(t *testing.T, e *engine.Engine, ids []string, _ *handClock) {
		hold(t, e, ids[1], "A-2")
		var taken *engine.SeatsUnavailableError
		err := refused(t, e, engine.HoldRequest{Items: items(ids, "A-1", "A-2")}, engine.ErrSeatsUnavailable)
		if !errors.As(err, &taken) || taken.EventID != ids[1] || taken.Conflicts[0].SeatID != "A-2" {
			t.Errorf("%+v", taken)
		}
		wantHeld(t, e, ids, 1, 0)
	})
}

func TestNightsReleasedAndExpired(t *testing.T) {
	everyPlace(t, func(t *testing.T, e *engine.Engine, ids []string, clock *handClock) {
		h := claim(t, e, engine.HoldRequest{Items: items(ids, "A-1")})
		if err := e.Release(testContext(t), engine.ReleaseRequest{HoldID: h.HoldID}); err != nil {
			t.Fatal(err)
		}
		wantHeld(t, e, ids, 0, 0)
		h = claim(t, e, engine.HoldRequest{Items: items(ids, "A-1"), TTL: time.Minute})
		clock.pass(2 * time.Minute)
		wantHeld(t, e, ids, 0, 0)
		got, err := e.HoldByID(testContext(t), h.HoldID)
		if err != nil || got.Status != engine.HoldExpired {
			t.Errorf("%+v, %v", got, err)
		}
	})
}

func TestAnyOfTheseNights(t *testing.T) {
	everyPlace(t, func(t *testing.T, e *engine.Engine, ids []string, _ *handClock) {
		hold(t, e, ids[0], "A-1")
		r := engine.HoldRequest{Items: items(ids, "A-1"), AnyOf: true, IdempotencyKey: "any"}
		h := claim(t, e, r)
		if h.EventID != ids[1] || h.Items != nil {
			t.Errorf("%+v", h)
		}
		if again := claim(t, e, r); again.HoldID != h.HoldID {
			t.Errorf("again %+v", again)
		}
		wantHeld(t, e, ids, 2, 0)
	})
}

func TestSameSeatsOnAllNights(t *testing.T) {
	everyPlace(t, func(t *testing.T, e *engine.Engine, ids []string, _ *handClock) {
		hold(t, e, ids[0], "A-1")
		hold(t, e, ids[1], "A-4")
		hold(t, e, ids[2], "A-6")
		best := &engine.BestRequest{Quantity: 2, Category: "stalls", Near: "A-1"}
		r := engine.HoldRequest{SameSeats: true}
		for _, id := range ids {
			r.Items = append(r.Items, engine.ItemRequest{EventID: id, Best: best})
		}
		h := claim(t, e, r)
		for _, it := range h.Items {
			if !slices.Equal(it.SeatIDs, []string{"A-2", "A-3"}) {
				t.Errorf("%s: %v", it.EventID, it.SeatIDs)
			}
		}
		r.Items[1].Best = &engine.BestRequest{Quantity: 3}
		_, err := e.Hold(testContext(t), engine.HoldRequest{Items: r.Items, SameSeats: true, HolderID: "x"})
		wantInvalid(t, "another best", err, "same_seats")
	})
}

// TestNightsSurviveARestart: what was held over groups is there, and can be booked.
func TestNightsSurviveARestart(t *testing.T) {
	cfg := engine.Config{Dir: t.TempDir(), Groups: 3}
	e, ids := nights(t, cfg, "")
	h := claim(t, e, engine.HoldRequest{Items: items(ids, "A-1")})
	e = reopen(t, e, cfg)
	b, err := e.Book(testContext(t), engine.BookRequest{HoldID: h.HoldID, PaymentMethod: "sandbox"})
	if err != nil || len(b.Items) != 3 {
		t.Fatalf("%+v, %v", b, err)
	}
	wantHeld(t, e, ids, 0, 3)
}
