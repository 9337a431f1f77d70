package engine_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/usherhq/usher/engine"
	"github.com/usherhq/usher/engine/payment"
)

// TestReplay makes every write with an idempotency key, lets the world move on, and
// makes it again: the first answer comes back to the byte, from the same engine and
// after a restart, and the same key with another body is refused.
func TestReplay(t *testing.T) {
	t.Parallel()
	cfg := engine.Config{Dir: t.TempDir(), Groups: 2}
	e, id := open(t, cfg)
	ctx := engine.WithCaller(testContext(t), engine.Caller{Name: "shop"})
	held, doomed, gone := hold(t, e, id, "C-1"), hold(t, e, id, "C-2"), hold(t, e, id, "C-3")
	cancelled := book(t, e, hold(t, e, id, "C-4"))
	type call struct {
		name        string
		do, twisted func() (any, error) // twisted: the same key, another body
	}
	create := func(name string) func() (any, error) {
		return func() (any, error) {
			return e.CreateEvent(ctx, engine.EventSpec{VenueID: "v", EventDate: "2026-03-01", ChartID: "small", Name: name, IdempotencyKey: "k"})
		}
	}
	claim := func(seats ...string) func() (any, error) {
		return func() (any, error) {
			return e.Hold(ctx, engine.HoldRequest{EventID: id, SeatIDs: seats, HolderID: "bob", IdempotencyKey: "k"})
		}
	}
	extend := func(ttl time.Duration) func() (any, error) {
		return func() (any, error) {
			return e.Extend(ctx, engine.ExtendRequest{HoldID: held.HoldID, FencingToken: held.FencingToken, TTL: ttl, IdempotencyKey: "k"})
		}
	}
	release := func(token uint64) func() (any, error) {
		return func() (any, error) {
			return nil, e.Release(ctx, engine.ReleaseRequest{HoldID: gone.HoldID, FencingToken: token, IdempotencyKey: "k"})
		}
	}
	sell := func(h engine.Hold, key, options string) func() (any, error) {
		return func() (any, error) {
			r := bookRequest(h, options)
			r.IdempotencyKey = key
			return e.Book(ctx, r)
		}
	}
	block := func(seats ...string) func() (any, error) {
		return func() (any, error) {
			return e.Block(ctx, engine.BlockRequest{EventID: id, SeatIDs: seats, Reason: "camera", IdempotencyKey: "k"})
		}
	}
	cancel := func(b string) func() (any, error) {
		return func() (any, error) {
			return e.CancelBooking(ctx, engine.CancelRequest{BookingID: b, IdempotencyKey: "k"})
		}
	}
	calls := []call{
		{"create", create("one"), create("two")},
		{"hold", claim("B-2", "A-1"), claim("B-2")},
		{"extend", extend(30 * time.Minute), extend(31 * time.Minute)},
		{"release", release(gone.FencingToken), release(0)},
		{"book", sell(held, "k", `{"method":"sandbox"}`), sell(held, "k", `{"method":"sandbox","delay_ms":1}`)},
		{"declined book", sell(doomed, "d", `{"method":"sandbox","outcome":"decline"}`), sell(doomed, "d", "")},
		{"block", block("B-5", "B-6"), block("B-5")},
		{"cancel", cancel(cancelled.BookingID), nil},
	}
	first := make([]string, len(calls))
	answer := func(v any, err error) string {
		// A decline is an answer too. Its reason is the provider's memory, not the log's.
		if err != nil {
			wantErr(t, "decline", err, engine.ErrPaymentDeclined, engine.OutcomeNotApplied)
			return "declined"
		}
		raw, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		return string(raw)
	}
	for i, c := range calls {
		first[i] = answer(c.do())
		if i > 0 && strings.Contains(first[i], "declined") != (c.name == "declined book") {
			t.Fatalf("%s: %s", c.name, first[i])
		}
	}
	// The world moves on.
	book(t, e, hold(t, e, id, "C-2", "C-3"))
	hold(t, e, "v:2026-03-01", "A-1")
	for _, when := range []string{"at once", "after a restart"} {
		for i, c := range calls {
			if again := answer(c.do()); again != first[i] {
				t.Errorf("%s, %s:\n got %s\nwant %s", c.name, when, again, first[i])
			}
			if c.twisted != nil {
				_, err := c.twisted()
				wantErr(t, c.name+" with another body "+when, err, engine.ErrIdempotencyMismatch, engine.OutcomeNotApplied)
			}
		}
		if when == "at once" {
			e = reopen(t, e, cfg)
		}
	}
	// Keys are the caller's own.
	ctx = engine.WithCaller(ctx, engine.Caller{Name: "other"})
	if _, err := claim("A-9")(); err != nil {
		t.Errorf("another caller's key: %v", err)
	}
	_, err := create("one")()
	wantErr(t, "another caller's event", err, engine.ErrEventExists, engine.OutcomeNotApplied)
}

