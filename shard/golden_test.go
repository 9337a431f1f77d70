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

// TestSnapshotGolden: the bytes of a version never change, and are read as what they
// were. Version 1 is only read.
func TestSnapshotGolden(t *testing.T) {
	w := goldenWorld(t)
	raw := snapshotOf(t, w.s)
	if *update {
		if err := os.WriteFile(filepath.Join("testdata", "snapshot_v2.bin"), raw, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for version, name := range map[int]string{1: "snapshot_v1.bin", 2: "snapshot_v2.bin"} {
		golden, err := os.ReadFile(filepath.Join("testdata", name))
		if err != nil {
			t.Fatal(err)
		}
		if version == snapshotVersion && !bytes.Equal(golden, raw) {
			t.Errorf("the snapshot is written otherwise: %d bytes, were %d", len(raw), len(golden))
		}
		s := restored(t, golden)
		if s.Digest() != w.s.Digest() {
			t.Errorf("what is read from %s is another state", name)
		}
		if err := s.Check(); err != nil {
			t.Error(err)
		}
	}
}
