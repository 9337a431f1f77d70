package shard

import (
	"bytes"
	"errors"
	"testing"
	"testing/iotest"
)

// small is a snapshot with a frame of every kind, and not a byte more than needed.
func small(tb testing.TB) []byte {
	w := newWorld(tb, 5)
	w.ok(w.block("camera", 4))
	w.ok(w.book(w.ok(w.hold(0, 1)).Number, 0))
	w.ok(w.hold(2))
	var out Result
	w.s.Hold(w.now, &Hold{Seats: []uint32{3}, TTL: MinTTL, Holder: []byte("bob"), Key: key(1, 1)}, &out)
	w.ok(out)
	return snapshotOf(tb, w.s)
}

func wantDamaged(t *testing.T, b []byte, what string, at int) {
	t.Helper()
	if s, err := Restore(bytes.NewReader(b)); !errors.Is(err, ErrBadSnapshot) || s != nil {
		t.Fatalf("%s %d: accepted, or another error: %v", what, at, err)
	}
}

func TestEveryFlippedBitIsFound(t *testing.T) {
	b := small(t)
	for at := range b {
		for bit := range 8 {
			b[at] ^= 1 << bit
			wantDamaged(t, b, "flipped bit of byte", at)
			b[at] ^= 1 << bit
		}
		b[at] = ^b[at]
		wantDamaged(t, b, "inverted byte", at)
		b[at] = ^b[at]
	}
	restored(t, b)
}

func TestEveryTruncationIsFound(t *testing.T) {
	b := small(t)
	for n := range b {
		wantDamaged(t, b[:n], "cut after byte", n)
	}
}

func TestFramesLostOrDoubled(t *testing.T) {
	fs := splitFrames(t, small(t))
	for i := range fs {
		wantDamaged(t, joinFrames(append(fs[:i:i], fs[i+1:]...)), "lost frame", i)
		if i < len(fs)-1 { // behind the trailer the stream is not ours
			wantDamaged(t, joinFrames(append(fs[:i+1:i+1], fs[i:]...)), "doubled frame", i)
			swapped := append([]snapFrame(nil), fs...)
			swapped[i], swapped[i+1] = swapped[i+1], swapped[i]
			wantDamaged(t, joinFrames(swapped), "swapped frame", i)
		}
	}
}

// A reader that gives a byte at a time changes nothing, one that fails is told of.
func TestRestoreFromSlowAndFailingReaders(t *testing.T) {
	b := small(t)
	s, err := Restore(iotest.OneByteReader(bytes.NewReader(b)))
	if err != nil || !bytes.Equal(snapshotOf(t, s), b) {
		t.Fatalf("byte by byte: %v", err)
	}
	if _, err = Restore(iotest.TimeoutReader(bytes.NewReader(b))); !errors.Is(err, ErrBadSnapshot) {
		t.Fatalf("a reader that fails: %v", err)
	}
}

// Restore takes what is its own and leaves the rest of the stream to the caller.
func TestRestoreStopsAtItsEnd(t *testing.T) {
	r := bytes.NewReader(append(small(t), "the waiting rooms"...))
	if _, err := Restore(r); err != nil || r.Len() != len("the waiting rooms") {
		t.Fatalf("%v, %d bytes left", err, r.Len())
	}
}

// A header that promises much must not cost memory before the bytes are there.
func TestLyingLengthCostsNoMemory(t *testing.T) {
	b := []byte{byte(frameHeader), 0, 0, 0, 4} // 64 MiB, and then nothing
	if n := testing.AllocsPerRun(3, func() { wantDamaged(t, b, "lie", 0) }); n > 50 {
		t.Fatalf("%v allocations", n)
	}
}
