package raftfsm

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/hashicorp/raft"
)

// NewFolder says what data folder is to be made of a backup, or of what one node has left.
type NewFolder struct {
	// Dir does not exist, or is empty.
	Dir string
	// NodeID is the one voter of all groups in it.
	NodeID string
	// LogStore is where its logs will be kept; empty means LogStoreWAL.
	LogStore LogStoreKind
	// Seed is drawn anew for each restore: epochs and ids of what is to come depend on it.
	Seed [32]byte
	// At is the moment of the restore; fencing tokens to come lie above those that a
	// restore of the same backup gave at least 20 minutes before.
	At time.Time
	// Finish is called when the groups are written, while the folder still refuses to
	// open: for what else has to be in it. groups are the shard groups. nil means nothing.
	Finish func(groups int, store LogStoreKind) error
}

// unfinishedName marks a folder in which not everything is written yet: a group that is
// missing would look like a new one.
const unfinishedName = "RESTORING"

// RestoreFolder makes a data folder of a backup, for a cluster of one node. The whole
// backup is verified before anything is written. What it has is in a new era: see
// shard.State.Restored. If it fails in the middle, or the machine does, the folder refuses
// to open. Errors: ErrBadBackup, *ErrDirInUse, ErrFolderInUse.
func RestoreFolder(ctx context.Context, file io.ReadSeeker, f NewFolder) (*BackupReport, error) {
	if err := f.fill(); err != nil {
		return nil, err
	}
	in := &ctxReader{ctx, file}
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return nil, fmt.Errorf("usher: backup: %w", err)
	}
	rep, err := verifyBackup(in, f.begin)
	if err != nil {
		return nil, err
	}
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return nil, fmt.Errorf("usher: backup: %w", err)
	}
	return rep, f.write(len(rep.Groups)-1, func() error {
		_, err := readBackup(in, func(g GroupManifest, m machine) error {
			if err := f.begin(m); err != nil {
				return err
			}
			return f.group(g.Group, g.Index, m)
		})
		return err
	})
}

// ctxReader ends with a context.
type ctxReader struct {
	ctx context.Context
	r   io.Reader
}

func (r *ctxReader) Read(b []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.r.Read(b)
}

// ErrFolderInUse says that there is something in a folder that was to be made anew.
var ErrFolderInUse = errors.New("usher: the folder is not empty")

// fill wants what is needed, and the folder to be new.
func (f *NewFolder) fill() error {
	switch {
	case f.Dir == "":
		return errors.New("usher: no data folder given")
	case f.NodeID == "":
		return errors.New("usher: no node id given")
	case f.LogStore == "":
		f.LogStore = LogStoreWAL
	case f.LogStore != LogStoreWAL && f.LogStore != LogStoreBolt:
		return fmt.Errorf("usher: log store %q, possible are %q and %q", f.LogStore, LogStoreWAL, LogStoreBolt)
	}
	return f.isNew()
}

// isNew wants nothing in the folder but a lock, and what a file system puts into its root.
func (f *NewFolder) isNew() error {
	list, err := os.ReadDir(f.Dir)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("usher: %w", err)
	}
	for _, e := range list {
		if !slices.Contains([]string{lockFileName, "lost+found"}, e.Name()) {
			return fmt.Errorf("%w: %s has %s in it", ErrFolderInUse, f.Dir, e.Name())
		}
	}
	return nil
}

// write makes the folder of so many shard groups; all writes them, and the directory.
func (f *NewFolder) write(groups int, all func() error) (err error) {
	lock, err := LockDir(f.Dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, lock.Close()) }()
	if err := f.isNew(); err != nil { // somebody may have been quicker
		return err
	}
	mark := filepath.Join(f.Dir, unfinishedName)
	if err := replaceFile(mark, []byte("usher restore was not finished here\n"), true); err != nil {
		return err
	}
	if err := makeDir(filepath.Join(f.Dir, "groups")); err != nil {
		return err
	}
	if err := all(); err != nil {
		return err
	}
	if f.Finish != nil {
		if err := f.Finish(groups, f.LogStore); err != nil {
			return err
		}
	}
	if err := os.Remove(mark); err != nil {
		return err
	}
	return syncDir(f.Dir)
}

// unfinished tells of a folder that a restore has left halfway.
func unfinished(dir string) error {
	there, err := exists(filepath.Join(dir, unfinishedName))
	if err == nil && there {
		err = fmt.Errorf("%w: %s was never finished by the restore that began it: remove it and restore again", ErrDamaged, dir)
	}
	return err
}

// begin begins the new era of a group's state.
func (f *NewFolder) begin(m machine) error {
	if err := m.restored(f.Seed, f.At.UnixMilli()); err != nil {
		return err
	}
	if err := m.check(); err != nil {
		return fmt.Errorf("in the new era: %w", err)
	}
	return nil
}

// group writes a group's folder: an empty log, a term, and a snapshot of the state, which
// knows one voter.
func (f *NewFolder) group(no int, index uint64, m machine) error {
	dir := filepath.Join(f.Dir, "groups", fmt.Sprintf("%02d", no))
	s, err := openStores(dir, f.LogStore, 0, false)
	if err != nil {
		return err
	}
	if err := errors.Join(s.Stable.SetUint64([]byte("CurrentTerm"), restoredTerm), s.Close()); err != nil {
		return err
	}
	if err := f.snapshot(dir, index, m); err != nil {
		return err
	}
	return f.time(dir, index, m.now())
}

// restoredTerm is that of all that is restored: nobody has voted yet.
const restoredTerm = 1

func (f *NewFolder) snapshot(dir string, index uint64, m machine) error {
	snaps, err := raft.NewFileSnapshotStoreWithLogger(dir, snapshotsKept, newHCLog(nil, "restore"))
	if err != nil {
		return err
	}
	only := raft.Configuration{Servers: []raft.Server{server(f.NodeID, raft.Voter)}}
	_, trans := raft.NewInmemTransport(raft.ServerAddress(f.NodeID)) // it only encodes the address
	sink, err := snaps.Create(raft.SnapshotVersionMax, index, restoredTerm, only, 1, trans)
	if err != nil {
		return errors.Join(err, trans.Close())
	}
	return errors.Join((&fsmSnapshot{frozen: m.freeze()}).Persist(sink), trans.Close())
}

// time has the group's clock go on from the state's time, by what the wall clock says has
// passed since, as after any stop.
func (f *NewFolder) time(dir string, index uint64, logical int64) error {
	raw, err := timeFile{Index: index, Logical: logical, Wall: logical}.encode()
	if err != nil {
		return err
	}
	return replaceFile(filepath.Join(dir, timeFileName), raw, true)
}
