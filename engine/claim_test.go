package engine_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/usherhq/usher/engine"
	"github.com/usherhq/usher/engine/chart"
)

// houseChart is smallChart with a standing area and an accessible pair at the end of row C.
func houseChart() *chart.Chart {
	c := smallChart(3)
	c.Areas = []chart.Area{{AreaID: "pit", Name: "Pit", Capacity: 20, Category: "stalls"}}
	row := &c.Sections[0].Rows[2]
	row.Seats[8].Accessible, row.Seats[9].Companion = true, true
	return c
}

// openHouse opens an engine with an event on houseChart for each spec; of the specs only
// what is set counts.
func openHouse(t testing.TB, cfg engine.Config, specs ...engine.EventSpec) (*engine.Engine, []string) {
	t.Helper()
	e, _ := open(t, cfg)
	ctx := testContext(t)
	if _, _, err := e.PutChart(ctx, "house", houseChart()); err != nil {
		t.Fatal(err)
	}
	var ids []string
	for i, s := range specs {
		s.VenueID, s.ChartID = "house", "house"
		if s.EventDate == "" {
			s.EventDate = fmt.Sprintf("2027-06-%02d", i+1)
		}
		if s.Prices == nil {
			s.Prices = map[string]engine.Money{"stalls": {Amount: 1000, Currency: "EUR"}}
		}
		ev, err := e.CreateEvent(ctx, s)
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, ev.EventID)
	}
	return e, ids
}

func claim(t testing.TB, e *engine.Engine, r engine.HoldRequest) engine.Hold {
	t.Helper()
	if r.HolderID == "" {
		r.HolderID = "ada"
	}
	h, err := e.Hold(testContext(t), r)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func refused(t testing.TB, e *engine.Engine, r engine.HoldRequest, want error) error {
	t.Helper()
	if r.HolderID == "" {
		r.HolderID = "bob"
	}
	_, err := e.Hold(testContext(t), r)
	if !errors.Is(err, want) {
		t.Fatalf("%v, want %v", err, want)
	}
	if got := engine.OutcomeOf(err); got != engine.OutcomeNotApplied {
		t.Errorf("outcome %s", got)
	}
	return err
}

func counts(t testing.TB, e *engine.Engine, event string) engine.Event {
	t.Helper()
	ev, err := e.Event(testContext(t), event)
	if err != nil {
		t.Fatal(err)
	}
	return ev
}

func wantSeats(t testing.TB, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("seats %q, want %q", got, want)
	}
}

func TestSkipLocked(t *testing.T) {
	e, ids := openHouse(t, engine.Config{Groups: 1}, engine.EventSpec{Strategy: engine.ModeSkipLocked}, engine.EventSpec{})
	hold(t, e, ids[0], "A-4")
	h := claim(t, e, engine.HoldRequest{EventID: ids[0], SeatIDs: []string{"A-3", "A-4"}})
	wantSeats(t, h.SeatIDs, "A-2", "A-3")
	if want := []engine.Substitution{{Wanted: "A-4", Got: "A-2"}}; !slices.Equal(h.Substituted, want) {
		t.Errorf("substituted %v", h.Substituted)
	}
	if h.Routing != nil {
		t.Errorf("routing %v without a router", h.Routing)
	}
	// The same key gives the same answer, whatever has come since.
	hold(t, e, ids[1], "B-5")
	r := engine.HoldRequest{EventID: ids[1], SeatIDs: []string{"B-5", "B-6"}, Mode: engine.ModeSkipLocked, IdempotencyKey: "k"}
	first := claim(t, e, r)
	hold(t, e, ids[1], "A-1")
	if again := claim(t, e, r); again.HoldID != first.HoldID || !slices.Equal(again.Substituted, first.Substituted) {
		t.Errorf("again %+v, was %+v", again, first)
	}

	var taken *engine.SeatsUnavailableError
	err := refused(t, e, engine.HoldRequest{EventID: ids[1], SeatIDs: []string{"B-5", "B-4"}, Accept: engine.AcceptSuggest, Mode: engine.ModeSkipLocked}, engine.ErrSeatsUnavailable)
	if !errors.As(err, &taken) || len(taken.Suggested) != 1 || taken.Suggested[0].Wanted != "B-5" || len(taken.Conflicts) != 1 {
		t.Errorf("suggested %+v", taken)
	}
}

