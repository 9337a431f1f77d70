package engine

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime/debug"

	"github.com/usherhq/usher/raftfsm"
)

// Manifest says what is in a backup.
type Manifest = raftfsm.Manifest

// BackupReport is what a backup has, group by group.
type BackupReport = raftfsm.BackupReport

// ErrBadBackup: a backup is damaged, cut off, or none; the error says where.
var ErrBadBackup = raftfsm.ErrBadBackup

// Backup writes a consistent copy of everything to w: all groups stand still together for
// some milliseconds (in a cluster up to about 100), in which requests wait, and are written out
// while they go on. What
// was acknowledged before the call is in it. One backup is made at a time: another one is
// ErrOverloaded. Errors before anything is written are those of consensus.
func (e *Engine) Backup(ctx context.Context, w io.Writer) error {
	if err := e.Ready(); err != nil {
		return err
	}
	if !e.backups.TryLock() {
		return fmt.Errorf("%w: a backup is being made", ErrOverloaded)
	}
	defer e.backups.Unlock()
	cut, err := raftfsm.TakeCut(ctx, e.cutGroups)
	if err != nil {
		return noCut(err)
	}
	return cut.WriteBackup(w, e.manifest())
}

// noCut calls leaders that come and go what they are for who asks.
func noCut(err error) error {
	for _, other := range []error{ErrNoQuorum, ErrClosed, ErrHalted, context.Canceled, context.DeadlineExceeded} {
		if errors.Is(err, other) {
			return err
		}
	}
	return fmt.Errorf("%w: %w", ErrNoQuorum, err)
}

// cutGroups are the groups' leaders as they are now.
func (e *Engine) cutGroups() ([]raftfsm.CutGroup, error) {
	if err := e.Err(); err != nil {
		return nil, err
	}
	var all []raftfsm.CutGroup
	for group := range e.nodes[0].Groups() {
		if g := e.leader(group); g != nil {
			all = append(all, g.CutHere())
			continue
		}
		g, err := e.nodes[0].Cut(group)
		if err != nil {
			return nil, err
		}
		all = append(all, g)
	}
	return all, nil
}

func (e *Engine) manifest() Manifest {
	m := Manifest{MadeAt: e.cfg.Clock.Wall().UTC(), Usher: programVersion()}
	_ = e.reader(0).ViewDirectory(func(d *raftfsm.Directory) { // a replica that has halted makes no backup anyway
		if !d.Cluster().IsZero() {
			m.ClusterID = d.Cluster().String()
		}
	})
	return m
}

// programVersion is that of the module as the binary was built.
func programVersion() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	if info.Main.Path == "github.com/usherhq/usher" {
		return info.Main.Version
	}
	for _, m := range info.Deps {
		if m.Path == "github.com/usherhq/usher" {
			return m.Version
		}
	}
	return "unknown"
}

// VerifyBackup reads a backup to its end: every checksum, every invariant.
func VerifyBackup(r io.Reader) (*BackupReport, error) { return raftfsm.VerifyBackup(r) }
