package raftfsm

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/raft"
	raftboltdb "github.com/hashicorp/raft-boltdb/v2"
	"go.etcd.io/bbolt"
)

// LogStoreKind names the library that keeps a node's Raft logs.
type LogStoreKind string

// The log stores: raft-wal costs one fdatasync an append, raft-boltdb two.
const (
	LogStoreWAL  LogStoreKind = "wal"
	LogStoreBolt LogStoreKind = "bolt"
)

const (
	// defaultSegmentBytes is a raft-wal segment, preallocated on disk. The library's own
	// 64 MiB times 27 groups in one process would be 1.7 GiB for empty logs.
	defaultSegmentBytes = 8 << 20
	minSegmentBytes     = 64 << 10
	maxSegmentBytes     = 1 << 30

	// boltOpenTimeout bounds the wait for another process's lock on a bbolt file;
	// bbolt's own default is to wait for ever.
	boltOpenTimeout = time.Second

	walDirName     = "wal"
	boltLogName    = "log.db"
	stableFileName = "stable.db"
)

// stores are one group's log and stable store in its folder: wal/ or log.db, and stable.db.
// Both are durable when a call returns; NoSync is never set.
type stores struct {
	Log    raft.LogStore
	Stable raft.StableStore

	closers []func() error // run last to first
}

type storeOption func(*storeConfig)

type storeConfig struct{ logger hclog.Logger }

// withStoreLogger hands raft-wal a logger; by default it is silent, since its only messages
// that matter (a failed rotation) come back as errors of the next append.
func withStoreLogger(l hclog.Logger) storeOption {
	return func(c *storeConfig) { c.logger = l }
}

