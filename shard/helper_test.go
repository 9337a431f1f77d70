package shard

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"testing"
)

// start is when a test's world begins: far from zero, so that a forgotten time shows.
const start = int64(1_700_000_000_000)

// world is a state with one event and a clock of the test's own. What is left at the
// end of a test passes Check, whatever the test was about.
type world struct {
	testing.TB
	s   *State
	now int64
}

func newWorld(tb testing.TB, seats uint32) *world {
	tb.Helper()
	return worldWith(tb, seats, CreateEvent{})
}

// worldWith makes the event with the settings given; id, chart and epoch are filled in.
func worldWith(tb testing.TB, seats uint32, c CreateEvent) *world {
	tb.Helper()
	w := &world{TB: tb, s: New(), now: start}
	w.s.Advance(w.now)
	putChart(tb, w.s, seats)
	c.ID, c.Chart, c.Epoch = "wembley:2024-08-16:19:30", [32]byte{1}, [16]byte{7}
	var out Result
	if w.s.CreateEvent(w.now, &c, &out); out.Err != nil {
		tb.Fatal(out.Err)
	}
	tb.Cleanup(w.check)
	return w
}

func putChart(tb testing.TB, s *State, seats uint32) { putChartOf(tb, s, 1, seats) }

func putChartOf(tb testing.TB, s *State, id byte, seats uint32) {
	tb.Helper()
	blob := []byte("chart")
	err := s.PutChart(&ChartChunk{Sum: [32]byte{id}, Blob: sha256.Sum256(blob), Seats: seats, Size: uint32(len(blob)), Data: blob})
	if err != nil {
		tb.Fatal(err)
	}
}

// newEvent makes a state with events of so many seats, for what needs several.
func newEvent(tb testing.TB, seats uint32, events int) *State {
	tb.Helper()
	s := New()
	putChart(tb, s, seats)
	var out Result
	for i := range events {
		s.CreateEvent(s.Advance(1), &CreateEvent{ID: fmt.Sprintf("venue:2026-01-01:%d", i), Chart: [32]byte{1}, Epoch: [16]byte{1}}, &out)
		if out.Err != nil {
			tb.Fatal(out.Err)
		}
	}
	return s
}

func (w *world) check() {
	w.Helper()
	if err := w.s.Check(); err != nil {
		w.Errorf("Check: %v", err)
	}
}

func (w *world) event() *Event { return w.s.Event(0) }

// later moves the clock.
func (w *world) later(ms int64) {
	w.now = w.s.Advance(w.now + ms)
}

func (w *world) hold(seats ...uint32) Result { return w.holdFor(10_000, seats...) }

func (w *world) holdFor(ttl int64, seats ...uint32) (out Result) {
	w.s.Hold(w.now, &Hold{Seats: seats, TTL: ttl, Holder: []byte("ann")}, &out)
	return out
}

func (w *world) extend(hold uint32, token uint64, ttl int64) (out Result) {
	w.s.Extend(w.now, &Extend{Hold: hold, Token: token, TTL: ttl}, &out)
	return out
}

func (w *world) release(hold uint32, token uint64) (out Result) {
	w.s.Release(w.now, &Release{Hold: hold, Token: token}, &out)
	return out
}

func (w *world) book(hold uint32, token uint64) (out Result) {
	w.s.Book(w.now, &Book{Hold: hold, Token: token, Amount: 12_50, Currency: [3]byte{'E', 'U', 'R'}, Payment: []byte("pay_1")}, &out)
	return out
}

func (w *world) cancel(booking uint32) (out Result) {
	w.s.Cancel(w.now, &Cancel{Booking: booking}, &out)
	return out
}

func (w *world) block(reason string, seats ...uint32) (out Result) {
	w.s.Block(w.now, &Block{Seats: seats, Reason: []byte(reason)}, &out)
	return out
}

func (w *world) unblock(seats ...uint32) (out Result) {
	w.s.Block(w.now, &Block{Seats: seats, Unblock: true}, &out)
	return out
}

func (w *world) expire(limit uint32) (out Result) {
	w.s.Expire(w.now, &Expire{Limit: limit}, &out)
	return out
}

// ok wants an answer without an error, and gives it back.
func (w *world) ok(out Result) Result {
	w.Helper()
	if out.Err != nil {
		w.Fatalf("refused: %v (%+v)", out.Err, out.Conflicts)
	}
	return out
}

func (w *world) refused(want error, out Result) Result {
	w.Helper()
	if !errors.Is(out.Err, want) {
		w.Fatalf("error is %v, want %v", out.Err, want)
	}
	return out
}

// seats wants the statuses of the seats from 0 on, one digit each.
func (w *world) seats(want string) {
	w.Helper()
	var got []byte
	for seat := range uint32(len(want)) {
		got = append(got, '0'+byte(w.event().Status(seat)))
	}
	if string(got) != want {
		w.Fatalf("seats are %s, want %s", got, want)
	}
}

// holdState wants a hold to be where the test says.
func (w *world) holdState(n uint32, want HoldState) HoldInfo {
	w.Helper()
	h, ok := w.event().HoldInfo(n)
	if !ok || h.State != want {
		w.Fatalf("hold %d is %+v (%v), want state %d", n, h, ok, want)
	}
	return h
}

// unchanged wants that do leaves no trace: not in the digest, not in a byte of the
// snapshot, not in the list of events that watchers are told of.
func (w *world) unchanged(do func()) {
	w.Helper()
	w.s.TakeDirty(nil)
	digest, bytesBefore := w.s.Digest(), snapshotOf(w, w.s)
	do()
	if w.s.Digest() != digest {
		w.Error("the digest changed")
	}
	if !bytes.Equal(snapshotOf(w, w.s), bytesBefore) {
		w.Error("the snapshot changed")
	}
	if d := w.s.TakeDirty(nil); len(d) != 0 {
		w.Errorf("events %v are marked as changed", d)
	}
}

func snapshotOf(tb testing.TB, s *State) []byte {
	tb.Helper()
	return frozenBytes(tb, s.Freeze())
}

func frozenBytes(tb testing.TB, z *Frozen) []byte {
	tb.Helper()
	var b bytes.Buffer
	n, err := z.WriteTo(&b)
	if err != nil || n != int64(b.Len()) {
		tb.Fatalf("WriteTo says %d bytes, %v; wrote %d", n, err, b.Len())
	}
	return b.Bytes()
}

func restored(tb testing.TB, b []byte) *State {
	tb.Helper()
	s, err := Restore(bytes.NewReader(b))
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

func key(id, print byte) Key { return Key{Hash: [16]byte{id}, Print: [32]byte{print}} }

func upTo(n uint32) []uint32 {
	seats := make([]uint32, n)
	for i := range seats {
		seats[i] = uint32(i)
	}
	return seats
}

func sameResult(a, b Result) bool {
	same := slices.Equal(a.Conflicts, b.Conflicts)
	a.Conflicts, b.Conflicts = nil, nil
	return same && fmt.Sprint(a) == fmt.Sprint(b)
}
