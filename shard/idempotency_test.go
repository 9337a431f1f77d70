package shard

import (
	"fmt"
	"testing"
)

// keyed are all commands that take a key, each on a world where it succeeds.
var keyed = map[string]struct {
	ready func(w *world)
	run   func(w *world, k Key, out *Result)
}{
	"hold": {func(*world) {}, func(w *world, k Key, out *Result) {
		w.s.Hold(w.now, &Hold{Seats: []uint32{3}, TTL: MaxTTL, Holder: []byte("a"), Key: k}, out)
	}},
	"extend": {func(w *world) { w.ok(w.holdFor(MaxTTL, 0)) }, func(w *world, k Key, out *Result) {
		w.s.Extend(w.now, &Extend{Hold: 1, TTL: MaxTTL, Key: k}, out)
	}},
	"release": {func(w *world) { w.ok(w.holdFor(MaxTTL, 0)) }, func(w *world, k Key, out *Result) {
		w.s.Release(w.now, &Release{Hold: 1, Key: k}, out)
	}},
	"book": {func(w *world) { w.ok(w.holdFor(MaxTTL, 0)) }, func(w *world, k Key, out *Result) {
		w.s.Book(w.now, &Book{Hold: 1, Key: k}, out)
	}},
	"cancel": {func(w *world) { w.ok(w.book(w.ok(w.holdFor(MaxTTL, 0)).Number, 0)) }, func(w *world, k Key, out *Result) {
		w.s.Cancel(w.now, &Cancel{Booking: 1, Key: k}, out)
	}},
	"block": {func(*world) {}, func(w *world, k Key, out *Result) {
		w.s.Block(w.now, &Block{Seats: []uint32{2, 3}, Key: k}, out)
	}},
}

func TestReplay(t *testing.T) {
	for name, op := range keyed {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, 4)
			op.ready(w)
			var first, again, other Result
			op.run(w, key(1, 1), &first)
			w.ok(first)
			w.later(MinTTL)
			w.ok(w.hold(1)) // the world goes on
			w.unchanged(func() {
				op.run(w, key(1, 1), &again)
				want := first
				want.Replayed = true // and Now is the first one's
				if !sameResult(again, want) {
					t.Errorf("first %+v\nagain %+v", first, again)
				}
				op.run(w, key(1, 2), &other)
				w.refused(ErrIdempotencyMismatch, other)
				if other.Version != w.event().Version() || other.Replayed {
					t.Errorf("the mismatch is %+v", other)
				}
			})
			if w.event().Keys() != 1 {
				t.Errorf("%d keys are kept", w.event().Keys())
			}
		})
	}
}

func TestReplayFromRefuseHold(t *testing.T) {
	w := newWorld(t, 4)
	var first, asked Result
	c := &Hold{Seats: []uint32{3}, TTL: MaxTTL, Holder: []byte("a"), Key: key(1, 1)}
	if w.s.RefuseHold(w.now, c, &asked) {
		t.Fatalf("a claim that can be granted is settled: %+v", asked)
	}
	w.s.Hold(w.now, c, &first)
	if !w.s.RefuseHold(w.now, c, &asked) || asked.Err != nil || !asked.Replayed || asked.Number != first.Number {
		t.Fatalf("answer is %+v", asked)
	}
}

// An answer is kept for Retention, not a millisecond less or more; then the key is new.
func TestAnswersAreKeptForRetention(t *testing.T) {
	for _, swept := range []bool{false, true} {
		t.Run(fmt.Sprintf("swept=%v", swept), func(t *testing.T) {
			w := newWorld(t, 4)
			hold := func(print byte) (out Result) {
				w.s.Hold(w.now, &Hold{Seats: []uint32{0}, TTL: MinTTL, Holder: []byte("a"), Key: key(1, print)}, &out)
				return out
			}
			w.ok(hold(1))
			w.later(Retention - 1)
			if out := w.ok(hold(1)); !out.Replayed {
				t.Fatalf("answer is %+v", out)
			}
			w.later(1)
			if swept {
				w.expire(10)
			}
			if out := w.ok(hold(2)); out.Replayed || out.Number != 2 {
				t.Fatalf("answer is %+v", out)
			}
			w.expire(10) // drops the old answer, not the new one with the same key
			if out := w.ok(hold(2)); !out.Replayed || out.Number != 2 || w.event().Keys() != 1 {
				t.Fatalf("answer is %+v, %d keys", out, w.event().Keys())
			}
		})
	}
}

