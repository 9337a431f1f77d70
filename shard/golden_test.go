package shard

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"testing"
)

var update = flag.Bool("update", false, "write the golden files anew")

// goldenWorld has something of everything a snapshot holds.
func goldenWorld(t *testing.T) *world {
	w := worldWith(t, 300, CreateEvent{Secret: [32]byte{9}, TokenBase: 1000, OnsaleAt: start, MaxKeys: 100, Meta: []byte(`{"name":"x"}`)})
	w.ok(w.hold(0, 1, 2, 3, 4, 299))
	w.ok(w.book(w.ok(w.hold(10, 11)).Number, 0))
	w.ok(w.cancel(w.ok(w.book(w.ok(w.hold(12)).Number, 0)).Number))
	w.ok(w.release(w.ok(w.hold(13)).Number, 0))
	w.ok(w.block("camera", 20, 21))
	var out Result
	w.s.Hold(w.now, &Hold{Seats: []uint32{30}, TTL: 5000, Holder: []byte("bob"), Key: key(1, 2)}, &out)
	w.ok(out)
	w.ok(w.holdFor(1000, 40))
	w.later(2000)
	w.ok(w.expire(100))
	return w
}

// richWorld has what version 2 has beside: a plan, rules, areas, a channel, leases, and
// bundles in every state, of this group and of another.
func richWorld(tb testing.TB) *world {
	w := theatre(tb, Rules{PerHolder: 30, Orphans: OrphansAvoid, Gated: true}, 3, "..|..........ac", "::::::::::x::::")
	admitted := func(c Claim) Result {
		c.Admitted = true
		return w.ok(w.claim(c))
	}
	w.ok(w.allot("fans", fans, 0, 1))
	w.ok(w.allot("sponsors", [16]byte{5}, 24))
	lease := items(night(0, 0, AreaCode(1, 2)))
	lease.Lease, lease.Items[0].Channel, lease.Key = true, fans, key(3, 4)
	a := admitted(lease)
	w.ok(w.book(a.Number, a.Token))
	held := admitted(items(night(0, 4, 5), night(1, 4, 5, AreaCode(0, 4)), night(2, 4, 5)))
	booked := admitted(items(night(2, 16, 17), night(0, 16, 17)))
	var out Result
	w.s.Book(w.now, &Book{Event: 2, Hold: booked.Number, Amount: 5, Currency: [3]byte{'E', 'U', 'R'}, Parts: []int64{5, 7}}, &out)
	w.ok(out)
	w.ok(w.extend(held.Number, 0, 20_000))
	lapsing := admitted(items(bestOf(1, 3), night(0, AreaCode(0, 1))))
	w.s.Release(w.now, &Release{Event: 1, Hold: lapsing.Number}, &out)
	w.ok(out)
	w.s.Begin(w.now, &Begin{Event: 1, Groups: []uint16{2, 64}, Wait: 5_000, Key: key(9, 9)}, &out)
	open := items(night(1, 6, 7))
	open.Txn.Bundle = w.ok(out).Number
	admitted(open)
	guest := items(night(2, 18, 19))
	for i, st := range []BundleState{BundleOpen, BundleHeld, BundleEnded} {
		guest.Txn = Txn{Home: 7, Bundle: uint32(i + 1)}
		guest.Items[0].Seats[0], guest.Items[0].Seats[1] = uint32(18+2*i), uint32(19+2*i)
		admitted(guest)
		w.s.Resolve(w.now, &Resolve{Txn: guest.Txn, State: st}, &out)
		w.ok(out)
	}
	return w
}

// eraWorld is a rich world that was restored twice, with holds and bookings of each era.
func eraWorld(tb testing.TB) *world {
	w := richWorld(tb)
	w.restoredAt(1, 3)
	w.ok(w.claim(Claim{Items: []Item{night(0, 8)}, Admitted: true}))
	w.restoredAt(2, 9)
	a := w.ok(w.claim(Claim{Items: []Item{night(0, 9)}, Admitted: true}))
	w.ok(w.book(a.Number, a.Token))
	return w
}

// TestSnapshotGolden: the bytes of a version never change, and are read as what they
// were. Version 1 is only read, version 2 written of what was never restored.
func TestSnapshotGolden(t *testing.T) {
	wantWritten(t, "snapshot_v3.bin", eraWorld(t).s)
	wantWritten(t, "snapshot_v2.bin", richWorld(t).s)
	wantGolden(t, "snapshot_v1.bin", goldenWorld(t).s)
}

func wantWritten(t *testing.T, name string, s *State) {
	t.Helper()
	raw := snapshotOf(t, s)
	if *update {
		if err := os.WriteFile(filepath.Join("testdata", name), raw, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if golden := wantGolden(t, name, s); !bytes.Equal(golden, raw) {
		t.Errorf("%s is written otherwise: %d bytes, were %d", name, len(raw), len(golden))
	}
}

// wantGolden wants a file to be read as this state.
func wantGolden(t *testing.T, name string, want *State) []byte {
	t.Helper()
	golden, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	s := restored(t, golden)
	if s.Digest() != want.Digest() {
		t.Errorf("what is read from %s is another state", name)
	}
	if err := s.Check(); err != nil {
		t.Error(err)
	}
	return golden
}
