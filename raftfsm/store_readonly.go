package raftfsm

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"

	"github.com/hashicorp/raft-wal/types"
)

var errReadOnly = errors.New("raftfsm: the store is open for reading only")

// readOnlyFS lets raft-wal, which has no read-only mode, open a log without changing a byte of
// it: `usher check` must not repair the evidence that it reports on.
type readOnlyFS struct{ types.VFS }

// Create gives a file in memory: raft-wal makes an empty tail segment for a log whose own was
// lost in a crash before anything was acknowledged in it.
func (readOnlyFS) Create(string, string, uint64) (types.WritableFile, error) {
	return &readOnlyFile{ReaderAt: bytes.NewReader(nil)}, nil
}

// Delete refuses; raft-wal goes on without.
func (readOnlyFS) Delete(string, string) error { return errReadOnly }

// OpenWriter opens the tail segment, which raft-wal reads through to find its end.
func (readOnlyFS) OpenWriter(dir, name string) (types.WritableFile, error) {
	f, err := os.Open(filepath.Join(dir, name))
	if err != nil {
		return nil, err
	}
	return &readOnlyFile{ReaderAt: f, Closer: f}, nil
}

type readOnlyFile struct {
	io.ReaderAt
	io.Closer // nil for a file in memory
}

func (*readOnlyFile) WriteAt([]byte, int64) (int, error) { return 0, errReadOnly }

func (*readOnlyFile) Sync() error { return errReadOnly }

func (f *readOnlyFile) Close() error {
	if f.Closer == nil {
		return nil
	}
	return f.Closer.Close()
}
