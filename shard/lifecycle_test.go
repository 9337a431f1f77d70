package shard

import "testing"

func TestExtendMovesTheEndAndKeepsTheToken(t *testing.T) {
	w := newWorld(t, 2)
	h := w.ok(w.holdFor(5_000, 0))
	w.later(4_999)
	x := w.ok(w.extend(h.Number, h.Token, 7_000))
	if x.Token != h.Token || x.Number != h.Number || x.Expires != w.now+7_000 || x.Version != h.Version {
		t.Fatalf("answer is %+v", x)
	}
	w.later(6_999)
	w.refused(ErrSeatsUnavailable, w.hold(0))
	w.later(1)
	w.ok(w.hold(0))
}

// Extending may also shorten, and the sweep must then come earlier.
func TestExtendShortens(t *testing.T) {
	w := newWorld(t, 1)
	h := w.ok(w.holdFor(MaxTTL, 0))
	w.ok(w.extend(h.Number, h.Token, MinTTL))
	if due := w.s.NextDue(); due > w.now+MinTTL {
		t.Fatalf("next due is %d, the hold ends at %d", due, w.now+MinTTL)
	}
	w.later(MinTTL)
	if out := w.expire(10); out.Count != 1 {
		t.Fatalf("swept %d holds, want 1", out.Count)
	}
}

func TestExtendRefusals(t *testing.T) {
	for name, tc := range map[string]struct {
		c    Extend
		want error
	}{
		"unknown event": {Extend{Event: 9, Hold: 1, TTL: MinTTL}, ErrUnknownEvent},
		"hold 0":        {Extend{Hold: 0, TTL: MinTTL}, ErrUnknownHold},
		"unknown hold":  {Extend{Hold: 4, TTL: MinTTL}, ErrUnknownHold},
		"wrong token":   {Extend{Hold: 1, Token: 2, TTL: MinTTL}, ErrStaleFencingToken},
		"ttl below":     {Extend{Hold: 1, Token: 1, TTL: MinTTL - 1}, ErrBadRequest},
		"ttl above":     {Extend{Hold: 1, Token: 1, TTL: MaxTTL + 1}, ErrBadRequest},
		"booked":        {Extend{Hold: 2, Token: 2, TTL: MinTTL}, ErrAlreadyBooked},
		"released":      {Extend{Hold: 3, Token: 3, TTL: MinTTL}, ErrHoldReleased},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, 4)
			w.ok(w.hold(0))
			w.ok(w.book(w.ok(w.hold(1)).Number, 0))
			w.ok(w.release(w.ok(w.hold(2)).Number, 0))
			w.unchanged(func() {
				var out Result
				w.s.Extend(w.now, &tc.c, &out)
				w.refused(tc.want, out)
			})
		})
	}
}

// Who comes after the end is told so, and the seats come back at the same moment; the
// answer speaks of the version after that, or a waiter for it would miss the change.
func TestLateHolder(t *testing.T) {
	late := map[string]func(w *world, h Result) Result{
		"extend": func(w *world, h Result) Result { return w.extend(h.Number, h.Token, MinTTL) },
		"book":   func(w *world, h Result) Result { return w.book(h.Number, h.Token) },
	}
	for name, call := range late {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, 3)
			h := w.ok(w.holdFor(MinTTL, 0, 1))
			w.later(MinTTL)
			out := w.refused(ErrHoldExpired, call(w, h))
			w.seats("000")
			w.holdState(h.Number, HoldExpired)
			if out.Version != 4 || w.event().Version() != 4 {
				t.Errorf("the answer speaks of version %d, the event is at %d, want 4", out.Version, w.event().Version())
			}
			w.unchanged(func() { w.refused(ErrHoldExpired, call(w, h)) })
		})
		t.Run(name+" when a seat was granted again", func(t *testing.T) {
			w := newWorld(t, 3)
			h := w.ok(w.holdFor(MinTTL, 0, 1))
			w.later(MinTTL)
			again := w.ok(w.hold(1))
			w.unchanged(func() { w.refused(ErrStaleFencingToken, call(w, h)) })
			w.ok(w.release(again.Number, 0))
			w.refused(ErrStaleFencingToken, call(w, h))
		})
		t.Run(name+" when a seat was blocked since", func(t *testing.T) {
			w := newWorld(t, 3)
			h := w.ok(w.holdFor(MinTTL, 0, 1))
			w.later(MinTTL)
			w.ok(w.block("", 1)) // no grant: the token is old, not stale
			w.refused(ErrHoldExpired, call(w, h))
		})
	}
}