// TestReplayOfDecline: the reason comes from the provider while it knows it.
func TestReplayOfDecline(t *testing.T) {
	t.Parallel()
	e, id := open(t, engine.Config{Groups: 1})
	r := bookRequest(hold(t, e, id, "A-1"), `{"method":"sandbox","outcome":"decline"}`)
	r.IdempotencyKey = "k"
	_, first := e.Book(testContext(t), r)
	_, again := e.Book(testContext(t), r)
	wantErr(t, "decline", first, engine.ErrPaymentDeclined, engine.OutcomeNotApplied)
	if fmt.Sprint(first) != fmt.Sprint(again) {
		t.Errorf("first %v, then %v", first, again)
	}
	// Another payment method is another body.
	r.PaymentMethod = "other"
	if _, err := e.Book(testContext(t), r); err == nil {
		t.Error("an unknown method is accepted")
	}
}

func TestMethodIsPartOfTheRequest(t *testing.T) {
	t.Parallel()
	e, id := open(t, engine.Config{Groups: 1, Payments: map[string]payment.Provider{"sandbox": payment.NewSandbox(0), "other": payment.NewSandbox(0)}})
	r := bookRequest(hold(t, e, id, "A-1"), "")
	r.IdempotencyKey = "k"
	if _, err := e.Book(testContext(t), r); err != nil {
		t.Fatal(err)
	}
	r.PaymentMethod = "other"
	_, err := e.Book(testContext(t), r)
	wantErr(t, "another method", err, engine.ErrIdempotencyMismatch, engine.OutcomeNotApplied)
}

// TestIDsCannotBeMade: an id that no engine gave out finds nothing, whatever is wrong.
func TestIDsCannotBeMade(t *testing.T) {
	t.Parallel()
	e, id := open(t, engine.Config{Groups: 1})
	ctx := testContext(t)
	other, err := e.CreateEvent(ctx, engine.EventSpec{VenueID: "other", EventDate: "2026-03-01", ChartID: "small"})
	if err != nil {
		t.Fatal(err)
	}
	h, foreign := hold(t, e, id, "A-1"), hold(t, e, other.EventID, "A-1")
	b := book(t, e, hold(t, e, id, "A-2"))
	bad := map[string]string{
		"empty": "", "prefix": "hold_", "booking": b.BookingID, "upper": strings.ToUpper(h.HoldID), "long": h.HoldID + "0",
		"short": h.HoldID[:len(h.HoldID)-1], "other event's number, this one's proof": foreign.HoldID[:18] + h.HoldID[18:],
	}
	for i := len("hold_"); i < len(h.HoldID); i++ {
		for _, c := range []byte("0z") {
			if h.HoldID[i] != c {
				bad[fmt.Sprint("flipped ", i, string(c))] = h.HoldID[:i] + string(c) + h.HoldID[i+1:]
			}
		}
	}
	for what, forged := range bad {
		if forged == h.HoldID || forged == foreign.HoldID {
			continue
		}
		if _, err := e.HoldByID(ctx, forged); err == nil || engine.OutcomeOf(err) != engine.OutcomeNotApplied {
			t.Errorf("%s: %v", what, err)
		} else {
			wantErr(t, what, err, engine.ErrUnknownHold, engine.OutcomeNotApplied)
		}
		wantErr(t, what, e.Release(ctx, engine.ReleaseRequest{HoldID: forged}), engine.ErrUnknownHold, engine.OutcomeNotApplied)
		_, err := e.Extend(ctx, engine.ExtendRequest{HoldID: forged, FencingToken: 1, TTL: time.Minute})
		wantErr(t, what, err, engine.ErrUnknownHold, engine.OutcomeNotApplied)
		_, err = e.Book(ctx, engine.BookRequest{HoldID: forged, PaymentMethod: "sandbox"})
		wantErr(t, what, err, engine.ErrUnknownHold, engine.OutcomeNotApplied)
	}
	_, err = e.BookingByID(ctx, h.HoldID)
	wantErr(t, "a hold is no booking", err, engine.ErrUnknownBooking, engine.OutcomeNotApplied)
	_, err = e.CancelBooking(ctx, engine.CancelRequest{BookingID: strings.Replace(h.HoldID, "hold_", "book_", 1)})
	wantErr(t, "a hold's bytes as a booking", err, engine.ErrUnknownBooking, engine.OutcomeNotApplied)
	// The holds of two events have the same numbers, and are still two.
	if f, err := e.HoldByID(ctx, foreign.HoldID); err != nil || f.EventID != other.EventID {
		t.Errorf("%+v, %v", f, err)
	}
}

