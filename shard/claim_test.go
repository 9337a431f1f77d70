package shard

import (
	"slices"
	"testing"
)

func TestClaimOfSeveralEventsIsAllOrNone(t *testing.T) {
	w := theatre(t, Rules{}, 3, "....")
	w.ok(w.claim(items(night(1, 2))))
	w.unchanged(func() {
		out := w.refused(ErrSeatsUnavailable, w.claim(items(night(0, 1, 2), night(1, 1, 2), night(2, 1, 2))))
		if out.Event != 1 || len(out.Conflicts) != 1 || out.Conflicts[0] != (Conflict{Seat: 2, Status: Held, Item: 1}) {
			t.Errorf("answer is %+v", out)
		}
	})
	out := w.claim(items(night(2, 1), night(0, 0, 1), night(1, 3, AreaCode(0, 2))))
	w.gave(out, []uint32{1}, []uint32{0, 1}, []uint32{3, AreaCode(0, 2)})
	if out.Event != 2 || out.Number != 1 || out.Token != 1 || out.Version != 1 || out.Expires != w.now+10_000 {
		t.Fatalf("the answer is not the home's: %+v", out)
	}
	if h, _ := w.s.Event(1).HoldInfo(2); h.Bundle != 1 || h.Expires != out.Expires {
		t.Fatalf("hold is %+v", h)
	}
	w.gave(w.claim(items(night(0, 3))), []uint32{3})
	if h, _ := w.s.Event(0).HoldInfo(2); h.Bundle != 0 {
		t.Fatalf("one hold alone needs no bundle: %+v", h)
	}
}

func TestClaimOfAnyNight(t *testing.T) {
	w := theatre(t, Rules{}, 3, "....")
	w.ok(w.claim(items(night(0, 1))))
	four := Claim{Items: []Item{bestOf(0, 4), bestOf(2, 4), bestOf(1, 4)}, Any: true}
	four.Key = key(1, 1)
	out := w.claim(four)
	w.gave(out, upTo(4))
	if out.Event != 2 || out.Count != 1 || len(out.Conflicts) != 0 {
		t.Fatalf("answer is %+v", out)
	}
	w.shows(1, "0000")
	again := w.claim(four)
	if !again.Replayed || again.Event != 2 || again.Number != out.Number || again.Count != 1 {
		t.Fatalf("the same again is %+v, was %+v", again, out)
	}
	w.ok(w.claim(items(night(1, 0))))
	four.Key = Key{}
	if out := w.refused(ErrSeatsUnavailable, w.claim(four)); out.Event != 0 || out.Version != w.event().Version() {
		t.Fatalf("answer is %+v", out)
	}
}

// A refusal of any of several events tells of seats of all of them: which are undecided
// is each event's own matter.
func TestClaimOfAnyNightTellsOfTheRightEvent(t *testing.T) {
	w := theatre(t, Rules{}, 1, "....")
	putChartOf(t, w.s, 3, 2_000)
	var out Result
	w.s.CreateEvent(w.now, &CreateEvent{ID: "arena:2026-01-01", Chart: [32]byte{3}}, &out)
	w.ok(out)
	w.ok(w.claim(items(night(0, 0))))
	c := items(night(1, 0, 1_999))
	c.Txn = Txn{Home: 4, Bundle: 1}
	w.ok(w.claim(c))
	for _, order := range [][]Item{{night(0, 0), night(1, 0, 1_999)}, {night(1, 0, 1_999), night(0, 0)}} {
		out := w.refused(ErrSeatsUnavailable, w.claim(Claim{Items: order, Any: true}))
		for _, c := range out.Conflicts {
			if c.Undecided != (order[c.Item].Event == 1) {
				t.Errorf("%+v of event %d", c, order[c.Item].Event)
			}
		}
		if len(out.Conflicts) != 3 {
			t.Errorf("answer is %+v", out)
		}
	}
}

func TestClaimOfTheSameSeatsOnAllNights(t *testing.T) {
	w := theatre(t, Rules{}, 3, "......", "......")
	w.ok(w.claim(items(night(0, 2))))
	w.ok(w.claim(items(night(2, 4))))
	same := Claim{Items: []Item{bestOf(0, 3), bestOf(1, 1), bestOf(2, 1)}, Same: true}
	want := []uint32{7, 8, 9}
	w.gave(w.claim(same), want, want, want)
	same.Items[0].Best.Quantity = 2
	same.Items[2].Seats = []uint32{AreaCode(1, 3)}
	w.gave(w.claim(same), []uint32{0, 1}, []uint32{0, 1}, []uint32{0, 1, AreaCode(1, 3)})
	w.refused(ErrSeatsUnavailable, w.claim(same))
}

