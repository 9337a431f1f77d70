package raftfsm

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/raft"
	raftboltdb "github.com/hashicorp/raft-boltdb/v2"
	"go.uber.org/goleak"
)

var storeKinds = []LogStoreKind{LogStoreWAL, LogStoreBolt}

func eachKind(t *testing.T, f func(t *testing.T, kind LogStoreKind)) {
	for _, k := range storeKinds {
		t.Run(string(k), func(t *testing.T) { f(t, k) })
	}
}

func mustOpen(t testing.TB, dir string, kind LogStoreKind) *stores {
	t.Helper()
	s, err := openStores(dir, kind, minSegmentBytes, false)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func mustClose(t testing.TB, c interface{ Close() error }) {
	t.Helper()
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
}

// entries gives n commands from first on, size bytes each.
func entries(first, n uint64, size int) []*raft.Log {
	logs := make([]*raft.Log, n)
	for i := range logs {
		data := bytes.Repeat([]byte{byte(i)}, size)
		logs[i] = &raft.Log{Index: first + uint64(i), Term: 1, Type: raft.LogCommand, Data: data}
	}
	return logs
}

func mustStore(t testing.TB, s raft.LogStore, logs []*raft.Log) {
	t.Helper()
	if err := s.StoreLogs(logs); err != nil {
		t.Fatal(err)
	}
}

func wantRange(t *testing.T, s raft.LogStore, first, last uint64) {
	t.Helper()
	f, err := s.FirstIndex()
	if err != nil {
		t.Fatal(err)
	}
	l, err := s.LastIndex()
	if err != nil {
		t.Fatal(err)
	}
	if f != first || l != last {
		t.Fatalf("log is %d to %d, want %d to %d", f, l, first, last)
	}
	for i := first; i <= last && i > 0; i++ {
		var e raft.Log
		if err := s.GetLog(i, &e); err != nil || e.Index != i {
			t.Fatalf("entry %d: index %d, %v", i, e.Index, err)
		}
	}
}

// TestStoresReopen would hang for ever on raft-wal's own metadata store.
func TestStoresReopen(t *testing.T) {
	eachKind(t, func(t *testing.T, kind LogStoreKind) {
		defer goleak.VerifyNone(t)
		dir := filepath.Join(t.TempDir(), "a", "b")
		for round := range uint64(4) {
			s := mustOpen(t, dir, kind)
			wantRange(t, s.Log, min(round, 1), round*100)
			mustStore(t, s.Log, entries(round*100+1, 100, 1000)) // the segment turns over
			if err := s.Stable.SetUint64([]byte("CurrentTerm"), round); err != nil {
				t.Fatal(err)
			}
			mustClose(t, s)
		}
		s := mustOpen(t, dir, kind)
		defer mustClose(t, s)
		if n, err := s.Stable.GetUint64([]byte("CurrentTerm")); n != 3 || err != nil {
			t.Fatalf("term %d, %v", n, err)
		}
	})
}

func TestStoresPermissions(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new", "group")
	mustClose(t, mustOpen(t, dir, LogStoreWAL))
	for _, d := range []string{filepath.Dir(dir), dir, filepath.Join(dir, walDirName)} {
		if fi, err := os.Stat(d); err != nil || fi.Mode().Perm() != 0o700 {
			t.Errorf("%s: %v, %v", d, fi.Mode(), err)
		}
	}
}

func TestStoresOtherKind(t *testing.T) {
	eachKind(t, func(t *testing.T, kind LogStoreKind) {
		dir := t.TempDir()
		mustClose(t, mustOpen(t, dir, kind))
		other := map[LogStoreKind]LogStoreKind{LogStoreWAL: LogStoreBolt, LogStoreBolt: LogStoreWAL}[kind]
		_, err := openStores(dir, other, 0, false)
		if err == nil || !strings.Contains(err.Error(), fmt.Sprintf("made with log store %q", kind)) {
			t.Fatalf("opening it as %s: %v", other, err)
		}
	})
}

func TestStoresHalfLost(t *testing.T) {
	eachKind(t, func(t *testing.T, kind LogStoreKind) {
		dir := t.TempDir()
		s := mustOpen(t, dir, kind)
		mustStore(t, s.Log, entries(1, 3, 10))
		mustClose(t, s)

		stable := filepath.Join(dir, stableFileName)
		if err := os.Rename(stable, stable+".away"); err != nil {
			t.Fatal(err)
		}
		if _, err := openStores(dir, kind, 0, false); !errors.Is(err, ErrDamaged) {
			t.Fatalf("without its stable store: %v", err)
		}
		if err := os.Rename(stable+".away", stable); err != nil {
			t.Fatal(err)
		}
		os.RemoveAll(filepath.Join(dir, walDirName))
		os.RemoveAll(filepath.Join(dir, boltLogName))
		if _, err := openStores(dir, kind, 0, false); !errors.Is(err, ErrDamaged) {
			t.Fatalf("without its log: %v", err)
		}
	})
}

// A crash between making the log and the stable store leaves a folder that opens.
func TestStoresCrashWhileMaking(t *testing.T) {
	eachKind(t, func(t *testing.T, kind LogStoreKind) {
		dir := t.TempDir()
		mustClose(t, mustOpen(t, dir, kind))
		if err := os.Remove(filepath.Join(dir, stableFileName)); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, stableFileName+".new"), []byte("torn"), 0o600); err != nil {
			t.Fatal(err)
		}
		mustClose(t, mustOpen(t, dir, kind))
	})
}