// openStores opens, and unless readOnly creates, the stores in dir. segmentBytes is the size
// of a raft-wal segment, 0 for 8 MiB; an entry or batch larger than that still fits, it
// only makes its segment larger.
//
// It fails, naming what it found, when the folder was made with the other kind, or when one of
// log and stable store is there without the other: a voter that comes back with an empty log or
// without its vote loses acknowledged entries (measured: 5 of 15), so that is never a fresh
// start. Files in use elsewhere are an error after a second.
func openStores(dir string, kind LogStoreKind, segmentBytes int, readOnly bool, opts ...storeOption) (*stores, error) {
	cfg := storeConfig{logger: hclog.NewNullLogger()}
	for _, o := range opts {
		o(&cfg)
	}
	if segmentBytes == 0 {
		segmentBytes = defaultSegmentBytes
	}
	if segmentBytes < minSegmentBytes || segmentBytes > maxSegmentBytes {
		return nil, fmt.Errorf("raftfsm: segment of %d bytes: want %d to %d", segmentBytes, minSegmentBytes, maxSegmentBytes)
	}
	if kind == "" {
		kind = LogStoreWAL
	}
	hasLog, err := checkKind(dir, kind)
	if err != nil {
		return nil, err
	}
	hasStable, err := exists(filepath.Join(dir, stableFileName))
	switch {
	case err != nil:
		return nil, err
	case hasStable && !hasLog:
		return nil, fmt.Errorf("%w: %s has a stable store but no log: the log is lost", ErrDamaged, dir)
	case readOnly && !hasLog:
		return nil, fmt.Errorf("raftfsm: %s holds no log", dir)
	}
	if !readOnly {
		if err := makeDir(dir); err != nil {
			return nil, err
		}
	}
	s := &stores{}
	if err := s.open(dir, kind, segmentBytes, readOnly, hasStable, cfg.logger); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// open opens the log before the stable store: a crash between the two leaves an empty log and no
// stable store, which is a fresh folder and not a damaged one.
func (s *stores) open(dir string, kind LogStoreKind, segmentBytes int, readOnly, hasStable bool, logger hclog.Logger) error {
	var err error
	if kind == LogStoreWAL {
		err = s.openWAL(filepath.Join(dir, walDirName), segmentBytes, readOnly, logger)
	} else {
		err = s.openBoltLog(filepath.Join(dir, boltLogName), readOnly)
	}
	if err != nil {
		return fmt.Errorf("raftfsm: opening the log: %w", err)
	}
	last, err := s.Log.LastIndex()
	if err != nil {
		return err
	}
	if last > 0 && !hasStable {
		return fmt.Errorf("%w: %s has a log of %d entries but no stable store: term and vote are lost", ErrDamaged, dir, last)
	}
	if readOnly && !hasStable {
		return nil // an empty log, and nobody ever voted: there is nothing to read
	}
	stable, err := openBolt(filepath.Join(dir, stableFileName), readOnly)
	if err != nil {
		return fmt.Errorf("raftfsm: opening the stable store: %w", err)
	}
	s.closers = append(s.closers, stable.Close)
	s.Stable = sealedStable{stable}
	return nil
}

func (s *stores) openBoltLog(path string, readOnly bool) error {
	db, err := openBolt(path, readOnly)
	if err != nil {
		return err
	}
	s.Log, s.closers = db, append(s.closers, db.Close)
	return nil
}

// Close closes both stores. Raft must be shut down before: raft-wal leaves an append that waits
// for a rotation hanging when it is closed meanwhile.
func (s *stores) Close() error {
	var errs []error
	for i := len(s.closers) - 1; i >= 0; i-- {
		errs = append(errs, s.closers[i]())
	}
	s.closers = nil
	return errors.Join(errs...)
}

// checkKind tells whether dir holds a log of this kind, and fails if it holds the other.
func checkKind(dir string, kind LogStoreKind) (bool, error) {
	hasWAL, err := exists(filepath.Join(dir, walDirName, walMetaName))
	if err != nil {
		return false, err
	}
	hasBolt, err := exists(filepath.Join(dir, boltLogName))
	if err != nil {
		return false, err
	}
	switch {
	case kind != LogStoreWAL && kind != LogStoreBolt:
		return false, fmt.Errorf("raftfsm: unknown log store %q: want %q or %q", kind, LogStoreWAL, LogStoreBolt)
	case hasWAL && hasBolt:
		return false, fmt.Errorf("%w: %s holds logs of both kinds", ErrDamaged, dir)
	case hasWAL && kind != LogStoreWAL:
		return false, fmt.Errorf("raftfsm: %s was made with log store %q, not %q", dir, LogStoreWAL, kind)
	case hasBolt && kind != LogStoreBolt:
		return false, fmt.Errorf("raftfsm: %s was made with log store %q, not %q", dir, LogStoreBolt, kind)
	}
	return hasWAL || hasBolt, nil
}

// openBolt opens a raft-boltdb store, making it first unless readOnly.
func openBolt(path string, readOnly bool) (*raftboltdb.BoltStore, error) {
	if !readOnly {
		err := createAtomically(path, func(tmp string) error {
			db, err := raftboltdb.New(raftboltdb.Options{Path: tmp, BoltOptions: boltOptions(false)})
			if err != nil {
				return err
			}
			return db.Close()
		})
		if err != nil {
			return nil, err
		}
	}
	db, err := raftboltdb.New(raftboltdb.Options{Path: path, BoltOptions: boltOptions(readOnly)})
	return db, boltOpenError(path, err)
}

func boltOptions(readOnly bool) *bbolt.Options {
	return &bbolt.Options{Timeout: boltOpenTimeout, ReadOnly: readOnly, FreelistType: bbolt.FreelistMapType}
}

func boltOpenError(path string, err error) error {
	if err == nil {
		return nil
	}
	if err.Error() == "timeout" { // bbolt has had its sentinel in two packages
		return fmt.Errorf("%s is in use: its lock was not free for %v: %w", path, boltOpenTimeout, err)
	}
	return fmt.Errorf("%s: %w", path, err)
}

// createAtomically makes path by way of a temporary name, so that a crash in the middle leaves
// no half-made database, which bbolt would refuse for ever.
func createAtomically(path string, create func(tmp string) error) error {
	if ok, err := exists(path); ok || err != nil {
		return err
	}
	tmp := path + ".new"
	if err := os.RemoveAll(tmp); err != nil {
		return err
	}
	if err := create(tmp); err != nil {
		return err
	}
	if err := os.Rename(tmp, path); err != nil {
		return err
	}
	return syncDir(filepath.Dir(path))
}

// makeDir makes dir and its missing parents, 0700, each entry durable in its parent folder: a
// file's fsync does not bring its folder back after a power loss.
func makeDir(dir string) error {
	dir = filepath.Clean(dir)
	ok, err := exists(dir)
	if err != nil || ok {
		return err
	}
	parent := filepath.Dir(dir)
	if parent != dir {
		if err := makeDir(parent); err != nil {
			return err
		}
	}
	if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, os.ErrExist) {
		return err
	}
	return syncDir(parent)
}

func syncDir(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

func exists(path string) (bool, error) {
	_, err := os.Stat(path)
	if errors.Is(err, os.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}