func TestClaimOfVersions(t *testing.T) {
	w := theatre(t, Rules{}, 1, "....")
	read := w.ok(w.hold(0, 1)).Version
	w.ok(w.release(1, 0))
	it := night(0, 0, 1, 2)
	it.Versions = []uint64{3, 4, 1}
	out := w.refused(ErrVersionConflict, w.claim(items(it)))
	if !slices.Equal(out.Conflicts, []Conflict{{Seat: 2, Status: Available}}) {
		t.Fatalf("conflicts are %+v", out.Conflicts)
	}
	it.Versions = []uint64{3, 3, 0}
	out = w.refused(ErrVersionConflict, w.claim(items(it)))
	if !slices.Equal(out.Conflicts, []Conflict{{Seat: 1, Status: Available, Version: 4}}) {
		t.Fatalf("conflicts are %+v", out.Conflicts)
	}
	it.Versions = nil
	it.Since, it.IfSince = read, true
	w.inTheWay(w.refused(ErrVersionConflict, w.claim(items(it))), 0, 1)
	it.Since = 3
	w.inTheWay(w.refused(ErrVersionConflict, w.claim(items(it))), 1)
	it.Since = 4
	w.ok(w.claim(items(it)))
	area := night(0, AreaCode(0, 2))
	area.Versions = []uint64{0}
	w.ok(w.claim(items(area)))
	w.refused(ErrVersionConflict, w.claim(items(area)))
}

func TestClaimFansOut(t *testing.T) {
	w := theatre(t, Rules{}, 1, "......")
	w.ok(w.hold(1))
	it := night(0, 1, 2)
	it.Fan = FanSuggest
	w.unchanged(func() {
		out := w.refused(ErrSeatsUnavailable, w.claim(items(it)))
		w.inTheWay(out, 1)
		if len(out.Granted) != 1 || !slices.Equal(out.Granted[0].Seats, []uint32{2, 3}) {
			t.Errorf("suggested: %+v", out.Granted)
		}
	})
	it.Fan = FanSubstitute
	it.Seats = []uint32{1, 2, AreaCode(0, 1)}
	w.gave(w.claim(items(it)), []uint32{2, 3, AreaCode(0, 1)})
	it.Seats = []uint32{0, 1, 2}
	w.inTheWay(w.refused(ErrSeatsUnavailable, w.claim(items(it))), 1, 2)
	it.Seats = []uint32{4, AreaCode(0, 1)}
	w.gave(w.claim(items(it)), []uint32{4, AreaCode(0, 1)})
}

// A substitute is looked for among what is free now: what has lapsed is.
func TestClaimFansOutIntoWhatHasLapsed(t *testing.T) {
	w := theatre(t, Rules{}, 1, "...")
	w.ok(w.holdFor(MinTTL, 2))
	w.ok(w.holdFor(2*MinTTL, 0))
	w.later(MinTTL)
	it := night(0, 0, 1)
	it.Fan = FanSubstitute
	w.gave(w.claim(items(it)), []uint32{1, 2})
}

func TestClaimOfTheBest(t *testing.T) {
	w := theatre(t, Rules{Orphans: OrphansAvoid}, 1, "x....x", ".......")
	it := bestOf(0, 3)
	it.Seats = []uint32{AreaCode(0, 4)}
	w.gave(w.claim(items(it)), []uint32{8, 9, 10, AreaCode(0, 4)}) // 6 would be alone beside 7, 8, 9
}

func TestClaimOfALease(t *testing.T) {
	w := theatre(t, Rules{}, 1, "....")
	lease := items(night(0, 0))
	lease.Lease = true
	a := w.ok(w.claim(lease))
	if h := w.holdState(a.Number, HoldHeld); !h.Lease {
		t.Fatalf("hold is %+v", h)
	}
	w.unchanged(func() {
		w.refused(ErrTokenRequired, w.book(a.Number, 0))
		w.refused(ErrTokenRequired, w.release(a.Number, 0))
		w.refused(ErrStaleFencingToken, w.book(a.Number, a.Token+1))
		w.refused(ErrStaleFencingToken, w.extend(a.Number, a.Token+1, MinTTL))
	})
	w.reload()
	w.ok(w.extend(a.Number, a.Token, MinTTL))
	w.ok(w.book(a.Number, a.Token))
	var out Result
	w.s.Hold(w.now, &Hold{Seats: []uint32{1}, TTL: MinTTL, Holder: []byte("bob"), Lease: true}, &out)
	b := w.ok(out)
	w.s.Release(w.now, &Release{Hold: b.Number, Declined: true}, &out) // the payment's word needs no token
	w.ok(out)
	w.later(MinTTL)
	w.ok(w.hold(1))
	w.refused(ErrStaleFencingToken, w.book(b.Number, b.Token))
}

func TestClaimIsIdempotent(t *testing.T) {
	w := theatre(t, Rules{}, 2, "....")
	c := items(night(1, 0), night(0, 1))
	c.Key = key(1, 1)
	a := w.ok(w.claim(c))
	w.unchanged(func() {
		if b := w.claim(c); !b.Replayed || b.Event != 1 || b.Number != a.Number || b.Granted != nil {
			t.Errorf("again: %+v", b)
		}
		c.Key.Print[0]++
		w.refused(ErrIdempotencyMismatch, w.claim(c))
	})
}

