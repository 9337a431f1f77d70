package shard

import (
	"bytes"
	"slices"
	"testing"
)

func TestHoldGrantsExactlyTheSeats(t *testing.T) {
	w := worldWith(t, 6, CreateEvent{TokenBase: 500})
	a := w.ok(w.hold(1, 3))
	if a.Number != 1 || a.Token != 501 || a.Version != 2 || a.Expires != start+10_000 || a.Now != start {
		t.Fatalf("answer is %+v", a)
	}
	w.seats("010100")
	if v := []uint64{w.event().SeatVersion(1), w.event().SeatVersion(3), w.event().SeatVersion(0)}; !slices.Equal(v, []uint64{1, 2, 0}) {
		t.Fatalf("seat versions are %v", v)
	}
	if c := w.event().Counts(); c != (Counts{Available: 4, Held: 2}) {
		t.Fatalf("counts are %+v", c)
	}
	h := w.holdState(1, HoldHeld)
	if h.Holder != "ann" || h.HeldAt != start || h.Expires != start+10_000 || !slices.Equal(h.Seats, []uint32{1, 3}) {
		t.Fatalf("hold is %+v", h)
	}
	if b := w.ok(w.hold(0)); b.Number != 2 || b.Token != 502 || b.Version != 3 {
		t.Fatalf("the next answer is %+v", b)
	}
}

// Each refusal is the same from RefuseHold and from Hold, and leaves no trace.
func TestHoldRefusals(t *testing.T) {
	base := Hold{Seats: []uint32{0}, TTL: MinTTL, Holder: []byte("bob")}
	for name, tc := range map[string]struct {
		change func(c *Hold)
		want   error
	}{
		"unknown event":   {func(c *Hold) { c.Event = 1 }, ErrUnknownEvent},
		"last event":      {func(c *Hold) { c.Event = ^uint32(0) }, ErrUnknownEvent},
		"no seats":        {func(c *Hold) { c.Seats = nil }, ErrBadRequest},
		"too many seats":  {func(c *Hold) { c.Seats = upTo(MaxSeatsPerHold + 1) }, ErrBadRequest},
		"unsorted":        {func(c *Hold) { c.Seats = []uint32{5, 4} }, ErrBadRequest},
		"twice":           {func(c *Hold) { c.Seats = []uint32{4, 4} }, ErrDuplicateSeat},
		"unknown seat":    {func(c *Hold) { c.Seats = []uint32{4, 2000} }, ErrUnknownSeat},
		"last number":     {func(c *Hold) { c.Seats = []uint32{^uint32(0)} }, ErrUnknownArea},
		"ttl below":       {func(c *Hold) { c.TTL = MinTTL - 1 }, ErrBadRequest},
		"ttl above":       {func(c *Hold) { c.TTL = MaxTTL + 1 }, ErrBadRequest},
		"ttl negative":    {func(c *Hold) { c.TTL = -1 << 63 }, ErrBadRequest},
		"no holder":       {func(c *Hold) { c.Holder = nil }, ErrBadRequest},
		"holder too long": {func(c *Hold) { c.Holder = bytes.Repeat([]byte("x"), MaxHolderLen+1) }, ErrBadRequest},
		"held":            {func(c *Hold) { c.Seats = []uint32{0, 1} }, ErrSeatsUnavailable},
		"booked":          {func(c *Hold) { c.Seats = []uint32{0, 2} }, ErrSeatsUnavailable},
		"blocked":         {func(c *Hold) { c.Seats = []uint32{0, 3} }, ErrSeatsUnavailable},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, 2000)
			w.ok(w.hold(1))
			w.ok(w.book(w.ok(w.hold(2)).Number, 0))
			w.ok(w.block("", 3))
			c := base
			tc.change(&c)
			w.unchanged(func() {
				var asked, told Result
				if !w.s.RefuseHold(w.now, &c, &asked) {
					t.Error("RefuseHold lets it through")
				}
				w.s.Hold(w.now, &c, &told)
				w.refused(tc.want, told)
				if !sameResult(asked, told) {
					t.Errorf("RefuseHold says %+v, Hold %+v", asked, told)
				}
			})
		})
	}
}

func TestHoldNamesEveryConflict(t *testing.T) {
	w := newWorld(t, 6)
	w.ok(w.hold(1))
	w.ok(w.book(w.ok(w.hold(2)).Number, 0))
	w.ok(w.block("", 4))
	out := w.refused(ErrSeatsUnavailable, w.hold(0, 1, 2, 3, 4))
	if want := []Conflict{{Seat: 1, Status: Held}, {Seat: 2, Status: Booked}, {Seat: 4, Status: Blocked}}; !slices.Equal(out.Conflicts, want) {
		t.Fatalf("conflicts are %v, want %v", out.Conflicts, want)
	}
	if out.Version != 4 {
		t.Fatalf("the refusal speaks of version %d, the event is at 4", out.Version)
	}
}

func TestHoldBounds(t *testing.T) {
	w := newWorld(t, MaxSeatsPerHold+1)
	var out Result
	c := &Hold{Seats: upTo(MaxSeatsPerHold), TTL: MaxTTL, Holder: bytes.Repeat([]byte("x"), MaxHolderLen)}
	w.s.Hold(w.now, c, &out)
	w.ok(out)
	h := w.holdState(1, HoldHeld)
	if !slices.Equal(h.Seats, c.Seats) || h.Holder != string(c.Holder) {
		t.Fatal("the largest hold does not read back")
	}
	w.ok(w.holdFor(MinTTL, MaxSeatsPerHold))
}