// TestFencing walks through what a hold can be told when it is over.
func TestFencing(t *testing.T) {
	t.Parallel()
	clock := newHandClock()
	e, id := open(t, engine.Config{Groups: 1, Clock: clock})
	ctx := testContext(t)
	extend := func(h engine.Hold, token uint64) error {
		_, err := e.Extend(ctx, engine.ExtendRequest{HoldID: h.HoldID, FencingToken: token, TTL: time.Minute})
		return err
	}
	h := hold(t, e, id, "A-1", "A-2")
	wantErr(t, "another token", extend(h, h.FencingToken+1), engine.ErrStaleFencingToken, engine.OutcomeNotApplied)
	wantInvalid(t, "no token", extend(h, 0), "fencing_token")
	_, err := e.Extend(ctx, engine.ExtendRequest{HoldID: h.HoldID, FencingToken: 1})
	wantInvalid(t, "no ttl", err, "ttl_seconds")
	wantErr(t, "release with another token", e.Release(ctx, engine.ReleaseRequest{HoldID: h.HoldID, FencingToken: 9}), engine.ErrStaleFencingToken, engine.OutcomeNotApplied)
	if err := extend(h, h.FencingToken); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := e.Release(ctx, engine.ReleaseRequest{HoldID: h.HoldID, FencingToken: h.FencingToken}); err != nil {
			t.Fatal(err)
		}
	}
	wantErr(t, "released", extend(h, h.FencingToken), engine.ErrHoldReleased, engine.OutcomeNotApplied)
	next := hold(t, e, id, "A-2")
	if next.FencingToken <= h.FencingToken {
		t.Errorf("token %d after %d", next.FencingToken, h.FencingToken)
	}
	wantErr(t, "granted again", extend(h, h.FencingToken), engine.ErrStaleFencingToken, engine.OutcomeNotApplied)
	book(t, e, next)
	wantErr(t, "booked", extend(next, next.FencingToken), engine.ErrAlreadyBooked, engine.OutcomeNotApplied)
	wantErr(t, "booked", e.Release(ctx, engine.ReleaseRequest{HoldID: next.HoldID}), engine.ErrAlreadyBooked, engine.OutcomeNotApplied)
	_, err = e.Book(ctx, bookRequest(next, ""))
	wantErr(t, "booked", err, engine.ErrAlreadyBooked, engine.OutcomeNotApplied)
	late := hold(t, e, id, "B-1")
	clock.pass(481 * time.Second)
	wantErr(t, "expired", extend(late, late.FencingToken), engine.ErrHoldExpired, engine.OutcomeNotApplied)
	_, err = e.Book(ctx, bookRequest(late, ""))
	wantErr(t, "expired", err, engine.ErrHoldExpired, engine.OutcomeNotApplied)
}

// TestSweeperExpires: with nobody asking for them, seats come back, and watchers hear.
func TestSweeperExpires(t *testing.T) {
	t.Parallel()
	clock := newHandClock()
	e, id := open(t, engine.Config{Groups: 1, Clock: clock})
	ctx := testContext(t)
	h := hold(t, e, id, "A-1", "A-2")
	w, err := e.Watch(ctx, id, engine.Cursor{Version: h.Version})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	clock.pass(479 * time.Second)
	short, cancel := context.WithTimeout(ctx, 150*time.Millisecond)
	if d, err := w.Next(short); err == nil {
		t.Fatalf("too early: %+v", d)
	}
	cancel()
	clock.pass(2 * time.Second)
	d, err := w.Next(ctx)
	if err != nil || d.From != 2 || d.To != 4 || len(d.Seats) != 2 || d.Seats[0].Status != engine.SeatAvailable {
		t.Fatalf("%+v, %v", d, err)
	}
	if got, err := e.HoldByID(ctx, h.HoldID); err != nil || got.Status != engine.HoldExpired {
		t.Errorf("%+v, %v", got, err)
	}
	// After a day it is forgotten: hold pages go when they are full.
	if _, err := e.Hold(ctx, engine.HoldRequest{EventID: id, SeatIDs: []string{"A-1"}, HolderID: "bob"}); err != nil {
		t.Error(err)
	}
}

func TestOnsale(t *testing.T) {
	t.Parallel()
	clock := newHandClock()
	e, _ := open(t, engine.Config{Groups: 1, Clock: clock})
	ctx := testContext(t)
	at := clock.Wall().Add(time.Hour)
	ev, err := e.CreateEvent(ctx, engine.EventSpec{VenueID: "v", EventDate: "2026-03-01", ChartID: "small", OnsaleAt: &at})
	if err != nil || ev.OnsaleAt == nil || !ev.OnsaleAt.Equal(at.Truncate(time.Millisecond)) {
		t.Fatalf("%+v, %v", ev, err)
	}
	*ev.OnsaleAt = time.Time{} // the caller's own
	r := engine.HoldRequest{EventID: ev.EventID, SeatIDs: []string{"A-1"}, HolderID: "ada"}
	for range 3 {
		_, err = e.Hold(ctx, r)
		wantErr(t, "before the sale", err, engine.ErrNotOnSale, engine.OutcomeNotApplied)
	}
	clock.pass(time.Hour + time.Second)
	if _, err := e.Hold(ctx, r); err != nil {
		t.Errorf("on sale: %v", err)
	}
	if again, err := e.Event(ctx, ev.EventID); err != nil || again.OnsaleAt.IsZero() {
		t.Errorf("the cache was written to: %+v, %v", again, err)
	}
}
