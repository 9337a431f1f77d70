package raftfsm

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/hashicorp/go-hclog"
	wal "github.com/hashicorp/raft-wal"
	"github.com/hashicorp/raft-wal/fs"
	"github.com/hashicorp/raft-wal/metadb"
	"github.com/hashicorp/raft-wal/segment"
	"github.com/hashicorp/raft-wal/types"
	"go.etcd.io/bbolt"
)

const walMetaName = metadb.FileName

var errNoStable = errors.New("raftfsm: raft-wal's stable store is not used")

// openWAL opens raft-wal in dir.
func (s *stores) openWAL(dir string, segmentBytes int, readOnly bool, logger hclog.Logger) error {
	meta := &walMeta{segmentBytes: segmentBytes, readOnly: readOnly}
	filer := segment.NewFiler(dir, fs.New())
	if readOnly {
		filer = segment.NewFiler(dir, readOnlyFS{fs.New()})
	} else if err := makeDir(dir); err != nil {
		return err
	}
	w, err := wal.Open(dir, wal.WithMetaStore(meta), wal.WithSegmentFiler(filer), wal.WithSegmentSize(segmentBytes), wal.WithLogger(logger))
	if err != nil {
		return errors.Join(err, meta.Close())
	}
	s.Log = w
	s.closers = append(s.closers, meta.Close, w.Close) // the log first, then its metadata
	return nil
}

// walMeta keeps raft-wal's list of segments in a bbolt file, in the library's own format. It is
// ours because the library's opens the file with no timeout, and so that a rotation which a crash
// interrupted can be completed before the library sees it. (v0.4.0's also left the file locked.)
//
// raft-wal calls CommitState from one goroutine at a time, never together with Load.
type walMeta struct {
	segmentBytes int
	readOnly     bool
	db           *bbolt.DB
}

var _ types.MetaStore = (*walMeta)(nil)

// Load opens the metadata of the log in dir, making an empty one unless read-only.
func (m *walMeta) Load(dir string) (types.PersistentState, error) {
	var state types.PersistentState
	if err := m.open(filepath.Join(dir, walMetaName)); err != nil {
		return state, err
	}
	err := m.db.View(func(tx *bbolt.Tx) error {
		b := tx.Bucket([]byte(metadb.MetaBucket))
		if b == nil {
			return fmt.Errorf("%w: %s has no bucket %q", ErrDamaged, walMetaName, metadb.MetaBucket)
		}
		raw := b.Get([]byte(metadb.MetaKey))
		if raw == nil {
			return nil // a log that nobody has opened yet
		}
		if err := json.Unmarshal(raw, &state); err != nil {
			return fmt.Errorf("%w: %s: %w", ErrDamaged, walMetaName, err)
		}
		return nil
	})
	if err != nil || m.readOnly {
		return state, err
	}
	return m.finishRotation(dir, state)
}

func (m *walMeta) open(path string) error {
	if m.db != nil {
		return nil
	}
	if !m.readOnly {
		if err := createAtomically(path, createWALMeta); err != nil {
			return err
		}
	}
	db, err := bbolt.Open(path, 0o600, boltOptions(m.readOnly))
	if err != nil {
		return boltOpenError(path, err)
	}
	m.db = db
	return nil
}

// createWALMeta makes the buckets that raft-wal's own tools look for.
func createWALMeta(path string) error {
	db, err := bbolt.Open(path, 0o600, boltOptions(false))
	if err != nil {
		return err
	}
	err = db.Update(func(tx *bbolt.Tx) error {
		if _, err := tx.CreateBucket([]byte(metadb.MetaBucket)); err != nil {
			return err
		}
		_, err := tx.CreateBucket([]byte(metadb.StableBucket))
		return err
	})
	return errors.Join(err, db.Close())
}

// finishRotation completes a rotation that a crash interrupted: the last append sealed the
// tail segment in its file, but the metadata still calls it the tail. raft-wal (v0.4.0 to v0.4.2)
// opens such a log and then refuses every append with "sealed", at every start.
func (m *walMeta) finishRotation(dir string, state types.PersistentState) (types.PersistentState, error) {
	n := len(state.Segments)
	if n == 0 || !state.Segments[n-1].SealTime.IsZero() {
		return state, nil
	}
	tail := &state.Segments[n-1]
	w, err := segment.NewFiler(dir, fs.New()).RecoverTail(*tail)
	if errors.Is(err, os.ErrNotExist) {
		return state, nil // raft-wal makes it
	}
	if err != nil {
		return state, err
	}
	sealed, indexStart, err := w.Sealed()
	last := w.LastIndex()
	if err := errors.Join(err, w.Close()); err != nil || !sealed {
		return state, err
	}
	tail.SealTime, tail.MaxIndex, tail.IndexStart = time.Now(), last, indexStart
	state.Segments = append(state.Segments, types.SegmentInfo{
		ID: state.NextSegmentID, BaseIndex: last + 1, MinIndex: last + 1,
		SizeLimit: uint32(m.segmentBytes), Codec: tail.Codec, CreateTime: time.Now(),
	})
	state.NextSegmentID++
	return state, m.CommitState(state)
}

// CommitState durably replaces the list of segments. In a read-only log it does nothing: only an
// empty log, which has nothing to read, gets there.
func (m *walMeta) CommitState(state types.PersistentState) error {
	if m.readOnly {
		return nil
	}
	if m.db == nil {
		return metadb.ErrUnintialized
	}
	raw, err := json.Marshal(state)
	if err != nil {
		return err
	}
	return m.db.Update(func(tx *bbolt.Tx) error {
		return tx.Bucket([]byte(metadb.MetaBucket)).Put([]byte(metadb.MetaKey), raw)
	})
}

// GetStable and SetStable are never called: term and vote live in stable.db.
func (m *walMeta) GetStable([]byte) ([]byte, error) { return nil, errNoStable }

// SetStable see GetStable.
func (m *walMeta) SetStable(_, _ []byte) error { return errNoStable }

// Close closes the file and frees its lock; closing twice is fine.
func (m *walMeta) Close() error {
	if m.db == nil {
		return nil
	}
	db := m.db
	m.db = nil
	return db.Close()
}
