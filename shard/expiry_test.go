package shard

import "testing"

func TestSweepInOrderOfHoldNumbers(t *testing.T) {
	w := newWorld(t, 8)
	for i := range uint32(6) {
		w.ok(w.holdFor(MinTTL+int64(6-i), i)) // the newest ends first
	}
	w.later(2 * MinTTL)
	if out := w.expire(4); out.Count != 4 || !out.More {
		t.Fatalf("answer is %+v", out)
	}
	w.seats("00001100")
	if out := w.expire(4); out.Count != 2 || out.More {
		t.Fatalf("answer is %+v", out)
	}
	w.seats("00000000")
	w.unchanged(func() {
		if out := w.expire(4); out.Count != 0 || out.More {
			t.Errorf("answer is %+v", out)
		}
	})
}

func TestSweepAtTheMoment(t *testing.T) {
	w := newWorld(t, 1)
	w.ok(w.holdFor(MinTTL, 0))
	if due := w.s.NextDue(); due != w.now+MinTTL {
		t.Fatalf("next due is %d, want %d", due, w.now+MinTTL)
	}
	w.later(MinTTL - 1)
	w.unchanged(func() { w.expire(9) })
	w.later(1)
	if out := w.expire(9); out.Count != 1 {
		t.Fatalf("answer is %+v", out)
	}
}

func TestSweepOfNothing(t *testing.T) {
	w := newWorld(t, 1)
	w.ok(w.holdFor(MinTTL, 0))
	w.later(MinTTL)
	w.unchanged(func() {
		if out := w.expire(0); out.Count != 0 || !out.More {
			t.Errorf("answer is %+v", out)
		}
	})
}

// A limit is of the whole sweep, not of an event.
func TestSweepAcrossEvents(t *testing.T) {
	s := newEvent(t, 4, 3)
	var out Result
	for no := range uint32(3) {
		for seat := range uint32(4) {
			s.Hold(10, &Hold{Event: no, Seats: []uint32{seat}, TTL: MinTTL, Holder: []byte("a")}, &out)
		}
	}
	s.TakeDirty(nil)
	s.Expire(s.Advance(10+MinTTL), &Expire{Limit: 6}, &out)
	if out.Count != 6 || !out.More {
		t.Fatalf("answer is %+v", out)
	}
	for no, want := range []uint32{4, 2, 0} {
		if got := s.Event(uint32(no)).Counts().Available; got != want {
			t.Errorf("event %d has %d available, want %d", no, got, want)
		}
	}
	if d := s.TakeDirty(nil); len(d) != 2 {
		t.Errorf("events %v are marked as changed, want two", d)
	}
	s.Expire(s.Now(), &Expire{Limit: 6}, &out)
	if out.Count != 6 || out.More {
		t.Fatalf("the second answer is %+v", out)
	}
	if err := s.Check(); err != nil {
		t.Fatal(err)
	}
}

// grind grants and releases n holds.
func (w *world) grind(n int) {
	w.Helper()
	for range n {
		w.ok(w.release(w.ok(w.hold(0)).Number, 0))
	}
}

// A hold can be read for Retention after it ended, and is then forgotten with its page.
func TestPurgeAfterRetention(t *testing.T) {
	w := newWorld(t, 2)
	w.grind(holdsInPage)
	w.later(Retention - 1)
	w.expire(100) // makes the bound exact, which was lowered for every hold
	w.unchanged(func() { w.expire(100) })
	w.holdState(1, HoldReleased)
	w.later(1)
	w.expire(100)
	for _, n := range []uint32{1, holdsInPage} {
		if h, ok := w.event().HoldInfo(n); ok {
			t.Fatalf("hold %d is still there: %+v", n, h)
		}
		w.refused(ErrUnknownHold, w.release(n, 0))
		w.refused(ErrUnknownHold, w.extend(n, 0, MinTTL))
		w.refused(ErrUnknownHold, w.book(n, 0))
	}
	if out := w.ok(w.hold(0)); out.Number != holdsInPage+1 || out.Token != holdsInPage+1 {
		t.Fatalf("a number was given twice: %+v", out)
	}
}

// One hold that is still active keeps its page; so does a page that is not full.
func TestPurgeWaits(t *testing.T) {
	w := newWorld(t, 2)
	h := w.ok(w.holdFor(MaxTTL, 1))
	w.grind(holdsInPage - 1)
	for range 30 {
		w.later(MaxTTL - 1)
		h = w.ok(w.extend(h.Number, 0, MaxTTL))
		w.expire(100)
	}
	w.holdState(2, HoldReleased)
	w.ok(w.release(h.Number, 0))
	w.grind(3) // the next page
	w.later(Retention)
	w.expire(100)
	if _, ok := w.event().HoldInfo(2); ok {
		t.Fatal("the full page is still there")
	}
	w.holdState(holdsInPage+3, HoldReleased)
	if due := w.s.NextDue(); due != never {
		t.Fatalf("next due is %d: an idle event would be swept for ever", due)
	}
}

// Whole blocks go, the numbers go on, and what is left survives a snapshot.
func TestPurgeOfBlocks(t *testing.T) {
	const n = holdsInPage*pagesInBlock + 10
	w := newWorld(t, 2)
	w.grind(n)
	w.later(Retention)
	if out := w.expire(10_000); out.More {
		t.Fatalf("answer is %+v", out)
	}
	if w.event().blocks[0] != nil {
		t.Fatal("the block is still there")
	}
	w.check()
	w.s = restored(t, snapshotOf(t, w.s))
	w.ok(w.hold(1))
	w.holdState(n+1, HoldHeld)
}

// A booking outlives its hold's page, and can still be cancelled.
func TestBookingOutlivesItsHold(t *testing.T) {
	w := newWorld(t, 2)
	h := w.ok(w.hold(1))
	b := w.ok(w.book(h.Number, h.Token))
	w.grind(holdsInPage - 1)
	w.later(Retention)
	w.expire(100)
	if _, ok := w.event().HoldInfo(h.Number); ok {
		t.Fatal("the hold is still there")
	}
	w.seats("02")
	w.check()
	if out := w.ok(w.cancel(b.Number)); out.Token != h.Token {
		t.Fatalf("answer is %+v", out)
	}
	w.seats("00")
}

// Purging counts toward the limit too, and each purge is one thing.
func TestPurgeIsLimited(t *testing.T) {
	w := newWorld(t, 2)
	w.grind(3 * holdsInPage)
	w.later(Retention)
	for i := range uint32(3) {
		if out := w.expire(1); out.More != (i < 2) {
			t.Fatalf("sweep %d: %+v", i, out)
		}
		_, first := w.event().HoldInfo(i*holdsInPage + 1)
		_, next := w.event().HoldInfo((i+1)*holdsInPage + 1)
		if first || next != (i < 2) {
			t.Fatalf("after sweep %d page %d is there: %v, page %d: %v", i, i, first, i+1, next)
		}
	}
}