// Refusals are not remembered: they may be another answer tomorrow.
func TestRefusalsAreNotRemembered(t *testing.T) {
	w := newWorld(t, 4)
	h := w.ok(w.hold(0))
	var out Result
	c := &Hold{Seats: []uint32{0}, TTL: MinTTL, Holder: []byte("a"), Key: key(1, 1)}
	w.s.Hold(w.now, c, &out)
	w.refused(ErrSeatsUnavailable, out)
	w.ok(w.release(h.Number, 0))
	w.s.Hold(w.now, c, &out)
	w.ok(out)
}

// A full table refuses new keys, answers known ones, and takes commands without.
func TestFullTable(t *testing.T) {
	for name, op := range keyed {
		t.Run(name, func(t *testing.T) {
			w := worldWith(t, 4, CreateEvent{MaxKeys: 2})
			op.ready(w)
			var out Result
			op.run(w, key(1, 1), &out)
			w.ok(out)
			w.s.Hold(w.now, &Hold{Seats: []uint32{1}, TTL: MinTTL, Holder: []byte("a"), Key: key(2, 1)}, &out)
			w.ok(out)
			w.unchanged(func() {
				free := &Hold{Seats: []uint32{1}, TTL: MinTTL, Holder: []byte("a"), Key: key(3, 1)}
				now := w.now + MinTTL // where its seat is free again
				var asked Result
				if w.s.Hold(now, free, &out); out.Err != ErrIdempotencyFull {
					t.Errorf("hold: %v", out.Err)
				}
				if !w.s.RefuseHold(now, free, &asked) || !sameResult(asked, out) {
					t.Errorf("RefuseHold: %+v", asked)
				}
				if op.run(w, key(1, 1), &out); !out.Replayed || out.Err != nil {
					t.Errorf("a known key is told %+v", out)
				}
			})
			if name != "hold" { // its seat is taken, and that is said first
				op.run(w, key(9, 1), &out)
				w.refused(ErrIdempotencyFull, out)
			}
			w.later(Retention)
			w.ok(w.block("", 1))
			w.expire(3) // two answers and the hold at least
			w.s.Block(w.now, &Block{Seats: []uint32{1}, Unblock: true, Key: key(3, 1)}, &out)
			w.ok(out)
		})
	}
}

// The queue of answers crosses pages, and drops them at their end.
func TestKeyPages(t *testing.T) {
	w := newWorld(t, 2)
	const n = 3*keysInPage + 7
	for i := range n {
		var out Result
		w.s.Block(w.now, &Block{Seats: []uint32{0}, Unblock: true, Key: Key{Hash: [16]byte{byte(i), 1}}}, &out)
		w.ok(out)
		w.later(1)
	}
	w.later(Retention - n + 100) // the first 101 are old enough
	w.expire(70)
	if w.event().Keys() != n-70 || len(w.event().keys.pages) != 3 {
		t.Fatalf("%d keys in %d pages", w.event().Keys(), len(w.event().keys.pages))
	}
	w.s = restored(t, snapshotOf(t, w.s))
	w.expire(1000)
	if w.event().Keys() != n-101 || len(w.event().keys.index) != n-101 {
		t.Fatalf("%d keys, %d indexed, want %d", w.event().Keys(), len(w.event().keys.index), n-101)
	}
	w.later(Retention)
	w.expire(1000)
	if w.event().Keys() != 0 || len(w.event().keys.index) != 0 {
		t.Fatalf("%d keys, %d indexed", w.event().Keys(), len(w.event().keys.index))
	}
	w.s = restored(t, snapshotOf(t, w.s))
	var out Result
	w.s.Block(w.now, &Block{Seats: []uint32{0}, Key: key(1, 1)}, &out)
	w.ok(out)
}
