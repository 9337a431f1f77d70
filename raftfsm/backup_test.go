package raftfsm

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/usherhq/usher/shard"
)

// smallBackup is a directory with some events and two groups, one of them with holds.
func smallBackup(tb testing.TB, large int) ([]byte, Manifest) {
	tb.Helper()
	states := []machine{newMachine(0, 2), newMachine(1, 2), newMachine(2, 2)}
	dir := states[0].(*directoryMachine)
	s := states[1].(*shardMachine).state
	data := make([]byte, large)
	rng := rand.New(rand.NewPCG(1, 1)) // what does not compress
	for i := range data {
		data[i] = byte(rng.Uint32())
	}
	var out Result
	for off := 0; off < len(data); off += chunkBytes {
		c := shard.ChartChunk{Sum: [32]byte{1}, Blob: sha256.Sum256(data), Seats: 9, Size: uint32(len(data)), Offset: uint32(off), Data: data[off:min(off+chunkBytes, len(data))]}
		if dir.apply(dir.advance(5000), &Command{Op: OpChartChunk, Chunk: c}, &out); out.Err != nil {
			tb.Fatal(out.Err)
		}
		if err := s.PutChart(&c); err != nil {
			tb.Fatal(err)
		}
	}
	create := shard.CreateEvent{ID: "hall:2027-01-01", Chart: [32]byte{1}, Epoch: [16]byte{1}, Secret: [32]byte{2}}
	dir.apply(dir.advance(6000), &Command{Op: OpPlaceEvent, Place: PlaceEvent{ChartID: "hall", Create: create}}, &out)
	dir.apply(6000, &Command{Op: OpActivateEvent, Activate: ActivateEvent{create.ID}}, &out)
	s.CreateEvent(s.Advance(7000), &create, &out.Result)
	for seat := range uint32(4) {
		if s.Hold(7000, &shard.Hold{Seats: []uint32{seat}, TTL: 60_000, Holder: []byte("ada")}, &out.Result); out.Err != nil {
			tb.Fatal(out.Err)
		}
	}
	s.Book(7000, &shard.Book{Hold: 1}, &out.Result)
	m := Manifest{ClusterID: "c1", MadeAt: time.Unix(1_800_000_000, 0).UTC(), Usher: "test"}
	var groups []io.WriterTo
	for i, x := range states {
		gm := GroupManifest{Group: i, Index: uint64(10 + i), Term: 3, Time: x.now(), Digest: hexDigest(x.digest())}
		m.Groups = append(m.Groups, gm)
		groups = append(groups, &Frozen{gm, x.freeze()})
	}
	var b bytes.Buffer
	if err := WriteBackup(&b, m, groups); err != nil {
		tb.Fatal(err)
	}
	return b.Bytes(), m
}

func TestBackupIsReadAsItWasWritten(t *testing.T) {
	for _, large := range []int{1, 900_000} { // one chunk a group, and many
		raw, m := smallBackup(t, large)
		for name, r := range map[string]io.Reader{"whole": bytes.NewReader(raw), "halves": iotest.HalfReader(bytes.NewReader(raw))} {
			rep, err := VerifyBackup(r)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if got := rep.Manifest; got.ClusterID != "c1" || !got.MadeAt.Equal(m.MadeAt) || len(got.Groups) != 3 || got.Groups[1] != m.Groups[1] {
				t.Errorf("%s: %+v", name, got)
			}
			if g := rep.Groups[1]; g.Index != 11 || g.Events != 1 || g.Holds != 3 || g.Bookings != 1 {
				t.Errorf("%s: %+v", name, g)
			}
		}
	}
}

func wantBadBackup(t *testing.T, raw []byte, what string, at int) error {
	t.Helper()
	rep, err := VerifyBackup(bytes.NewReader(raw))
	if !errors.Is(err, ErrBadBackup) || rep != nil || !strings.Contains(err.Error(), "at byte ") {
		t.Fatalf("%s %d: accepted, or another error: %v", what, at, err)
	}
	return err
}

// TestBackupDamage: every flipped bit, every cut and every byte too many is refused, with
// its place.
func TestBackupDamage(t *testing.T) {
	t.Parallel()
	raw, _ := smallBackup(t, 1)
	for at := range raw {
		raw[at] ^= 1 << (at % 8)
		wantBadBackup(t, raw, "a flip in byte", at)
		raw[at] ^= 1 << (at % 8)
		wantBadBackup(t, raw[:at], "a cut at byte", at)
	}
	wantBadBackup(t, append(bytes.Clone(raw), 0), "a byte after", len(raw))
	wantBadBackup(t, append(bytes.Clone(raw), raw...), "another backup after", len(raw))
	if _, err := VerifyBackup(iotest.TimeoutReader(bytes.NewReader(raw))); errors.Is(err, ErrBadBackup) || !errors.Is(err, iotest.ErrTimeout) {
		t.Errorf("a disk that fails: %v", err)
	}
}

// TestBackupDamageIsPlaced: the error says where, and in which group.
func TestBackupDamageIsPlaced(t *testing.T) {
	raw, _ := smallBackup(t, 900_000)
	starts := groupStarts(t, raw)
	for group, at := range starts {
		bad := bytes.Clone(raw)
		bad[at+20] ^= 4
		if err := wantBadBackup(t, bad, "a flip in group", group); !strings.Contains(err.Error(), ", group "+string(rune('0'+group))+": ") {
			t.Errorf("damage in group %d: %v", group, err)
		}
	}
	if err := wantBadBackup(t, raw[:200_000], "a cut at", 200_000); !strings.Contains(err.Error(), "at byte 200,000, group 0: it ends here") {
		t.Error(err)
	}
	if err := wantBadBackup(t, []byte("PK\x03\x04 something else altogether"), "a zip", 0); !strings.Contains(err.Error(), "at byte 0: this is no backup") {
		t.Error(err)
	}
}

