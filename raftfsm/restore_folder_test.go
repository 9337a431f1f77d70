package raftfsm

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/usherhq/usher/shard"
)

// backupOf makes a backup of a cluster at work.
func backupOf(t *testing.T, c *testCluster) []byte {
	t.Helper()
	cut, err := TakeCut(t.Context(), func() (all []CutGroup, _ error) {
		for group := range c.cfgs[0].Groups + 1 {
			all = append(all, c.leader(group).CutHere())
		}
		return all, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := cut.WriteBackup(&b, Manifest{Usher: "test"}); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// folderCluster is a node over a folder that is there.
func folderCluster(t *testing.T, f NewFolder, groups int) *testCluster {
	t.Helper()
	c := &testCluster{tb: t, addrs: map[string]string{}, nodes: []*Node{nil}}
	c.cfgs = []Config{{Dir: f.Dir, NodeID: f.NodeID, Groups: groups, LogStore: f.LogStore, Voters: []string{f.NodeID}}}
	c.open(0)
	t.Cleanup(func() { c.close(0) })
	c.waitReady()
	return c
}

func newFolder(t *testing.T, store LogStoreKind) NewFolder {
	return NewFolder{Dir: filepath.Join(t.TempDir(), "new"), NodeID: "phoenix", LogStore: store, Seed: [32]byte{1}, At: time.Now()}
}

// TestRestoreFolder: of three voters' backup one node goes on; what was granted stands,
// what was granted after the backup has lower tokens than what comes now; and the folder
// can be stopped, checked and started as any other.
func TestRestoreFolder(t *testing.T) {
	t.Parallel()
	for _, store := range []LogStoreKind{LogStoreWAL, LogStoreBolt} {
		old := newTestCluster(t, 3, 2, LogStoreWAL)
		sellSome(t, old, false)
		raw := backupOf(t, old)
		lost := old.do(1, seatOf(0, 70))
		f := newFolder(t, store)
		rep, err := RestoreFolder(t.Context(), bytes.NewReader(raw), f)
		if err != nil {
			t.Fatal(err)
		}
		if g := rep.Groups[1]; g.Events != 1 || g.Bookings != 1 {
			t.Errorf("%+v", g)
		}
		c := folderCluster(t, f, 2)
		if s := c.nodes[0].Group(1).Status(); s.Applied < rep.Groups[1].Index || s.Leader != "phoenix" {
			t.Errorf("%+v, the backup had entry %d", s, rep.Groups[1].Index)
		}
		if res := c.do(1, Command{Op: OpExtend, Extend: shard.Extend{Hold: 5, Token: 5, TTL: 60_000}}); res.Err != nil || res.Token != 5 {
			t.Errorf("an old hold: %+v", res)
		}
		if res := c.do(1, seatOf(0, 71)); res.Err != nil || res.Token <= 1<<32 || res.Number != lost.Number {
			t.Errorf("a new hold: %+v", res)
		}
		if err := c.nodes[0].Group(1).Snapshot(); err != nil {
			t.Error(err)
		}
		c.close(0)
		if rep := inspect(t, f.Dir); len(rep.Problems) > 0 || rep.Replicas[0].Groups[1].Holds != 19 {
			t.Errorf("%v, %+v", rep.Problems, rep.Replicas[0].Groups[1])
		}
		c.open(0)
		c.waitReady()
		if res := c.do(1, seatOf(0, 71)); !errors.Is(res.Err, shard.ErrSeatsUnavailable) {
			t.Errorf("started again it has forgotten: %+v", res)
		}
	}
}

// TestRestoredTimeGoesOn: holds do not last longer for a backup that was made a while ago.
func TestRestoredTimeGoesOn(t *testing.T) {
	t.Parallel()
	old := newTestCluster(t, 1, 1, LogStoreWAL)
	raw := backupOf(t, old)
	rep, err := VerifyBackup(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	f := newFolder(t, "")
	if _, err := RestoreFolder(t.Context(), bytes.NewReader(raw), f); err != nil {
		t.Fatal(err)
	}
	for after, want := range map[time.Duration]time.Duration{-time.Hour: 0, time.Hour: time.Hour, 90 * time.Hour: 24 * time.Hour} {
		clock := newFakeClock()
		clock.wall = time.UnixMilli(rep.Manifest.Groups[1].Time).Add(after)
		at := loadTime(filepath.Join(f.Dir, "groups", "01", timeFileName), clock, 0)
		if got := time.Duration(at-rep.Manifest.Groups[1].Time) * time.Millisecond; got != want {
			t.Errorf("opened %v after the backup its time is %v on", after, got)
		}
	}
}

// TestRestoreFolderRefuses: nothing is written before everything is known to be right.
func TestRestoreFolderRefuses(t *testing.T) {
	t.Parallel()
	raw, _ := smallBackup(t, 1)
	bad := bytes.Clone(raw)
	bad[len(bad)-1] ^= 1
	f := newFolder(t, "")
	if _, err := RestoreFolder(t.Context(), bytes.NewReader(bad), f); !errors.Is(err, ErrBadBackup) {
		t.Errorf("a damaged backup: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := RestoreFolder(ctx, bytes.NewReader(raw), f); !errors.Is(err, context.Canceled) || errors.Is(err, ErrBadBackup) {
		t.Errorf("cancelled: %v", err)
	}
	late := f
	late.At = time.Now().Add(200 * 365 * 24 * time.Hour)
	if _, err := RestoreFolder(t.Context(), bytes.NewReader(raw), late); !errors.Is(err, shard.ErrNoEras) {
		t.Errorf("in two hundred years: %v", err)
	}
	if _, err := os.Stat(f.Dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("refused, it left a folder: %v", err)
	}
	for name, g := range map[string]NewFolder{
		"no folder": {NodeID: "n"}, "no node": {Dir: f.Dir}, "paper": {Dir: f.Dir, NodeID: "n", LogStore: "paper"},
	} {
		if _, err := RestoreFolder(t.Context(), bytes.NewReader(raw), g); err == nil {
			t.Errorf("%s: restored", name)
		}
	}
	used := newFolder(t, "")
	if err := os.MkdirAll(filepath.Join(used.Dir, "lost+found"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(used.Dir, "notes.txt"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := RestoreFolder(t.Context(), bytes.NewReader(raw), used); !errors.Is(err, ErrFolderInUse) || !strings.Contains(err.Error(), "notes.txt") {
		t.Errorf("into a folder that is in use: %v", err)
	}
	if err := os.Remove(filepath.Join(used.Dir, "notes.txt")); err != nil {
		t.Fatal(err)
	}
	lock, err := LockDir(used.Dir)
	if err != nil {
		t.Fatal(err)
	}
	var in *ErrDirInUse
	if _, err := RestoreFolder(t.Context(), bytes.NewReader(raw), used); !errors.As(err, &in) {
		t.Errorf("into a folder that somebody has locked: %v", err)
	}
	if err := lock.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := RestoreFolder(t.Context(), bytes.NewReader(raw), used); err != nil {
		t.Errorf("into an empty folder: %v", err)
	}
}

// TestUnfinishedRestoreDoesNotOpen: whatever fails in the middle, what is left is no node.
func TestUnfinishedRestoreDoesNotOpen(t *testing.T) {
	t.Parallel()
	raw, _ := smallBackup(t, 1)
	died := errors.New("the machine died")
	f := newFolder(t, "")
	f.Finish = func(int, LogStoreKind) error { return died }
	if _, err := RestoreFolder(t.Context(), bytes.NewReader(raw), f); !errors.Is(err, died) {
		t.Fatal(err)
	}
	_, err := OpenNode(Config{Dir: f.Dir, NodeID: f.NodeID, Groups: 2, Voters: []string{f.NodeID}})
	if !errors.Is(err, ErrDamaged) || !strings.Contains(err.Error(), "never finished") {
		t.Errorf("it opens: %v", err)
	}
	f.Finish = nil
	if _, err := RestoreFolder(t.Context(), bytes.NewReader(raw), f); !errors.Is(err, ErrFolderInUse) {
		t.Errorf("restored over half a folder: %v", err)
	}
}

// TestRecoverFolder: of three nodes one is left. What it had goes on in a new folder, and
// its own is not touched.
func TestRecoverFolder(t *testing.T) {
	t.Parallel()
	for _, store := range []LogStoreKind{LogStoreWAL, LogStoreBolt} {
		old, dirs := closed(t, 3, store, true)
		before := fileTree(t, dirs[1])
		f := newFolder(t, "")
		rep, err := RecoverFolder(t.Context(), dirs[1], f)
		if err != nil {
			t.Fatal(err)
		}
		if after := fileTree(t, dirs[1]); after != before {
			t.Errorf("the old folder was\n%sand is\n%s", before, after)
		}
		if g := rep.Groups[1]; g.Bookings != 1 || g.Cancelled != 1 || g.Holds != 18 || g.Blocked != 1 || g.Index == 0 {
			t.Errorf("%+v", g)
		}
		if text := strings.Join(rep.Warnings, "\n"); !strings.Contains(text, "group 1 had 3 voters") || rep.LogStore != store || len(rep.Voters) != 3 {
			t.Errorf("%+v", rep)
		}
		f.LogStore = store // it is as it was, unless told otherwise
		c := folderCluster(t, f, old.cfgs[0].Groups)
		if res := c.do(1, Command{Op: OpExtend, Extend: shard.Extend{Hold: 5, Token: 5, TTL: 60_000}}); res.Err != nil {
			t.Errorf("an old hold: %+v", res)
		}
		if res := c.do(1, seatOf(0, 71)); res.Err != nil || res.Token <= 1<<32 {
			t.Errorf("a new hold: %+v", res)
		}
	}
}

// fileTree is every file with its content's sum, but for the lock, which names who reads.
func fileTree(t *testing.T, dir string) string {
	t.Helper()
	var out strings.Builder
	err := filepath.Walk(dir, func(path string, info os.FileInfo, err error) error {
		if err != nil || info.IsDir() || info.Name() == lockFileName {
			return err
		}
		raw, err := os.ReadFile(path)
		out.WriteString(path + " " + hexDigest(uint64(len(raw))<<32|uint64(stableSum(nil, raw))) + "\n")
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestRecoverFolderRefuses(t *testing.T) {
	t.Parallel()
	c, dirs := closed(t, 1, LogStoreWAL, false)
	for name, bad := range map[string]string{"no data": t.TempDir(), "nothing": filepath.Join(t.TempDir(), "x")} {
		if _, err := RecoverFolder(t.Context(), bad, newFolder(t, "")); err == nil {
			t.Errorf("%s: recovered", name)
		}
	}
	inside := newFolder(t, "")
	inside.Dir = filepath.Join(dirs[0], "new")
	if _, err := RecoverFolder(t.Context(), dirs[0], inside); err == nil || !strings.Contains(err.Error(), "inside") {
		t.Errorf("into itself: %v", err)
	}
	c.open(0)
	var in *ErrDirInUse
	if _, err := RecoverFolder(t.Context(), dirs[0], newFolder(t, "")); !errors.As(err, &in) {
		t.Errorf("of a node that runs: %v", err)
	}
	c.close(0)
	flipOne(t, filepath.Join(dirs[0], "groups", "01", "wal"))
	f := newFolder(t, "")
	if _, err := RecoverFolder(t.Context(), dirs[0], f); !errors.Is(err, ErrDamaged) || !strings.Contains(err.Error(), "group 1: entry") {
		t.Errorf("of damaged data: %v", err)
	}
	if _, err := os.Stat(f.Dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("refused, it left a folder: %v", err)
	}
}

// flipOne flips a bit of somebody's name in one of the folder's files.
func flipOne(t *testing.T, dir string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*.wal"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		raw, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if i := bytes.Index(raw, []byte("somebody")); i >= 0 {
			raw[i] ^= 1
			if err := os.WriteFile(name, raw, 0o600); err != nil {
				t.Fatal(err)
			}
			return
		}
	}
	t.Fatalf("nobody's name in %q", files)
}

// TestRecoverMakesLostEventsAnew: the directory of the node that is left may have heard of
// an event that its group has not.
func TestRecoverMakesLostEventsAnew(t *testing.T) {
	m := fullDirectory(t, 30)
	r := &offlineReplica{groups: []*offlineGroup{{m: m}}}
	for range 4 {
		r.groups = append(r.groups, &offlineGroup{m: newShardMachine()})
	}
	if lost := r.dropMissing(); len(lost) != 5 || m.dir.Placement("hall:2026-01-01").Active {
		t.Errorf("%q", lost)
	}
	if err := m.check(); err != nil {
		t.Error(err)
	}
}
