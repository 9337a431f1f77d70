package shard

import (
	"slices"
	"testing"
)

// pair is two groups, 1 and 2, and a reservation of seat 1 of the home's event and seat 2
// of the guest's, which nobody remembers but they.
type pair struct {
	home, guest *world
	n           uint32 // the bundle at home
}

const wait = 5_000

func newPair(t *testing.T) *pair {
	t.Helper()
	p := &pair{home: theatre(t, Rules{}, 2, "...."), guest: theatre(t, Rules{PerHolder: 3}, 1, "....")}
	p.n = p.home.ok(p.begin()).Number
	return p
}

func (p *pair) begin() (out Result) {
	p.home.s.Begin(p.home.now, &Begin{Groups: []uint16{2}, Wait: wait, Key: key(7, 7)}, &out)
	return out
}

func (p *pair) prepareHome() Result {
	c := items(night(0, 1))
	c.Txn = Txn{Bundle: p.n}
	return p.home.claim(c)
}

func (p *pair) prepareGuest() Result {
	c := items(night(0, 2, AreaCode(0, 1)))
	c.Txn = Txn{Home: 1, Bundle: p.n}
	return p.guest.claim(c)
}

func (p *pair) decide(c Decide) (out Result) {
	c.Bundle = p.n
	p.home.s.Decide(p.home.now, &c, &out)
	return out
}

var bothParts = []Part{{Event: 0, Hold: 1}, {Group: 2, Event: 0, Hold: 1}}

func (p *pair) commit() Result {
	return p.decide(Decide{Commit: true, TTL: 10_000, Parts: bothParts})
}

// tell resolves the guest as the home stands, and acknowledges it.
func (p *pair) tell() {
	p.home.Helper()
	b, _ := p.home.s.Bundle(p.n)
	p.home.ok(p.resolve(b.State))
	p.home.ok(p.ack(b.State))
}

func (p *pair) resolve(st BundleState) (out Result) {
	c := Resolve{Txn: Txn{Home: 1, Bundle: p.n}, State: st, Currency: [3]byte{'E'}, Payment: []byte("pay")}
	c.Parts = []Part{{Group: 2, Event: 0, Hold: 1, Amount: 30}}
	p.guest.s.Resolve(p.guest.now, &c, &out)
	return out
}

func (p *pair) ack(st BundleState) (out Result) {
	p.home.s.Ack(p.home.now, &Ack{Bundle: p.n, Group: 2, State: st}, &out)
	return out
}

// stand wants both seats, and the guest's area, to be as they say.
func (p *pair) stand(want string, held, booked uint32) {
	p.home.Helper()
	p.home.shows(0, "0"+want+"00")
	p.guest.shows(0, "00"+want+"0")
	p.guest.area(0, held, booked)
}

// committed is a pair whose bundle is held by both, and both know.
func committed(t *testing.T) *pair {
	t.Helper()
	p := newPair(t)
	p.home.ok(p.prepareHome())
	p.guest.ok(p.prepareGuest())
	p.home.ok(p.commit())
	p.tell()
	return p
}

func (p *pair) quiet() {
	p.home.Helper()
	if busy := append(p.home.s.Busy(nil), p.guest.s.Busy(nil)...); len(busy) > 0 {
		p.home.Fatalf("somebody still waits: %+v", busy)
	}
}

func TestTxnOfTwoGroups(t *testing.T) {
	p := newPair(t)
	a, b := p.home.ok(p.prepareHome()), p.guest.ok(p.prepareGuest())
	if a.Expires != never || b.Expires != never {
		t.Fatalf("a prepared hold ends by itself: %+v, %+v", a, b)
	}
	p.home.refused(ErrUnknownHold, p.home.book(a.Number, a.Token))
	p.guest.refused(ErrUnknownHold, p.guest.release(b.Number, b.Token))
	out := p.home.ok(p.commit())
	if out.Number != 1 || out.Token != a.Token || out.Expires != p.home.now+10_000 || out.Bundle != BundleHeld {
		t.Fatalf("answer is %+v", out)
	}
	p.tell()
	p.quiet()
	if j, ok := p.guest.s.Joined(Txn{Home: 1, Bundle: p.n}); !ok || j.State != BundleHeld || j.Home != 1 || j.At != p.n {
		t.Fatalf("at the guest it is %+v", j)
	}
	p.stand("1", 1, 0)
}

// An open bundle's seats may be free again in a moment: who meets them is told.
func TestTxnUndecidedConflict(t *testing.T) {
	p := newPair(t)
	p.home.ok(p.prepareHome())
	p.guest.ok(p.prepareGuest())
	undecided := func(w *world, seat uint32, want bool) {
		t.Helper()
		var settled Result
		w.s.RefuseHold(w.now, &Hold{Seats: []uint32{seat}, TTL: MinTTL, Holder: []byte("bob")}, &settled)
		for _, out := range []Result{w.hold(seat), w.claim(items(night(0, seat))), settled} {
			if w.refused(ErrSeatsUnavailable, out).Conflicts[0].Undecided != want {
				t.Fatalf("conflicts are %+v", out.Conflicts)
			}
		}
	}
	undecided(p.home, 1, true)
	undecided(p.guest, 2, true)
	p.home.ok(p.commit())
	p.tell()
	undecided(p.home, 1, false)
	undecided(p.guest, 2, false)
}

