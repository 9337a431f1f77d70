package raftfsm

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/usherhq/usher/shard"
)

// sellSome makes an event of 100 seats in group 1 with a booking, a cancelled one, and
// holds; a snapshot comes in the middle if asked for.
func sellSome(t *testing.T, c *testCluster, snapshot bool) {
	t.Helper()
	ev := c.event(1, "hall:2026-01-01", 100)
	for i := range uint32(20) {
		c.do(1, Command{Op: OpHold, Hold: shard.Hold{Event: ev, Seats: []uint32{2 * i, 2*i + 1}, TTL: 3_600_000, Holder: []byte("somebody")}})
	}
	c.do(1, Command{Op: OpBook, Book: shard.Book{Event: ev, Hold: 1}})
	c.do(1, Command{Op: OpBook, Book: shard.Book{Event: ev, Hold: 2}})
	if snapshot {
		for _, n := range c.nodes {
			if err := n.Group(1).Snapshot(); err != nil {
				t.Fatal(err)
			}
		}
	}
	c.do(1, Command{Op: OpCancel, Cancel: shard.Cancel{Event: ev, Booking: 1}})
	c.do(1, Command{Op: OpBlock, Block: shard.Block{Event: ev, Seats: []uint32{99}}})
}

// closed sells some, closes the nodes and gives their folders.
func closed(t *testing.T, nodes int, store LogStoreKind, snapshot bool) (c *testCluster, dirs []string) {
	t.Helper()
	c = newTestCluster(t, nodes, 2, store)
	sellSome(t, c, snapshot)
	if nodes > 1 {
		c.sameEverywhere(1)
	}
	for i := range c.nodes {
		dirs = append(dirs, c.cfgs[i].Dir)
		c.close(i)
	}
	return c, dirs
}

func inspect(t *testing.T, dirs ...string) *Report {
	t.Helper()
	rep, err := Inspect(context.Background(), dirs...)
	if err != nil {
		t.Fatal(err)
	}
	return rep
}

// wantProblem wants one that contains all the parts.
func wantProblem(t *testing.T, rep *Report, parts ...string) {
	t.Helper()
	for _, p := range rep.Problems {
		found := true
		for _, part := range parts {
			found = found && strings.Contains(p, part)
		}
		if found {
			return
		}
	}
	t.Errorf("no problem tells of %q: %q", parts, rep.Problems)
}

func TestInspectSound(t *testing.T) {
	for _, store := range []LogStoreKind{LogStoreWAL, LogStoreBolt} {
		for _, snapshot := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s snapshot %v", store, snapshot), func(t *testing.T) {
				c := newTestCluster(t, 1, 2, store)
				sellSome(t, c, snapshot)
				index, digest := c.nodes[0].Group(1).Digest()
				c.close(0)
				dir := c.cfgs[0].Dir
				before := fingerprint(t, filepath.Join(dir, "groups"))
				rep := inspect(t, dir)
				if len(rep.Problems) > 0 {
					t.Fatalf("problems: %q", rep.Problems)
				}
				g := rep.Replicas[0].Groups[1]
				if g.Applied != index || g.Digest != hexDigest(digest) {
					t.Errorf("replayed to entry %d with digest %s, the node was at %d with %x", g.Applied, g.Digest, index, digest)
				}
				want := Totals{Charts: 1, Events: 1, Seats: 100, Available: 61, Held: 36, Booked: 2, Blocked: 1, Holds: 18, Bookings: 1, Cancelled: 1}
				if g.Totals != want {
					t.Errorf("counted %+v, want %+v", g.Totals, want)
				}
				if (g.Snapshot != nil) != snapshot || g.LogStore != store || g.Term == 0 || len(g.Voters) != 1 {
					t.Errorf("report: %+v", g)
				}
				if after := fingerprint(t, filepath.Join(dir, "groups")); after != before {
					t.Error("looking changed the folder")
				}
			})
		}
	}
}

func TestInspectComparesReplicas(t *testing.T) {
	_, dirs := closed(t, 3, LogStoreWAL, true)
	rep := inspect(t, dirs...)
	if len(rep.Problems) > 0 {
		t.Fatalf("problems: %q", rep.Problems)
	}
	if len(rep.Compared) != 3 {
		t.Fatalf("compared %+v, want all 3 groups", rep.Compared)
	}
	for _, c := range rep.Compared {
		if c.Index == 0 || len(c.Digests) != 3 || c.Digests[0] != c.Digests[1] || c.Digests[1] != c.Digests[2] {
			t.Errorf("compared %+v", c)
		}
	}
}

// Two nodes that never met have no log in common, and it must not pass for one.
func TestInspectDivergence(t *testing.T) {
	_, a := closed(t, 1, LogStoreWAL, false)
	_, b := closed(t, 1, LogStoreWAL, false)
	wantProblem(t, inspect(t, a[0], b[0]), "group 1", "different entries")
}

