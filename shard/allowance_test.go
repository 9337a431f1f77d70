package shard

import "testing"

func (w *world) has(holder string, want uint32) {
	w.Helper()
	if got := w.event().Has(holder); got != want {
		w.Fatalf("%s has %d, want %d", holder, got, want)
	}
}

// Held and booked count, and what comes back counts no longer.
func TestLimitCountsHeldAndBooked(t *testing.T) {
	w := theatre(t, Rules{PerHolder: 4}, 1, "......")
	a := w.ok(w.hold(0, 1))
	w.ok(w.book(w.ok(w.hold(2)).Number, 0))
	w.has("ann", 3)
	if out := w.refused(ErrLimitExceeded, w.hold(3, 4)); out.Count != 3 {
		t.Fatalf("answer is %+v", out)
	}
	w.ok(w.hold(AreaCode(0, 1)))
	w.refused(ErrLimitExceeded, w.hold(AreaCode(1, 1)))
	w.reload()
	w.has("ann", 4)
	w.ok(w.release(a.Number, 0))
	w.ok(w.cancel(1))
	w.has("ann", 1)
	w.ok(w.hold(3, 4, 5))
}

func TestLimitIsOneHolders(t *testing.T) {
	w := theatre(t, Rules{PerHolder: 1}, 2, "......")
	w.ok(w.hold(0))
	w.ok(w.claim(Claim{Items: []Item{night(0, 1)}, Holder: []byte("bob")}))
	w.ok(w.claim(items(night(1, 0)))) // it is the event's
	w.has("bob", 1)
	w.has("eve", 0)
}

// A hold that has lapsed unseen must not stand in its holder's way.
func TestLimitForgetsWhatHasLapsed(t *testing.T) {
	w := theatre(t, Rules{PerHolder: 2}, 1, "......")
	w.ok(w.holdFor(MinTTL, 0, 1))
	w.later(MinTTL)
	w.ok(w.hold(4, 5))
	w.has("ann", 2)
	w.holdState(1, HoldExpired)
}

func TestLimitOfManyWays(t *testing.T) {
	w := theatre(t, Rules{PerHolder: 2}, 2, "......")
	w.refused(ErrLimitExceeded, w.claim(items(bestOf(0, 3))))
	w.refused(ErrLimitExceeded, w.claim(items(night(1, 0), night(0, 0, 1, 2))))
	it := night(0, 0, 1, 2)
	it.Fan = FanSubstitute
	w.refused(ErrLimitExceeded, w.claim(items(it)))
	w.gave(w.claim(Claim{Items: []Item{bestOf(0, 2), bestOf(1, 2)}, Same: true}), []uint32{2, 3}, []uint32{2, 3})
}