func TestTxnGuestNeverEndsByItself(t *testing.T) {
	p := committed(t)
	p.guest.later(10 * Retention)
	p.guest.expire(1 << 20)
	p.stand("1", 1, 0)
	p.home.later(10_000)
	p.home.expire(9)
	if b := p.home.bundle(p.n, BundleEnded); !slices.Equal(b.Pending, []uint16{2}) {
		t.Fatalf("the guest is not to be told: %+v", b)
	}
	p.tell()
	p.quiet()
	p.stand("0", 0, 0)
	p.guest.holdState(1, HoldReleased)
}

func TestTxnBookedAndCancelled(t *testing.T) {
	p := committed(t)
	var out Result
	p.home.s.Book(p.home.now, &Book{Hold: 1, Amount: 70, Parts: []int64{70, 30}}, &out)
	p.home.ok(out)
	p.home.ok(p.ack(BundleHeld)) // old news: it is still to be told
	if b := p.home.bundle(p.n, BundleBooked); len(b.Pending) != 1 || b.Parts[1].Amount != 30 {
		t.Fatalf("bundle is %+v", b)
	}
	p.tell()
	p.guest.ok(p.resolve(BundleBooked))
	p.guest.ok(p.resolve(BundleHeld))
	p.guest.ok(p.resolve(BundleEnded))
	p.quiet()
	p.stand("2", 0, 1)
	if b, _ := p.guest.event().BookingInfo(1); b.Amount != 30 || b.Payment != "pay" || b.Holder != "ann" || p.guest.event().Bookings() != 1 {
		t.Fatalf("the guest's booking is %+v", b)
	}
	p.guest.s.Cancel(p.guest.now, &Cancel{Booking: 1}, &out)
	p.guest.refused(ErrUnknownBooking, out)
	p.home.ok(p.home.cancel(1))
	p.tell()
	p.quiet()
	p.stand("0", 0, 0)
	p.guest.ok(p.resolve(BundleBooked))
	p.stand("0", 0, 0)
}

// The guest that never heard that it was booked is told that it was cancelled.
func TestTxnCancelledBeforeTheGuestHeard(t *testing.T) {
	p := newPair(t)
	p.home.ok(p.prepareHome())
	p.guest.ok(p.prepareGuest())
	p.home.ok(p.commit())
	p.home.ok(p.home.book(1, 0))
	p.home.ok(p.home.cancel(1))
	p.tell()
	p.quiet()
	p.stand("0", 0, 0)
}

func TestTxnGivenUp(t *testing.T) {
	p := newPair(t)
	p.home.ok(p.prepareHome())
	p.guest.ok(p.prepareGuest())
	if out := p.home.ok(p.decide(Decide{Late: true})); out.Bundle != BundleOpen {
		t.Fatalf("given up too early: %+v", out)
	}
	p.home.later(wait)
	if out := p.home.ok(p.decide(Decide{Late: true})); out.Bundle != BundleEnded {
		t.Fatalf("not given up: %+v", out)
	}
	p.home.refused(ErrBundleEnded, p.commit())
	p.home.refused(ErrBundleEnded, p.prepareHome())
	p.tell()
	p.quiet()
	p.stand("0", 0, 0)
	p.guest.refused(ErrBundleEnded, p.prepareGuest())
}

// A commit that comes after the deadline gives the bundle up, though nobody has noticed.
func TestTxnCommittedTooLate(t *testing.T) {
	p := newPair(t)
	p.home.ok(p.prepareHome())
	p.guest.ok(p.prepareGuest())
	p.home.later(wait)
	p.home.refused(ErrBundleEnded, p.commit())
	p.home.bundle(p.n, BundleEnded)
	p.tell()
	p.stand("0", 0, 0)
}

// A prepare that was under way when the bundle was given up opens one that nobody
// decides; whoever finds it asks the home, and hears.
func TestTxnPreparedAfterGiveUp(t *testing.T) {
	p := newPair(t)
	p.home.ok(p.decide(Decide{}))
	if out := p.guest.ok(p.resolve(BundleEnded)); out.Bundle != BundleEnded {
		t.Fatalf("answer is %+v", out)
	}
	p.home.ok(p.ack(BundleEnded))
	p.quiet()
	p.guest.ok(p.prepareGuest())
	busy := p.guest.s.Busy(nil)
	if len(busy) != 1 || busy[0].Home != 1 || busy[0].At != p.n || busy[0].Since != p.guest.now {
		t.Fatalf("busy: %+v", busy)
	}
	answer := p.home.ok(p.decide(Decide{Late: true}))
	p.guest.ok(p.resolve(answer.Bundle))
	p.quiet()
	p.stand("0", 0, 0)
}

