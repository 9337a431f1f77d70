package shard

import (
	"bytes"
	"errors"
	"io"
	"sync"
	"testing"
)

// busy is a state with charts, three events and a little of everything in them.
func busy(tb testing.TB, seed uint64, seats uint32, steps int) *traffic {
	tb.Helper()
	s := newEvent(tb, seats, 3)
	if err := s.PutChart(piece(0, 10)); err != nil { // a chart that is still on its way
		tb.Fatal(err)
	}
	t := newTraffic(s, seed)
	t.run(steps)
	if err := s.Check(); err != nil {
		tb.Fatal(err)
	}
	return t
}

// Restoring and freezing gives the same bytes; the restored state is as good as the
// first: the same commands lead both to the same bytes again.
func TestSnapshotIsCanonical(t *testing.T) {
	for seed := range uint64(12) {
		a := busy(t, seed, 700, 2_000)
		first := snapshotOf(t, a.s)
		b := newTraffic(restored(t, first), 0)
		if !bytes.Equal(snapshotOf(t, b.s), first) || a.s.Digest() != b.s.Digest() {
			t.Fatalf("seed %d: the restored state writes other bytes", seed)
		}
		*b.Rand, *a.Rand = *newTraffic(a.s, seed+1000).Rand, *newTraffic(a.s, seed+1000).Rand
		for i := range 2_000 {
			a.step()
			b.step()
			if a.out.More = b.out.More; !sameResult(a.out, b.out) { // More may be early, see the field
				t.Fatalf("seed %d step %d: %+v, restored %+v", seed, i, a.out, b.out)
			}
			if a.s.Digest() != b.s.Digest() {
				t.Fatalf("seed %d step %d: digests differ", seed, i)
			}
		}
		if !bytes.Equal(snapshotOf(t, a.s), snapshotOf(t, b.s)) {
			t.Fatalf("seed %d: bytes differ after the same commands", seed)
		}
	}
}

func TestSnapshotOfNothing(t *testing.T) {
	s := restored(t, snapshotOf(t, New()))
	if s.Events() != 0 || s.Now() != 0 || s.Digest() != New().Digest() {
		t.Fatalf("%+v", s)
	}
}

// What was frozen is written as it was, however much has changed since: compared with
// what was written at that moment, for many moments, after 10,000 commands more.
func TestFrozenStaysAsItWas(t *testing.T) {
	w := busy(t, 5, 700, 500)
	type moment struct {
		z    *Frozen
		want []byte
	}
	var moments []moment
	for i := range 10_500 {
		if i < 500 && i%25 == 0 {
			want := snapshotOf(t, w.s) // a Frozen of its own, read at once
			moments = append(moments, moment{w.s.Freeze(), want})
		}
		w.step()
	}
	for i, m := range moments {
		if !bytes.Equal(frozenBytes(t, m.z), m.want) {
			t.Errorf("moment %d is not what it was", i)
		}
	}
	if err := w.s.Check(); err != nil {
		t.Fatal(err)
	}
}

// The same with writers running beside the commands; the race detector watches.
func TestFrozenIsReadBesideCommands(t *testing.T) {
	w := busy(t, 6, 700, 500)
	var wg sync.WaitGroup
	for range 12 {
		want := snapshotOf(t, w.s)
		z := w.s.Freeze()
		wg.Go(func() {
			var b bytes.Buffer
			if _, err := z.WriteTo(&b); err != nil || !bytes.Equal(b.Bytes(), want) {
				t.Errorf("it is not what it was (%v)", err)
			}
		})
		w.run(1_000)
		w.s.TakeDirty(nil)
	}
	wg.Wait()
}

type failingWriter struct{ left int }

func (f *failingWriter) Write(b []byte) (int, error) {
	if f.left -= len(b); f.left < 0 {
		return 0, io.ErrShortWrite
	}
	return len(b), nil
}

// A disk that fills up anywhere is told of.
func TestSnapshotTellsOfAFailedWrite(t *testing.T) {
	z := busy(t, 7, 20, 100).s.Freeze()
	n := len(frozenBytes(t, z))
	for at := range n {
		if at%13 != 0 && at != n-1 {
			continue
		}
		if _, err := z.WriteTo(&failingWriter{at}); !errors.Is(err, io.ErrShortWrite) {
			t.Fatalf("a disk of %d bytes: %v", at, err)
		}
	}
}