func TestOptimistic(t *testing.T) {
	e, ids := openHouse(t, engine.Config{Groups: 1}, engine.EventSpec{}, engine.EventSpec{})
	v := hold(t, e, ids[0], "A-1").Version
	stale := uint64(0)
	r := engine.HoldRequest{EventID: ids[0], SeatIDs: []string{"A-1", "A-2"}, Mode: engine.ModeOptimistic, IfVersion: &stale}
	var conflict *engine.VersionConflictError
	if err := refused(t, e, r, engine.ErrVersionConflict); !errors.As(err, &conflict) || len(conflict.Seats) != 1 || conflict.Seats[0].Version != v {
		t.Errorf("%+v", conflict)
	}
	r = engine.HoldRequest{EventID: ids[0], SeatIDs: []string{"A-3", "A-2"}, Mode: engine.ModeOptimistic, Expected: []engine.SeatVersion{{SeatID: "A-2"}, {SeatID: "A-3"}}}
	claim(t, e, r)
	refused(t, e, r, engine.ErrVersionConflict)

	// Nothing of any night is taken when one has changed.
	r = engine.HoldRequest{Mode: engine.ModeOptimistic, Items: []engine.ItemRequest{
		{EventID: ids[1], SeatIDs: []string{"B-1"}, IfVersion: &stale}, {EventID: ids[0], SeatIDs: []string{"A-2"}, IfVersion: &stale},
	}}
	refused(t, e, r, engine.ErrVersionConflict)
	if n := counts(t, e, ids[1]).Seats.Held; n != 0 {
		t.Errorf("%d seats held of the night that had not changed", n)
	}
}

func TestLease(t *testing.T) {
	clock := newHandClock()
	e, ids := openHouse(t, engine.Config{Groups: 1, Clock: clock}, engine.EventSpec{})
	ctx := testContext(t)
	h := claim(t, e, engine.HoldRequest{EventID: ids[0], SeatIDs: []string{"A-1"}, Mode: engine.ModeLease, TTL: time.Second})
	if h.Mode != engine.ModeLease {
		t.Errorf("mode %q", h.Mode)
	}
	if _, err := e.Fence(ctx, h.HoldID, h.FencingToken); err != nil {
		t.Error(err)
	}
	wantErr(t, "a foreign token", func() error { _, err := e.Fence(ctx, h.HoldID, h.FencingToken+1); return err }(), engine.ErrStaleFencingToken, engine.OutcomeNotApplied)
	wantErr(t, "a release without a token", e.Release(ctx, engine.ReleaseRequest{HoldID: h.HoldID}), engine.ErrTokenRequired, engine.OutcomeNotApplied)
	_, err := e.Book(ctx, engine.BookRequest{HoldID: h.HoldID, PaymentMethod: "sandbox"})
	wantErr(t, "a booking without a token", err, engine.ErrTokenRequired, engine.OutcomeNotApplied)

	clock.pass(2 * time.Second)
	if _, err := e.Fence(ctx, h.HoldID, h.FencingToken); !errors.Is(err, engine.ErrHoldExpired) {
		t.Errorf("late: %v", err)
	}
	next := claim(t, e, engine.HoldRequest{EventID: ids[0], SeatIDs: []string{"A-1"}, HolderID: "bob", Mode: engine.ModeLease})
	for what, err := range map[string]error{
		"fence": func() error { _, err := e.Fence(ctx, h.HoldID, h.FencingToken); return err }(),
		"extend": func() error {
			_, err := e.Extend(ctx, engine.ExtendRequest{HoldID: h.HoldID, FencingToken: h.FencingToken, TTL: time.Second})
			return err
		}(),
		"book": func() error { _, err := e.Book(ctx, bookRequest(h, "")); return err }(),
	} {
		if !errors.Is(err, engine.ErrStaleFencingToken) {
			t.Errorf("%s of a late holder: %v", what, err)
		}
	}
	b := book(t, e, next)
	if _, err := e.Fence(ctx, next.HoldID, next.FencingToken); err != nil {
		t.Errorf("booked: %v", err)
	}
	if _, err := e.CancelBooking(ctx, engine.CancelRequest{BookingID: b.BookingID}); err != nil {
		t.Fatal(err)
	}
	if _, err := e.Fence(ctx, next.HoldID, next.FencingToken); !errors.Is(err, engine.ErrHoldReleased) {
		t.Errorf("cancelled: %v", err)
	}
}