// chunksOf walks a backup's frames: where each chunk's length stands, by group.
func chunksOf(raw []byte) (all [][]int, end int) {
	at := len(backupMagic) + 2
	at += 4 + int(binary.LittleEndian.Uint32(raw[at:])) + 4
	all = append(all, nil)
	for at+8 <= len(raw) && string(raw[at:at+8]) != backupEnd {
		all[len(all)-1] = append(all[len(all)-1], at)
		n := int(binary.LittleEndian.Uint32(raw[at:]))
		if n == 0 {
			all = append(all, nil)
			n = 10
		}
		at += 4 + n + 4
	}
	return all[:len(all)-1], at
}

func groupStarts(t *testing.T, raw []byte) (starts []int) {
	t.Helper()
	all, end := chunksOf(raw)
	if len(all) != 3 || end+8+32 != len(raw) {
		t.Fatalf("%d groups, the end at %d of %d", len(all), end, len(raw))
	}
	for _, c := range all {
		starts = append(starts, c[0])
	}
	return starts
}

// resealed makes all sums of a backup fit what is in it, as far as it can be walked.
func resealed(raw []byte) []byte {
	defer func() { _ = recover() }() // what cannot be walked stays as it is
	raw = bytes.Clone(raw)
	crc := uint32(0)
	at := 0
	seal := func(n int) {
		crc = crc32.Update(crc, castagnoli, raw[at:at+n])
		binary.LittleEndian.PutUint32(raw[at+n:], crc)
		at += n + 4
	}
	seal(14 + int(binary.LittleEndian.Uint32(raw[10:])))
	for string(raw[at:at+8]) != backupEnd {
		n := int(binary.LittleEndian.Uint32(raw[at:]))
		if n == 0 {
			n = 10
		}
		seal(4 + n)
	}
	sum := sha256.Sum256(raw[:at+8])
	copy(raw[at+8:], sum[:])
	return raw
}

// TestForgedBackups: what no checksum tells of is found by what the parts say of each
// other.
func TestForgedBackups(t *testing.T) {
	raw, m := smallBackup(t, 1)
	if !bytes.Equal(resealed(raw), raw) {
		t.Fatal("resealed, a backup is another one")
	}
	swap := func(is, becomes string) []byte {
		if strings.Count(string(raw), is) != 1 || len(is) != len(becomes) {
			t.Fatalf("%q is there %d times", is, strings.Count(string(raw), is))
		}
		return resealed([]byte(strings.Replace(string(raw), is, becomes, 1)))
	}
	all, _ := chunksOf(raw)
	other := bytes.Clone(raw)
	binary.LittleEndian.PutUint16(other[all[1][1]+4:], 2)
	long := bytes.Clone(raw)
	binary.LittleEndian.PutUint32(long[all[1][0]:], maxBackupChunk+1)
	for name, bad := range map[string][]byte{
		"another digest": swap(m.Groups[1].Digest, hexDigest(7)),
		"another time":   swap(`"log_time_ms":7000`, `"log_time_ms":7001`),
		"another group":  swap(`{"group":2,`, `{"group":3,`),
		"no entry":       swap(`"index":11`, `"index": 0`),
		"no JSON":        swap(`{"cluster_id"`, `["cluster_id"`),
		"a later format": swap(backupMagic+"\x01", backupMagic+"\x02"),
		"another's end":  resealed(other),
		"a long chunk":   long,
	} {
		err := wantBadBackup(t, bad, name, 0)
		t.Logf("%s: %v", name, err)
	}
}

func TestWriteBackupTellsOfAFailedWrite(t *testing.T) {
	raw, m := smallBackup(t, 200_000)
	for _, at := range []int{0, 10, 200, len(raw) - 1, 2*len(raw) - 1} {
		groups := []io.WriterTo{bytes.NewReader(raw), bytes.NewReader(nil), bytes.NewReader(raw)}
		if err := WriteBackup(&shortWriter{at}, m, groups); !errors.Is(err, io.ErrShortWrite) {
			t.Errorf("a disk of %d bytes: %v", at, err)
		}
	}
	if err := WriteBackup(io.Discard, m, nil); err == nil {
		t.Error("a manifest of other groups was written")
	}
}

type shortWriter struct{ left int }

func (w *shortWriter) Write(b []byte) (int, error) {
	if w.left -= len(b); w.left < 0 {
		return 0, io.ErrShortWrite
	}
	return len(b), nil
}

// FuzzReadBackup: no bytes make a panic, and none that are not a backup pass for one. The
// fuzzer's edits are given sums that fit, or it would never get past them.
func FuzzReadBackup(f *testing.F) {
	raw, _ := smallBackup(f, 1)
	f.Add(raw)
	f.Add(raw[:len(raw)/2])
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, b := range [][]byte{data, resealed(data)} {
			_, err := readBackup(bytes.NewReader(b), func(_ GroupManifest, m machine) error { return m.check() })
			if err != nil && !errors.Is(err, ErrBadBackup) {
				t.Fatal(err)
			}
		}
	})
}