func TestRelease(t *testing.T) {
	w := newWorld(t, 3)
	h := w.ok(w.hold(0, 2))
	w.later(10)
	if out := w.ok(w.release(h.Number, h.Token)); out.Version != 4 || out.Expires != 0 || out.Token != h.Token {
		t.Fatalf("answer is %+v", out)
	}
	w.seats("000")
	if i := w.holdState(h.Number, HoldReleased); i.Expires != w.now {
		t.Fatalf("it ended at %d, want %d", i.Expires, w.now)
	}
	digest := w.s.Digest()
	if out := w.ok(w.release(h.Number, h.Token)); out.Version != 4 {
		t.Fatalf("the second answer is %+v", out)
	}
	if w.s.Digest() != digest {
		t.Fatal("releasing twice changed something")
	}
}

func TestReleaseRefusals(t *testing.T) {
	for name, tc := range map[string]struct {
		c    Release
		want error
	}{
		"unknown event": {Release{Event: 1, Hold: 1}, ErrUnknownEvent},
		"hold 0":        {Release{}, ErrUnknownHold},
		"unknown hold":  {Release{Hold: 3}, ErrUnknownHold},
		"wrong token":   {Release{Hold: 1, Token: 9}, ErrStaleFencingToken},
		"booked":        {Release{Hold: 2, Token: 2}, ErrAlreadyBooked},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, 4)
			w.ok(w.hold(0))
			w.ok(w.book(w.ok(w.hold(1)).Number, 0))
			w.unchanged(func() {
				var out Result
				w.s.Release(w.now, &tc.c, &out)
				w.refused(tc.want, out)
			})
		})
	}
}

// A hold that had lapsed when it was released is told of as expired.
func TestReleaseAfterTheEnd(t *testing.T) {
	w := newWorld(t, 2)
	h := w.ok(w.holdFor(MinTTL, 0))
	w.later(MinTTL)
	w.ok(w.release(h.Number, h.Token))
	w.holdState(h.Number, HoldExpired)
	w.seats("00")
	w.ok(w.hold(0))
	w.ok(w.release(h.Number, h.Token)) // and does not touch the new holder's seat
	w.seats("10")
}

// A release because of a declined payment says so, also to whoever repeats it by its key
// with a Book: that is how a checkout which two nodes finish ends once.
func TestReleaseOfADeclinedPayment(t *testing.T) {
	w := newWorld(t, 2)
	h := w.ok(w.hold(0))
	var out, again Result
	w.s.Release(w.now, &Release{Hold: h.Number, Token: h.Token, Declined: true, Key: key(1, 1)}, &out)
	if w.ok(out); out.Count != 1 {
		t.Fatalf("answer is %+v", out)
	}
	w.unchanged(func() {
		w.s.Book(w.now, &Book{Hold: h.Number, Token: h.Token, Key: key(1, 1)}, &again)
		if w.ok(again); !again.Replayed || again.Count != 1 || again.Number != h.Number {
			t.Errorf("the booking is told %+v", again)
		}
	})
	w.seats("00")
}

// Usable answers as Extend would, and ends nothing.
func TestUsableIsARead(t *testing.T) {
	w := newWorld(t, 2)
	h := w.ok(w.holdFor(MinTTL, 0))
	w.later(MinTTL - 1)
	if err := w.s.Usable(w.now, 0, h.Number, h.Token); err != nil {
		t.Fatal(err)
	}
	w.later(1)
	w.unchanged(func() {
		if err := w.s.Usable(w.now, 0, h.Number, h.Token); err != ErrHoldExpired {
			t.Errorf("got %v", err)
		}
		if err := w.s.Usable(w.now, 0, h.Number, h.Token+1); err != ErrStaleFencingToken {
			t.Errorf("got %v", err)
		}
	})
	w.seats("10")
}