// doorman admits who knows the word.
type doorman struct{}

func (doorman) Admitted(_ context.Context, _, holder, token string) error {
	if token != "let-in:"+holder {
		return fmt.Errorf("%w: not yours", engine.ErrAdmissionInvalid)
	}
	return nil
}

func TestQueueGate(t *testing.T) {
	room := &engine.WaitingRoom{MaxActive: 10, NewPerMinute: 60}
	e, ids := openHouse(t, engine.Config{Groups: 1, Admission: doorman{}}, engine.EventSpec{WaitingRoom: room}, engine.EventSpec{Strategy: engine.ModeQueue}, engine.EventSpec{})
	for _, id := range ids[:2] {
		r := engine.HoldRequest{EventID: id, SeatIDs: []string{"A-1"}, HolderID: "ada"}
		refused(t, e, r, engine.ErrAdmissionRequired)
		r.AdmissionToken = "let-in:bob"
		refused(t, e, r, engine.ErrAdmissionInvalid)
		r.AdmissionToken = "let-in:ada"
		claim(t, e, r)
		refused(t, e, engine.HoldRequest{EventID: id, Best: &engine.BestRequest{Quantity: 2}}, engine.ErrAdmissionRequired)
	}
	refused(t, e, engine.HoldRequest{EventID: ids[2], SeatIDs: []string{"A-1"}, Mode: engine.ModeQueue}, engine.ErrAdmissionRequired)
	claim(t, e, engine.HoldRequest{EventID: ids[2], SeatIDs: []string{"A-1"}})
	if ev := counts(t, e, ids[0]); ev.WaitingRoom == nil || ev.WaitingRoom.SessionSeconds != 600 || !*ev.WaitingRoom.Lobby {
		t.Errorf("waiting room %+v", ev.WaitingRoom)
	}
}

func TestBestAvailable(t *testing.T) {
	e, ids := openHouse(t, engine.Config{Groups: 1}, engine.EventSpec{}, engine.EventSpec{Orphans: engine.OrphansForbid})
	h := claim(t, e, engine.HoldRequest{EventID: ids[0], Best: &engine.BestRequest{Quantity: 3, Category: "stalls", Near: "A-1"}})
	wantSeats(t, h.SeatIDs, "A-1", "A-2", "A-3")
	h = claim(t, e, engine.HoldRequest{EventID: ids[0], Best: &engine.BestRequest{Quantity: 2, Accessible: 1, Companion: 1}})
	wantSeats(t, h.SeatIDs, "C-9", "C-10")
	refused(t, e, engine.HoldRequest{EventID: ids[0], Best: &engine.BestRequest{Quantity: 11}}, engine.ErrSeatsUnavailable)
	if h = claim(t, e, engine.HoldRequest{EventID: ids[0], Best: &engine.BestRequest{Quantity: 11, Apart: true}}); len(h.SeatIDs) != 11 {
		t.Errorf("%d seats", len(h.SeatIDs))
	}
	_, err := e.Hold(testContext(t), engine.HoldRequest{EventID: ids[0], HolderID: "x", Best: &engine.BestRequest{Quantity: 1, Category: "balcony"}})
	wantInvalid(t, "an unknown category", err, "best.category")

	// The rule is the event's: a direct call cannot skip it.
	var orphans *engine.OrphanError
	err = refused(t, e, engine.HoldRequest{EventID: ids[1], SeatIDs: []string{"A-2", "A-3"}}, engine.ErrOrphanSeats)
	if !errors.As(err, &orphans) || !slices.Equal(orphans.SeatIDs, []string{"A-1"}) {
		t.Errorf("%v", err)
	}
	hold(t, e, ids[1], "A-1", "A-2")
}