func TestStoresInUse(t *testing.T) {
	eachKind(t, func(t *testing.T, kind LogStoreKind) {
		dir := t.TempDir()
		s := mustOpen(t, dir, kind)
		defer mustClose(t, s)
		begin := time.Now()
		_, err := openStores(dir, kind, 0, false)
		if err == nil || !strings.Contains(err.Error(), "in use") {
			t.Fatalf("second opener: %v", err)
		}
		if took := time.Since(begin); took > 5*time.Second {
			t.Fatalf("it took %v", took)
		}
	})
}

func TestStableMiss(t *testing.T) {
	db, err := raftboltdb.NewBoltStore(filepath.Join(t.TempDir(), "s.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer mustClose(t, db)
	for _, s := range []raft.StableStore{db, sealedStable{db}, newFencedStable(sealedStable{db}, nil)} {
		if _, err := s.Get([]byte("none")); err == nil || err.Error() != "not found" {
			t.Errorf("%T.Get of a missing key: %v", s, err)
		}
		if _, err := s.GetUint64([]byte("none")); err == nil || err.Error() != "not found" {
			t.Errorf("%T.GetUint64 of a missing key: %v", s, err)
		}
	}
}

func TestStableFlippedBit(t *testing.T) {
	inner := raft.NewInmemStore()
	s := sealedStable{inner}
	key := []byte("LastVoteCand")
	if err := s.Set(key, []byte("n1")); err != nil {
		t.Fatal(err)
	}
	good, err := inner.Get(key)
	if err != nil {
		t.Fatal(err)
	}
	for bit := range len(good) * 8 {
		bad := bytes.Clone(good)
		bad[bit/8] ^= 1 << (bit % 8)
		if err := inner.Set(key, bad); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Get(key); !errors.Is(err, ErrDamaged) {
			t.Fatalf("bit %d flipped: %v", bit, err)
		}
	}
	if err := inner.Set([]byte("other"), good); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Get([]byte("other")); !errors.Is(err, ErrDamaged) {
		t.Fatalf("another key's value: %v", err)
	}
}

type failingStable struct {
	raft.StableStore
	err error
}

func (f *failingStable) Set([]byte, []byte) error       { return f.err }
func (f *failingStable) SetUint64([]byte, uint64) error { return f.err }

func TestFencedStable(t *testing.T) {
	var fences []error
	inner := &failingStable{StableStore: raft.NewInmemStore(), err: errors.New("no space left on device")}
	s := newFencedStable(inner, func(err error) { fences = append(fences, err) })
	for range 3 {
		if err := s.SetUint64([]byte("CurrentTerm"), 7); err != nil {
			t.Fatalf("Raft panics on this: %v", err)
		}
	}
	if len(fences) != 1 || !errors.Is(fences[0], inner.err) {
		t.Fatalf("fences: %v", fences)
	}
}

// Truncating the tail, as a follower does whose entries were never committed, must survive a
// restart: raft-wal v0.4.0 seals the segment without the index that reading it then needs (fixed
// in v0.4.1 by ForceSeal).
func TestStoresTruncateTailReopen(t *testing.T) {
	eachKind(t, func(t *testing.T, kind LogStoreKind) {
		dir := t.TempDir()
		s := mustOpen(t, dir, kind)
		mustStore(t, s.Log, entries(1, 10, 100))
		if err := s.Log.DeleteRange(6, 10); err != nil {
			t.Fatal(err)
		}
		mustStore(t, s.Log, entries(6, 2, 100))
		mustClose(t, s)
		s = mustOpen(t, dir, kind)
		defer mustClose(t, s)
		wantRange(t, s.Log, 1, 7)
	})
}

func TestWALCrashInRotation(t *testing.T) {
	dir := t.TempDir()
	s := mustOpen(t, dir, LogStoreWAL)
	mustStore(t, s.Log, entries(1, 1, 10))
	mustClose(t, s)

	meta := filepath.Join(dir, walDirName, walMetaName)
	before, err := os.ReadFile(meta)
	if err != nil {
		t.Fatal(err)
	}
	s = mustOpen(t, dir, LogStoreWAL)
	mustStore(t, s.Log, entries(2, 1, minSegmentBytes)) // seals the segment
	mustClose(t, s)
	next := filepath.Join(dir, walDirName, fmt.Sprintf("%020d-%016x.wal", 3, 1))
	if err := os.Remove(next); err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	if err := os.WriteFile(meta, before, 0o600); err != nil { // the rotation never reached the metadata
		t.Fatal(err)
	}
	for n := range uint64(3) {
		s = mustOpen(t, dir, LogStoreWAL)
		wantRange(t, s.Log, 1, 2+n)
		mustStore(t, s.Log, entries(3+n, 1, 10))
		mustClose(t, s)
	}
}

func TestWALLargeEntries(t *testing.T) {
	dir := t.TempDir()
	s := mustOpen(t, dir, LogStoreWAL) // segments of 64 KiB
	for i := range uint64(20) {
		mustStore(t, s.Log, entries(1+i*3, 3, 300<<10))
	}
	mustClose(t, s)
	s = mustOpen(t, dir, LogStoreWAL)
	defer mustClose(t, s)
	wantRange(t, s.Log, 1, 60)
}

// After a snapshot was installed Raft clears a monotonic log and goes on far ahead.
func TestWALClearAndJump(t *testing.T) {
	dir := t.TempDir()
	s := mustOpen(t, dir, LogStoreWAL)
	mustStore(t, s.Log, entries(1, 100, 2000))
	if err := s.Log.DeleteRange(1, 100); err != nil {
		t.Fatal(err)
	}
	mustStore(t, s.Log, entries(5000, 3, 10))
	mustClose(t, s)
	s = mustOpen(t, dir, LogStoreWAL)
	defer mustClose(t, s)
	wantRange(t, s.Log, 5000, 5002)
}

func TestStoresReadOnly(t *testing.T) {
	eachKind(t, func(t *testing.T, kind LogStoreKind) {
		dir := t.TempDir()
		if _, err := openStores(dir, kind, 0, true); err == nil {
			t.Fatal("an empty folder opened for reading")
		}
		s := mustOpen(t, dir, kind)
		mustStore(t, s.Log, entries(1, 200, 1000))
		if err := s.Stable.SetUint64([]byte("CurrentTerm"), 4); err != nil {
			t.Fatal(err)
		}
		mustClose(t, s)
		before := fingerprint(t, dir)
		ro, err := openStores(dir, kind, 0, true)
		if err != nil {
			t.Fatal(err)
		}
		wantRange(t, ro.Log, 1, 200)
		if n, err := ro.Stable.GetUint64([]byte("CurrentTerm")); n != 4 || err != nil {
			t.Errorf("term %d, %v", n, err)
		}
		if err := ro.Log.StoreLogs(entries(201, 1, 10)); err == nil {
			t.Error("it took an entry")
		}
		mustClose(t, ro)
		if after := fingerprint(t, dir); after != before {
			t.Errorf("reading changed the folder:\n%s\n%s", before, after)
		}
	})
}

func fingerprint(t *testing.T, dir string) string {
	t.Helper()
	var b strings.Builder
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		raw, err := os.ReadFile(path)
		fmt.Fprintf(&b, "%s %d %08x\n", path, len(raw), stableSum(nil, raw))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestOpenStoresArguments(t *testing.T) {
	if _, err := openStores(t.TempDir(), "paper", 0, false); err == nil {
		t.Error("unknown kind")
	}
	if _, err := openStores(t.TempDir(), LogStoreWAL, 100, false); err == nil {
		t.Error("tiny segment")
	}
}

// BenchmarkStoreLogs appends one entry of 24 bytes, and batches of 16 of 4 KiB, each durable.
func BenchmarkStoreLogs(b *testing.B) {
	for _, kind := range storeKinds {
		for _, c := range []struct{ n, size int }{{1, 24}, {16, 4 << 10}} {
			b.Run(fmt.Sprintf("%s/%dx%d", kind, c.n, c.size), func(b *testing.B) {
				s, err := openStores(b.TempDir(), kind, 0, false)
				if err != nil {
					b.Fatal(err)
				}
				defer mustClose(b, s)
				log := newVerifiedLog(s.Log, nil, nil)
				next := uint64(1)
				b.SetBytes(int64(c.n * c.size))
				for b.Loop() {
					mustStore(b, log, entries(next, uint64(c.n), c.size))
					next += uint64(c.n)
				}
			})
		}
	}
}
