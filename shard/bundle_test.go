package shard

import "testing"

// stay is a bundle of seat 1 on night 0, seat 2 on night 1 and two places on night 2.
func stay(t *testing.T) (*world, Result) {
	t.Helper()
	w := theatre(t, Rules{PerHolder: 20}, 3, "....")
	return w, w.ok(w.claim(items(night(0, 1), night(1, 2), night(2, AreaCode(0, 2)))))
}

// bundle wants a bundle to stand somewhere.
func (w *world) bundle(n uint32, want BundleState) BundleInfo {
	w.Helper()
	b, ok := w.s.Bundle(n)
	if !ok || b.State != want {
		w.Fatalf("bundle %d is %+v (%v), want state %d", n, b, ok, want)
	}
	return b
}

// nights wants the first seats of each night, and what is held and booked of its area.
func (w *world) nights(want [3]string, held, booked uint32) {
	w.Helper()
	for i, seats := range want {
		w.shows(uint32(i), seats)
	}
	if a := w.s.Event(2).Area(0); a.Held != held || a.Booked != booked {
		w.Fatalf("the area is %+v, want %d held, %d booked", a, held, booked)
	}
}

// part is the command of a hold that does not lead: it cannot be used by itself.
func (w *world) partsCannotBeUsed(want error) {
	w.Helper()
	w.unchanged(func() {
		for ev := uint32(1); ev < 3; ev++ {
			var out Result
			w.s.Extend(w.now, &Extend{Event: ev, Hold: 1, TTL: MinTTL}, &out)
			w.refused(want, out)
			w.s.Release(w.now, &Release{Event: ev, Hold: 1}, &out)
			w.refused(want, out)
			w.s.Book(w.now, &Book{Event: ev, Hold: 1}, &out)
			w.refused(want, out)
			if err := w.s.Usable(w.now, ev, 1, 0); err != want {
				w.Errorf("usable: %v, want %v", err, want)
			}
		}
	})
}

func TestBundleIsUsedByItsFirstHold(t *testing.T) {
	w, a := stay(t)
	w.bundle(1, BundleHeld)
	w.partsCannotBeUsed(ErrUnknownHold)
	if err := w.s.Usable(w.now, 0, a.Number, a.Token); err != nil {
		t.Fatal(err)
	}
}

func TestBundleIsExtended(t *testing.T) {
	w, a := stay(t)
	w.later(9_000)
	w.ok(w.extend(a.Number, a.Token, 20_000))
	w.reload()
	w.later(19_999)
	w.expire(9)
	w.nights([3]string{"0100", "0010", "0000"}, 2, 0)
	w.later(1)
	w.expire(9)
	w.nights([3]string{"0000", "0000", "0000"}, 0, 0)
	w.bundle(1, BundleEnded)
}

func TestBundleIsReleased(t *testing.T) {
	w, a := stay(t)
	w.ok(w.release(a.Number, a.Token))
	w.nights([3]string{"0000", "0000", "0000"}, 0, 0)
	w.bundle(1, BundleEnded)
	for ev := range uint32(3) {
		if h, _ := w.s.Event(ev).HoldInfo(1); h.State != HoldReleased {
			t.Errorf("event %d: %+v", ev, h)
		}
		if n := w.s.Event(ev).Has("ann"); n != 0 {
			t.Errorf("event %d: ann is counted with %d", ev, n)
		}
	}
	w.ok(w.release(a.Number, a.Token))
	w.refused(ErrHoldReleased, w.extend(a.Number, a.Token, MinTTL))
}

// Whichever of its seats somebody else takes after the end, all come back.
func TestBundleLapses(t *testing.T) {
	for ev := range uint32(3) {
		w, a := stay(t)
		w.later(10_000)
		next := night(ev, 1, 2, AreaCode(0, 9))
		w.ok(w.claim(items(next)))
		w.bundle(1, BundleEnded)
		free := [3]string{"0000", "0000", "0000"}
		free[ev] = "0110"
		held := uint32(0)
		if ev == 2 {
			held = 9
		}
		w.nights(free, held, 0)
		want := ErrHoldExpired
		if ev == 0 {
			want = ErrStaleFencingToken
		}
		w.refused(want, w.book(a.Number, a.Token))
	}
}