// TestInspectFlippedByte flips bytes all over the log's segments: whatever a replica
// would be misled by has to be told, with its group.
func TestInspectFlippedByte(t *testing.T) {
	_, dirs := closed(t, 1, LogStoreWAL, false)
	segments, err := filepath.Glob(filepath.Join(dirs[0], "groups", "01", "wal", "*.wal"))
	if err != nil || len(segments) != 1 {
		t.Fatalf("segments %q, %v", segments, err)
	}
	sound, err := os.ReadFile(segments[0])
	if err != nil {
		t.Fatal(err)
	}
	end := len(bytes.TrimRight(sound, "\x00"))
	clean := inspect(t, dirs[0]).Replicas[0].Groups[1]
	for at := 40; at < end; at += 23 {
		bad := bytes.Clone(sound)
		bad[at] ^= 0x10
		if err := os.WriteFile(segments[0], bad, 0o600); err != nil {
			t.Fatal(err)
		}
		rep := inspect(t, dirs[0])
		if len(rep.Problems) > 0 {
			wantProblem(t, rep, "group 1: ")
		} else if g := rep.Replicas[0].Groups[1]; g.Digest != clean.Digest || g.Applied != clean.Applied {
			t.Fatalf("byte %d of %d flipped: entry %d, digest %s, and no problem told; it was %d, %s",
				at, end, g.Applied, g.Digest, clean.Applied, clean.Digest)
		}
	}
	at := bytes.Index(sound, []byte("somebody"))
	bad := bytes.Clone(sound)
	bad[at] ^= 1
	if err := os.WriteFile(segments[0], bad, 0o600); err != nil {
		t.Fatal(err)
	}
	wantProblem(t, inspect(t, dirs[0]), "group 1: entry ", "seal")
}

func TestInspectDamagedSnapshot(t *testing.T) {
	for name, harm := range map[string]func([]byte) []byte{
		"truncated": func(b []byte) []byte { return b[:len(b)/2] },
		"flipped":   func(b []byte) []byte { b[len(b)/2] ^= 4; return b },
		"empty":     func([]byte) []byte { return nil },
	} {
		t.Run(name, func(t *testing.T) {
			_, dirs := closed(t, 1, LogStoreWAL, true)
			files, err := filepath.Glob(filepath.Join(dirs[0], "groups", "01", "snapshots", "*", "state.bin"))
			if err != nil || len(files) != 1 {
				t.Fatalf("snapshots %q, %v", files, err)
			}
			raw, err := os.ReadFile(files[0])
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(files[0], harm(raw), 0o600); err != nil {
				t.Fatal(err)
			}
			rep := inspect(t, dirs[0])
			wantProblem(t, rep, "group 1: snapshot ", "state.bin")
			// The log still has everything: the state is told all the same.
			if g := rep.Replicas[0].Groups[1]; g.Booked != 2 || g.Snapshot != nil {
				t.Errorf("replayed without the snapshot: %+v", g)
			}
		})
	}
}

// A log that ends before what had been applied has lost acknowledged entries.
func TestInspectShortLog(t *testing.T) {
	_, dirs := closed(t, 1, LogStoreBolt, false)
	path := filepath.Join(dirs[0], "groups", "01", timeFileName)
	tf, err := readTimeFile(path)
	if err != nil {
		t.Fatal(err)
	}
	tf.Index = 10_000
	writeTestTime(t, path, tf)
	wantProblem(t, inspect(t, dirs[0]), "group 1: ", "entry 10000 had been applied")
}

func writeTestTime(t *testing.T, path string, tf timeFile) {
	t.Helper()
	tf.Sum = tf.sum()
	raw := fmt.Sprintf(`{"logical":%d,"index":%d,"boot_id":%q,"boottime":%d,"wall":%d,"crc32c":%d}`,
		tf.Logical, tf.Index, tf.BootID, tf.BootTime, tf.Wall, tf.Sum)
	if err := os.WriteFile(path, []byte(raw), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestInspectRefuses(t *testing.T) {
	ctx := context.Background()
	missing := filepath.Join(t.TempDir(), "nothing")
	if _, err := Inspect(ctx, missing); err == nil || !strings.Contains(err.Error(), "no data folder") {
		t.Errorf("a missing folder: %v", err)
	}
	if _, err := os.Stat(missing); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("it was made: %v", err)
	}
	c := newTestCluster(t, 1, 1, LogStoreWAL)
	var inUse *ErrDirInUse
	if _, err := Inspect(ctx, c.cfgs[0].Dir); !errors.As(err, &inUse) || inUse.PID != os.Getpid() {
		t.Errorf("a folder in use: %v", err)
	}
	c.close(0)
	ended, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := Inspect(ended, c.cfgs[0].Dir); !errors.Is(err, context.Canceled) {
		t.Errorf("after its context ended: %v", err)
	}
	if err := os.RemoveAll(filepath.Join(c.cfgs[0].Dir, "groups", "00")); err != nil {
		t.Fatal(err)
	}
	wantProblem(t, inspect(t, c.cfgs[0].Dir), "group 0 is missing")
}