func TestAreas(t *testing.T) {
	e, ids := openHouse(t, engine.Config{Groups: 1}, engine.EventSpec{})
	pit := func(n int) []engine.AreaRequest { return []engine.AreaRequest{{AreaID: "pit", Quantity: n}} }
	h := claim(t, e, engine.HoldRequest{EventID: ids[0], SeatIDs: []string{"A-1"}, Areas: pit(15)})
	if want := pit(15); !slices.Equal(h.Areas, want) {
		t.Errorf("areas %v", h.Areas)
	}
	var taken *engine.SeatsUnavailableError
	err := refused(t, e, engine.HoldRequest{EventID: ids[0], SeatIDs: []string{"A-2"}, Areas: pit(6)}, engine.ErrSeatsUnavailable)
	if !errors.As(err, &taken) || len(taken.Areas) != 1 || taken.Areas[0].Left != 5 {
		t.Errorf("%v", err)
	}
	b := book(t, e, h)
	if b.Amount.Amount != 16*1000 || !slices.Equal(b.Areas, pit(15)) {
		t.Errorf("booking %+v", b)
	}
	claim(t, e, engine.HoldRequest{EventID: ids[0], Areas: pit(5)})
	if ev := counts(t, e, ids[0]); ev.Areas[0] != (engine.AreaCount{AreaID: "pit", Capacity: 20, Held: 5, Booked: 15}) || ev.Seats.Held != 0 {
		t.Errorf("%+v", ev.Areas)
	}
	refused(t, e, engine.HoldRequest{EventID: ids[0], Areas: []engine.AreaRequest{{AreaID: "roof", Quantity: 1}}}, engine.ErrUnknownArea)
}

func TestLimitAndChannel(t *testing.T) {
	e, ids := openHouse(t, engine.Config{Groups: 1}, engine.EventSpec{Limits: &engine.Limits{PerHolder: 3}})
	ctx := testContext(t)
	h := claim(t, e, engine.HoldRequest{EventID: ids[0], SeatIDs: []string{"A-1", "A-2"}})
	book(t, e, h)
	var limit *engine.LimitError
	err := refused(t, e, engine.HoldRequest{EventID: ids[0], SeatIDs: []string{"A-3", "A-4"}, HolderID: "ada"}, engine.ErrLimitExceeded)
	if !errors.As(err, &limit) || limit.Limit != 3 || limit.Has != 2 {
		t.Errorf("%v", err)
	}

	key := "fan-club-key"
	if _, err := e.Block(ctx, engine.BlockRequest{EventID: ids[0], SeatIDs: []string{"B-1", "B-2"}, Channel: "fans", ChannelKey: key}); err != nil {
		t.Fatal(err)
	}
	refused(t, e, engine.HoldRequest{EventID: ids[0], SeatIDs: []string{"B-1"}}, engine.ErrSeatsUnavailable)
	refused(t, e, engine.HoldRequest{EventID: ids[0], SeatIDs: []string{"B-1"}, ChannelKey: "no-such-key"}, engine.ErrUnknownChannel)
	fan := claim(t, e, engine.HoldRequest{EventID: ids[0], SeatIDs: []string{"B-1"}, HolderID: "cyd", ChannelKey: key})
	if err := e.Release(ctx, engine.ReleaseRequest{HoldID: fan.HoldID}); err != nil {
		t.Fatal(err)
	}
	refused(t, e, engine.HoldRequest{EventID: ids[0], SeatIDs: []string{"B-1"}}, engine.ErrSeatsUnavailable)
}