// Every step again, before and after the next, and a snapshot between any two.
func TestTxnReplays(t *testing.T) {
	p := newPair(t)
	twice := func(step func() Result) Result {
		t.Helper()
		a := step()
		p.home.reload()
		p.guest.reload()
		home, guest := p.home.s.Digest(), p.guest.s.Digest()
		b := step()
		if a.Err != nil || b.Err != nil || a.Number != b.Number || a.Token != b.Token || a.Bundle != b.Bundle || len(a.Granted) != len(b.Granted) {
			t.Fatalf("first %+v, again %+v", a, b)
		}
		if p.home.s.Digest() != home || p.guest.s.Digest() != guest {
			t.Fatal("the second time changed something")
		}
		return a
	}
	twice(p.begin)
	twice(p.prepareHome)
	twice(p.prepareGuest)
	twice(p.commit)
	if out := p.home.ok(p.begin()); !out.Replayed || out.Bundle != 0 || out.Number != 1 {
		t.Fatalf("begun again after the end: %+v", out)
	}
	twice(func() Result { return p.resolve(BundleHeld) })
	twice(func() Result { return p.ack(BundleHeld) })
	p.home.ok(p.home.book(1, 0))
	twice(func() Result { return p.resolve(BundleBooked) })
	twice(func() Result { return p.ack(BundleBooked) })
	p.guest.ok(p.prepareGuestAgain())
	p.quiet()
	p.stand("2", 0, 1)
}

// prepareGuestAgain comes when all is over: it must not make a hold.
func (p *pair) prepareGuestAgain() Result {
	if out := p.prepareGuest(); out.Err != ErrBundleEnded {
		return Result{Err: ErrBadRequest}
	}
	return Result{}
}

func TestTxnBeginRefusals(t *testing.T) {
	p := newPair(t)
	for name, c := range map[string]struct {
		Begin
		want error
	}{
		"no event":        {Begin{Event: 9, Wait: 1}, ErrUnknownEvent},
		"no wait":         {Begin{}, ErrBadRequest},
		"too long":        {Begin{Wait: MaxTTL + 1}, ErrBadRequest},
		"itself":          {Begin{Wait: 1, Groups: []uint16{0}}, ErrBadRequest},
		"groups unsorted": {Begin{Wait: 1, Groups: []uint16{3, 2}}, ErrBadRequest},
		"no such group":   {Begin{Wait: 1, Groups: []uint16{MaxGroups + 1}}, ErrBadRequest},
		"another print":   {Begin{Wait: 1, Key: key(7, 8)}, ErrIdempotencyMismatch},
	} {
		p.home.unchanged(func() {
			var out Result
			if p.home.s.Begin(p.home.now, &c.Begin, &out); out.Err != c.want {
				t.Errorf("%s: %v, want %v", name, out.Err, c.want)
			}
		})
	}
}

func TestTxnCommitRefusals(t *testing.T) {
	p := newPair(t)
	p.home.ok(p.prepareHome())
	p.guest.ok(p.prepareGuest())
	first, second := bothParts[0], bothParts[1]
	for name, c := range map[string]Decide{
		"no parts":          {TTL: MinTTL},
		"too short":         {TTL: MinTTL - 1, Parts: bothParts},
		"the guest's first": {TTL: MinTTL, Parts: []Part{second, first}},
		"one is missing":    {TTL: MinTTL, Parts: []Part{second}},
		"one is too many":   {TTL: MinTTL, Parts: []Part{first, {Event: 1, Hold: 1}}},
		"another hold":      {TTL: MinTTL, Parts: []Part{{Event: 0, Hold: 2}, second}},
		"a part twice":      {TTL: MinTTL, Parts: []Part{first, first}},
		"another group":     {TTL: MinTTL, Parts: []Part{first, {Group: 3, Event: 0, Hold: 1}}},
		"booked already":    {TTL: MinTTL, Parts: []Part{{Event: 0, Hold: 1, Booking: 1}, second}},
	} {
		c.Commit = true
		p.home.unchanged(func() {
			if out := p.decide(c); out.Err != ErrBadRequest {
				t.Errorf("%s: %v", name, out.Err)
			}
		})
	}
	p.n = 99
	p.home.refused(ErrUnknownBundle, p.commit())
	p.home.refused(ErrUnknownBundle, p.ack(BundleHeld))
	if out := p.guest.ok(p.resolve(BundleBooked)); out.Bundle != BundleEnded {
		t.Errorf("one that never came: %+v", out)
	}
	p.guest.s.Decide(p.guest.now, &Decide{Bundle: 1}, &Result{})
	p.stand("1", 1, 0)
}
