package engine

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"path/filepath"
	"time"

	"github.com/usherhq/usher/raftfsm"
)

// RecoverReport is what was taken over from a node's folder.
type RecoverReport = raftfsm.RecoverReport

// ErrFolderInUse: there is something in the folder that was to be made.
var ErrFolderInUse = raftfsm.ErrFolderInUse

// RestoreOptions say what a folder made by Restore or Recover is.
type RestoreOptions struct {
	// NodeID names its one node; empty means a fresh name, as a new folder would get.
	NodeID string
	// LogStore is where its logs will be kept; empty means LogStoreWAL, or for Recover
	// what the old folder has.
	LogStore LogStore
}

// Restore makes the data folder dir, which does not exist or is empty, of a backup. What
// Open finds in it is one node with all that was there when the backup was made. Holds and
// bookings go on with their ids and fencing tokens. What the old cluster granted after
// the backup is lost: its ids are unknown here, and its fencing tokens are below all that
// are given from now on. Each event has another epoch, so that who watched reads it anew.
// The backup is verified whole before anything is written. Errors: ErrBadBackup,
// ErrFolderInUse, *DirInUseError, *InvalidError.
func Restore(ctx context.Context, backup io.ReadSeeker, dir string, o RestoreOptions) (*BackupReport, error) {
	f, err := o.folder(dir)
	if err != nil {
		return nil, err
	}
	return raftfsm.RestoreFolder(ctx, backup, f)
}

// Recover makes the data folder dir of what one stopped node has, for a cluster that lost
// the majority of its nodes for good. It is Restore with that in place of a backup; the
// report tells what may be missing. The old folder, from, is locked and read, nothing in
// it is changed; damage in it is ErrDamaged.
func Recover(ctx context.Context, from, dir string, o RestoreOptions) (*RecoverReport, error) {
	f, err := o.folder(dir)
	if err != nil {
		return nil, err
	}
	return raftfsm.RecoverFolder(ctx, from, f)
}

func (o RestoreOptions) folder(dir string) (f raftfsm.NewFolder, err error) {
	if dir == "" {
		return f, &InvalidError{"Dir", "a data folder is needed"}
	}
	f = raftfsm.NewFolder{Dir: dir, NodeID: o.NodeID, LogStore: o.LogStore, At: time.Now()}
	if f.NodeID == "" {
		if f.NodeID, err = freshNodeID(); err != nil {
			return f, err
		}
	}
	if !isNodeID(f.NodeID) {
		return f, &InvalidError{"NodeID", fmt.Sprintf("%q is no name of a node", o.NodeID)}
	}
	if o.LogStore != "" && o.LogStore != LogStoreWAL && o.LogStore != LogStoreBolt {
		return f, &InvalidError{"LogStore", fmt.Sprintf("%q, possible are %q and %q", o.LogStore, LogStoreWAL, LogStoreBolt)}
	}
	if _, err := rand.Read(f.Seed[:]); err != nil {
		return f, err
	}
	name := f.NodeID
	f.Finish = func(groups int, store LogStore) error {
		id := &identity{NodeIDs: []string{name}, Groups: groups, LogStore: store}
		return saveIdentity(id, filepath.Join(dir, identityFile))
	}
	return f, nil
}
