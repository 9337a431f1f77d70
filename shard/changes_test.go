package shard

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// The ring and the scan of every seat give the same list for every version there ever
// was, also those that have just left the ring, and after a restore, which has none.
func TestChangedSince(t *testing.T) {
	const seats = 600
	w := newWorld(t, seats)
	r := rand.New(rand.NewPCG(1, 2))
	for w.event().Version() < ringSize+500 {
		at := r.Uint32N(seats - 3)
		h := w.hold(at, at+1+r.Uint32N(2))
		if h.Err == nil && r.IntN(3) > 0 {
			w.ok(w.release(h.Number, 0))
		}
		w.later(int64(r.IntN(2_000)))
	}
	e := w.event()
	again := restored(t, snapshotOf(t, w.s)).Event(0)
	for v := uint64(0); v <= e.Version()+1; v++ {
		want := e.scanSince(v, nil)
		if got := e.ChangedSince(v, nil); !slices.Equal(got, want) {
			t.Fatalf("since %d: %v, want %v", v, got, want)
		}
		if got := again.ChangedSince(v, nil); !slices.Equal(got, want) {
			t.Fatalf("since %d, restored: %v, want %v", v, got, want)
		}
	}
}

// After a restore the ring begins anew: what came before it is still found.
func TestChangedSinceAcrossRestore(t *testing.T) {
	w := newWorld(t, 20)
	w.ok(w.hold(3, 9))
	w.s = restored(t, snapshotOf(t, w.s))
	w.ok(w.hold(1))
	for v, want := range [][]Change{{{1, Held}, {3, Held}, {9, Held}}, {{1, Held}, {9, Held}}, {{1, Held}}, nil, nil} {
		if got := w.event().ChangedSince(uint64(v), nil); !slices.Equal(got, want) {
			t.Fatalf("since %d: %v, want %v", v, got, want)
		}
	}
}

func TestChangedSinceAppends(t *testing.T) {
	w := newWorld(t, 20)
	w.ok(w.hold(5, 7))
	w.ok(w.release(1, 0))
	got := w.event().ChangedSince(0, []Change{{99, Booked}})
	if want := []Change{{99, Booked}, {5, Available}, {7, Available}}; !slices.Equal(got, want) {
		t.Fatalf("got %v, want %v", got, want)
	}
}

// The map has exactly ⌈N/4⌉ bytes, across pages and at every remainder.
func TestPacked(t *testing.T) {
	for _, n := range []uint32{0, 1, 3, 4, 5, 255, 256, 257, 513} {
		w := newWorld(t, n)
		for i := range n {
			switch i % 5 {
			case 1:
				w.ok(w.holdFor(MaxTTL, i))
			case 2:
				w.ok(w.book(w.ok(w.hold(i)).Number, 0))
			case 3:
				w.ok(w.block("", i))
			}
		}
		got := w.event().Packed([]byte{0xaa})
		if len(got) != 1+int(n+3)/4 || got[0] != 0xaa {
			t.Fatalf("%d seats in %d bytes", n, len(got)-1)
		}
		for i := range n {
			if st := Status(got[1+i/4] >> (2 * (i % 4)) & 3); st != Status([5]uint8{0, 1, 2, 3, 0}[i%5]) || st != w.event().Status(i) {
				t.Fatalf("seat %d of %d: %d", i, n, st)
			}
		}
	}
}