func TestBundleLapsesForWhoComesLate(t *testing.T) {
	w, a := stay(t)
	w.later(10_000)
	w.refused(ErrHoldExpired, w.book(a.Number, a.Token))
	w.nights([3]string{"0000", "0000", "0000"}, 0, 0)
}

// A sweep that is cut short ends whole bundles.
func TestBundleIsSweptWhole(t *testing.T) {
	w, _ := stay(t)
	w.ok(w.claim(items(night(1, 0), night(0, 0))))
	w.later(10_000)
	if out := w.expire(1); out.Count != 1 || !out.More {
		t.Fatalf("answer is %+v", out)
	}
	w.nights([3]string{"1000", "1000", "0000"}, 0, 0)
	w.expire(9)
	w.nights([3]string{"0000", "0000", "0000"}, 0, 0)
}

func TestBundleIsBookedAndCancelled(t *testing.T) {
	w, a := stay(t)
	var out Result
	w.s.Book(w.now, &Book{Hold: a.Number, Token: a.Token, Amount: 100, Currency: [3]byte{'E'}, Payment: []byte("pay"), Parts: []int64{100, 20, 3}}, &out)
	w.ok(out)
	w.nights([3]string{"0200", "0020", "0000"}, 0, 2)
	w.partsCannotBeUsed(ErrUnknownHold)
	w.reload()
	for ev, amount := range []int64{100, 20, 3} {
		b, _ := w.s.Event(uint32(ev)).BookingInfo(1)
		if b.Amount != amount || b.Payment != "pay" || b.Bundle != 1 || b.Currency != [3]byte{'E'} {
			t.Errorf("booking of event %d is %+v", ev, b)
		}
	}
	w.unchanged(func() {
		if out := w.refused(ErrAlreadyBooked, w.book(a.Number, a.Token)); out.Number != 1 {
			t.Errorf("answer is %+v", out)
		}
		w.s.Cancel(w.now, &Cancel{Event: 1, Booking: 1}, &out)
		w.refused(ErrUnknownBooking, out)
	})
	w.bundle(1, BundleBooked)
	w.ok(w.cancel(1))
	w.nights([3]string{"0000", "0000", "0000"}, 0, 0)
	w.bundle(1, BundleCancelled)
	w.ok(w.cancel(1))
}

// The bundle is forgotten with the others of its page, long after the last has ended;
// what is booked stays.
func TestBundlesAreForgotten(t *testing.T) {
	w := theatre(t, Rules{}, 2, "....")
	for range bundlesInPage {
		a := w.ok(w.claim(items(night(0, 0), night(1, 0))))
		w.ok(w.release(a.Number, 0))
	}
	kept := w.ok(w.claim(items(night(0, 0), night(1, 0))))
	w.ok(w.book(kept.Number, 0))
	w.later(Retention - 1)
	w.expire(1 << 20)
	w.bundle(1, BundleEnded)
	w.later(1)
	w.reload()
	w.expire(1 << 20)
	for n := range uint32(bundlesInPage) {
		if b, ok := w.s.Bundle(n + 1); ok {
			t.Fatalf("bundle %d is there: %+v", n+1, b)
		}
	}
	w.bundle(bundlesInPage+1, BundleBooked)
	w.check()
	w.reload()
	w.ok(w.cancel(1))
	w.bundle(bundlesInPage+1, BundleCancelled)
	if due := w.s.NextDue(); due <= w.now {
		t.Errorf("something is due at %d, it is %d", due, w.now)
	}
}

// What is frozen stays as it was while its bundles go on.
func TestBundlesFrozen(t *testing.T) {
	w, a := stay(t)
	w.ok(w.claim(items(night(0, 0), night(1, 0))))
	want := snapshotOf(t, w.s)
	z := w.s.Freeze()
	w.ok(w.book(a.Number, 0))
	w.ok(w.release(2, 0))
	w.ok(w.cancel(1))
	w.ok(w.claim(items(night(0, 3), night(1, 3))))
	if string(frozenBytes(t, z)) != string(want) {
		t.Fatal("a frozen bundle changed")
	}
}
