package shard

import (
	"bytes"
	"errors"
	"testing"
)

// restoredAt begins an era at so many slots after the first.
func (w *world) restoredAt(seed byte, slots int64) {
	w.Helper()
	if err := w.s.Restored([32]byte{seed}, eraSlot0+slots*eraSlot); err != nil {
		w.Fatal(err)
	}
}

// What was granted before a restore goes on; what is granted after it has tokens above all
// that can have been given under the old base.
func TestEraBeginsWithARestore(t *testing.T) {
	w := worldWith(t, 20, CreateEvent{TokenBase: 7})
	a, b := w.ok(w.hold(0)), w.ok(w.hold(1))
	epoch := w.event().Epoch()
	w.restoredAt(1, 0)
	if w.event().Epoch() == epoch {
		t.Error("the epoch is the old one")
	}
	if d := w.s.TakeDirty(nil); len(d) != 1 {
		t.Errorf("changed are %v", d)
	}
	if got := w.ok(w.extend(a.Number, a.Token, 20_000)).Token; got != a.Token {
		t.Errorf("extended, its token is %d, was %d", got, a.Token)
	}
	c := w.ok(w.hold(2))
	if least := uint64(7 + 1<<32 - 1); c.Token <= least {
		t.Errorf("a new token is %d, the old cluster may have given %d", c.Token, least)
	}
	w.refused(ErrStaleFencingToken, w.extend(c.Number, 7+uint64(c.Number), 20_000)) // what the old cluster gave its hold of that number
	w.restoredAt(2, 100)
	d := w.ok(w.hold(3))
	if d.Token != 100<<32+uint64(d.Number) {
		t.Errorf("token %d of hold %d", d.Token, d.Number)
	}
	for _, h := range []Result{a, b, c, d} {
		if got := w.ok(w.book(h.Number, h.Token)).Token; got != h.Token {
			t.Errorf("booked with token %d, told %d", h.Token, got)
		}
	}
	want := []Era{{Base: 7}, {Hold: 3, Booking: 1, Base: 7 + 1<<32}, {Hold: 4, Booking: 1, Base: 100 << 32}}
	for i, got := range w.event().Eras() {
		if got.Salt = [16]byte{}; len(w.event().Eras()) != 3 || got != want[i] {
			t.Errorf("era %d is %+v, want %+v", i, got, want[i])
		}
	}
}

// The same backup restored later gives other tokens, epochs and salts.
func TestRestoringTwiceIsNotTheSame(t *testing.T) {
	w := newWorld(t, 3)
	w.ok(w.hold(0))
	b := snapshotOf(t, w.s)
	first, second := &world{t, restored(t, b), w.now}, &world{t, restored(t, b), w.now}
	first.restoredAt(1, 5)
	second.restoredAt(2, 6)
	if x, y := first.ok(first.hold(1)).Token, second.ok(second.hold(1)).Token; x+1<<32 > y {
		t.Errorf("tokens %d, then %d", x, y)
	}
	x, y := first.event(), second.event()
	if x.Epoch() == y.Epoch() || x.era.Salt == y.era.Salt || x.era.Salt == [16]byte{} || first.s.Digest() == second.s.Digest() {
		t.Error("epoch or salt is the same")
	}
}

// An era in which nothing was given leaves nothing behind, however often that happens.
func TestEmptyErasAreForgotten(t *testing.T) {
	w := newWorld(t, 3)
	for range 10 {
		w.restoredAt(1, 0)
	}
	w.ok(w.hold(0))
	w.restoredAt(1, 0)
	if n := len(w.event().Eras()); n != 3 {
		t.Errorf("%d eras", n)
	}
}

// When no era is left nothing changes, in no event.
func TestErasRunOut(t *testing.T) {
	w := &world{t, newEvent(t, 3, 2), start}
	e := w.s.Event(1)
	e.era.Base = MaxToken - 2<<32 + 2
	w.unchanged(func() {
		if err := w.s.Restored([32]byte{}, 0); !errors.Is(err, ErrNoEras) {
			t.Errorf("no tokens left: %v", err)
		}
		if err := w.s.Restored([32]byte{}, 1<<62); !errors.Is(err, ErrNoEras) {
			t.Errorf("a clock gone wild: %v", err)
		}
	})
	e.era.Base--
	w.restoredAt(1, 0)
	w.s.Hold(start, &Hold{Event: 1, Seats: []uint32{0}, TTL: MinTTL, Holder: []byte("ann")}, new(Result))
	if tok := e.Token(^uint32(0)); tok > MaxToken {
		t.Errorf("the last hold would have token %d", tok)
	}
	for i := range uint64(MaxEras) {
		e.past = append(e.past, Era{Hold: min(i, 1), Booking: min(i, 1), Base: i << 32})
	}
	w.unchanged(func() {
		if err := w.s.Restored([32]byte{}, 0); !errors.Is(err, ErrNoEras) {
			t.Errorf("too many eras: %v", err)
		}
	})
}

// Hold numbers that are used up leave none for the era, and old holds as they are.
func TestEraWithoutHoldNumbers(t *testing.T) {
	e := &Event{lastHold: ^uint32(0)}
	e.begin([32]byte{1}, 1<<40)
	if got := e.Token(^uint32(0)); got != 1<<32-1 {
		t.Errorf("the last hold's token is %d", got)
	}
}

// A frozen state is as it was before a restore.
func TestFrozenKnowsNothingOfTheNextEra(t *testing.T) {
	w := newWorld(t, 5)
	w.ok(w.hold(0))
	z, want := w.s.Freeze(), snapshotOf(t, w.s)
	w.restoredAt(1, 0)
	w.ok(w.hold(1))
	w.restoredAt(2, 0)
	if !bytes.Equal(frozenBytes(t, z), want) {
		t.Error("it has changed")
	}
	if b := snapshotOf(t, w.s); !bytes.Equal(snapshotOf(t, restored(t, b)), b) {
		t.Error("restored, it writes other bytes")
	}
}