func TestClaimRefusals(t *testing.T) {
	w := theatre(t, Rules{}, 3, "....")
	best := bestOf(0, 2)
	with := func(change func(it *Item)) Claim {
		it := night(0, 0, 1)
		change(&it)
		return items(it)
	}
	for name, c := range map[string]struct {
		Claim
		want error
	}{
		"no items":            {items(), ErrBadRequest},
		"too many items":      {items(make([]Item, MaxItems+1)...), ErrBadRequest},
		"an unknown event":    {items(night(0, 0), night(3, 0)), ErrUnknownEvent},
		"an event twice":      {items(night(0, 0), night(0, 1)), ErrBadRequest},
		"nothing wanted":      {items(night(0, 0), night(1)), ErrBadRequest},
		"any and the same":    {Claim{Items: []Item{best}, Any: true, Same: true}, ErrBadRequest},
		"the same of nothing": {Claim{Items: []Item{night(0, 0)}, Same: true}, ErrBadRequest},
		"the same of some":    {Claim{Items: []Item{best, night(1, 0)}, Same: true}, ErrBadRequest},
		"best and seats":      {with(func(it *Item) { it.Best = best.Best }), ErrBadRequest},
		"best at versions":    {with(func(it *Item) { it.Best, it.Seats, it.IfSince = best.Best, nil, true }), ErrBadRequest},
		"fan of another kind": {with(func(it *Item) { it.Fan = 3 }), ErrBadRequest},
		"a policy too many":   {with(func(it *Item) { it.Orphans = 3 }), ErrBadRequest},
		"a version too few":   {with(func(it *Item) { it.Versions = []uint64{0} }), ErrBadRequest},
		"too many people":     {with(func(it *Item) { it.Seats = []uint32{0, AreaCode(0, MaxSeatsPerHold)} }), ErrBadRequest},
		"many apart":          {with(func(it *Item) { it.Seats, it.Best = nil, &Best{Quantity: MaxApart + 1, Apart: true} }), ErrBadRequest},
		"no such category":    {with(func(it *Item) { it.Seats, it.Best = nil, &Best{Quantity: 1, Category: 3} }), ErrBadRequest},
		"a full area":         {with(func(it *Item) { it.Seats, it.Best = []uint32{AreaCode(1, 4)}, best.Best }), ErrSeatsUnavailable},
		"unsorted":            {items(night(0, 1, 0)), ErrBadRequest},
		"any of a bundle":     {Claim{Items: []Item{best}, Any: true, Txn: Txn{2, 1}}, ErrBadRequest},
		"a bundle of no home": {Claim{Items: []Item{best}, Txn: Txn{2, 0}}, ErrBadRequest},
		"a bundle that isn't": {Claim{Items: []Item{best}, Txn: Txn{0, 1}}, ErrUnknownBundle},
		"a key of a part":     {Claim{Items: []Item{best}, Txn: Txn{2, 1}, Key: key(1, 1)}, ErrBadRequest},
	} {
		w.unchanged(func() {
			if out := w.claim(c.Claim); out.Err != c.want {
				t.Errorf("%s: %v, want %v", name, out.Err, c.want)
			}
		})
	}
	w.refused(ErrBadRequest, w.claim(items(night(0, AreaCode(0, 500)), night(1, AreaCode(0, 501)))))
}

// What is settled beforehand is what applying answers, also when the first item takes a
// search and only the second is hopeless.
func TestClaimSettledInOrder(t *testing.T) {
	w := theatre(t, Rules{PerHolder: 4}, 2, "....")
	w.ok(w.hold(1))
	w.claim(items(bestOf(0, 4), night(1, 0, 1, 2, 3, AreaCode(0, 1))))
	w = theatre(t, Rules{Orphans: OrphansForbid}, 2, "....")
	w.ok(w.hold(0, 1))
	w.claim(items(night(0, 2), night(1, 0, 5)))
}

// The same when what has lapsed in one event ends holds in another.
func TestClaimSettledWithACascade(t *testing.T) {
	w := theatre(t, Rules{}, 2, "....")
	w.ok(w.hold(0))
	c := items(night(1, 3), night(0, 3))
	c.TTL = 20_000
	w.ok(w.claim(c))
	w.ok(w.extend(1, 0, 100_000))
	w.later(20_000)
	w.claim(items(night(0, 0), night(1, AreaCode(0, 1))))
	w = theatre(t, Rules{}, 2, "....")
	w.ok(w.holdFor(100_000, 0))
	w.ok(w.holdFor(10_000, 1, 2))
	w.later(10_000)
	any := Claim{Items: []Item{night(0, 0), night(1, 9)}, Any: true}
	any.Items[0].Seats = []uint32{0, AreaCode(0, 1)}
	if out := w.claim(any); out.Version != w.event().Version() {
		t.Errorf("it tells of version %d, the event is at %d", out.Version, w.event().Version())
	}
}