// The caller's slices are its own again when the call returns.
func TestHoldKeepsNothingOfTheCommand(t *testing.T) {
	w := newWorld(t, 9)
	c := &Hold{Seats: []uint32{1, 2, 3, 4, 5}, TTL: MinTTL, Holder: []byte("ann")}
	var out Result
	w.s.Hold(w.now, c, &out)
	copy(c.Seats, []uint32{8, 8, 8, 8, 8})
	copy(c.Holder, "xxx")
	if h := w.holdState(1, HoldHeld); h.Holder != "ann" || !slices.Equal(h.Seats, []uint32{1, 2, 3, 4, 5}) {
		t.Fatalf("hold is %+v", h)
	}
}

func TestOnSaleMoment(t *testing.T) {
	w := worldWith(t, 2, CreateEvent{OnsaleAt: start + 5})
	w.later(4)
	w.unchanged(func() { w.refused(ErrNotOnSale, w.hold(0)) })
	w.later(1)
	w.ok(w.hold(0))
}

func TestTokensRunOut(t *testing.T) {
	w := worldWith(t, 3, CreateEvent{TokenBase: MaxToken / 2})
	e := w.event()
	e.era.Base = MaxToken - 1 // where a restored backup may stand; Create allows only half
	if got := w.ok(w.hold(0)).Token; got != MaxToken {
		t.Fatalf("token is %d, want %d", got, uint64(MaxToken))
	}
	w.unchanged(func() { w.refused(ErrTooManyHolds, w.hold(1)) })
}

func TestHoldNumbersRunOut(t *testing.T) {
	w := newWorld(t, 3)
	w.event().lastHold = ^uint32(0) // four billion grants are too many for a test
	w.refused(ErrTooManyHolds, w.hold(1))
	w.event().lastHold = 0
}

func TestExpiryIsAtTheMoment(t *testing.T) {
	w := newWorld(t, 2)
	w.ok(w.holdFor(MinTTL, 0))
	w.later(MinTTL - 1)
	w.refused(ErrSeatsUnavailable, w.hold(0))
	w.later(1) // now == expires: expired
	if out := w.ok(w.hold(0)); out.Number != 2 {
		t.Fatalf("answer is %+v", out)
	}
	w.holdState(1, HoldExpired)
}

// A claim that meets a lapsed hold ends all of it, and counts one version a seat.
func TestClaimEndsTheLapsedHold(t *testing.T) {
	w := newWorld(t, 4)
	w.ok(w.holdFor(MinTTL, 0, 1, 2))
	w.later(MinTTL)
	w.seats("1110") // reads never compute expiry
	out := w.ok(w.hold(1, 3))
	w.seats("0101")
	if out.Version != 3+3+2 {
		t.Fatalf("version is %d, want 8: three held, three freed, two held", out.Version)
	}
	if h := w.holdState(1, HoldExpired); h.Expires != w.now {
		t.Fatalf("it ended at %d, want %d", h.Expires, w.now)
	}
}

// A lapsed hold is only ended by a claim that is granted.
func TestRefusedClaimLeavesTheLapsedHold(t *testing.T) {
	w := newWorld(t, 4)
	w.ok(w.holdFor(MinTTL, 0))
	w.ok(w.holdFor(MaxTTL, 1))
	w.later(MinTTL)
	w.unchanged(func() {
		out := w.refused(ErrSeatsUnavailable, w.hold(0, 1))
		if !slices.Equal(out.Conflicts, []Conflict{{Seat: 1, Status: Held}}) {
			t.Errorf("conflicts are %v", out.Conflicts)
		}
	})
}

func TestHoldInfoOfNoHold(t *testing.T) {
	w := newWorld(t, 4)
	w.ok(w.hold(0))
	for _, n := range []uint32{0, 2, ^uint32(0)} {
		if h, ok := w.event().HoldInfo(n); ok {
			t.Fatalf("hold %d is %+v", n, h)
		}
	}
}

// HoldState says what HoldInfo does, of bundles as well.
func TestHoldState(t *testing.T) {
	w := newWorld(t, 10)
	same := func(n uint32) {
		t.Helper()
		h, there := w.event().HoldInfo(n)
		st, bundle, ok := w.event().HoldState(n)
		if st != h.State || bundle != h.Bundle || ok != there {
			t.Errorf("hold %d is in state %d, of bundle %d, %v; HoldInfo: %+v, %v", n, st, bundle, ok, h, there)
		}
	}
	a, b := w.ok(w.hold(1)), w.ok(w.hold(2))
	w.ok(w.book(a.Number, 0))
	w.ok(w.release(b.Number, b.Token))
	w.ok(w.hold(3))
	for n := range uint32(5) {
		same(n)
	}
	two := newEvent(t, 10, 2)
	var out Result
	two.Claim(2, &Claim{Items: []Item{{Event: 0, Seats: []uint32{1}}, {Event: 1, Seats: []uint32{2}}}, TTL: MinTTL, Holder: []byte("ann")}, &out)
	if st, bundle, ok := two.Event(1).HoldState(1); out.Err != nil || st != HoldHeld || bundle != 1 || !ok {
		t.Errorf("a hold of a bundle: %d, %d, %v, after %v", st, bundle, ok, out.Err)
	}
}
