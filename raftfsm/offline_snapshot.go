package raftfsm

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc64"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/hashicorp/raft"
	"github.com/klauspost/compress/zstd"
)

// offlineSnapshot is raft's meta.json of a snapshot. The library's own reader is not
// used: opening it writes to the folder.
type offlineSnapshot struct {
	raft.SnapshotMeta
	CRC []byte

	path string // of the state
}

// readSnapshots lists the group's good snapshots, newest first; each is verified whole.
func (g *offlineGroup) readSnapshots() {
	dir := filepath.Join(g.dir, "snapshots")
	list, err := os.ReadDir(dir)
	if errors.Is(err, os.ErrNotExist) {
		return
	}
	if err != nil {
		g.problem("%v", err)
		return
	}
	for _, e := range list {
		if !e.IsDir() || strings.HasSuffix(e.Name(), ".tmp") {
			continue // an unfinished one was never relied on
		}
		s, err := readSnapshotMeta(filepath.Join(dir, e.Name()))
		if err == nil {
			err = s.verify(newMachine(g.no, g.groups))
		}
		if err != nil {
			g.problem("snapshot %s: %v", e.Name(), err)
			continue
		}
		g.snaps = append(g.snaps, s)
	}
	slices.SortFunc(g.snaps, func(a, b *offlineSnapshot) int {
		return cmpPairs(b.Term, a.Term, b.Index, a.Index)
	})
}

func cmpPairs(a1, b1, a2, b2 uint64) int {
	switch {
	case a1 < b1 || a1 == b1 && a2 < b2:
		return -1
	case a1 == b1 && a2 == b2:
		return 0
	}
	return 1
}

func readSnapshotMeta(dir string) (*offlineSnapshot, error) {
	raw, err := os.ReadFile(filepath.Join(dir, "meta.json"))
	if err != nil {
		return nil, err
	}
	s := &offlineSnapshot{path: filepath.Join(dir, "state.bin")}
	if err := json.Unmarshal(raw, s); err != nil {
		return nil, fmt.Errorf("%w: meta.json: %w", ErrDamaged, err)
	}
	return s, nil
}

// verify checks the file's checksum, and that its frames make a sound state. Both
// answers are given: the first says that something flipped, the second where.
func (s *offlineSnapshot) verify(m machine) error {
	sum := s.checksum()
	if err := s.restore(m); err != nil {
		return errors.Join(sum, err)
	}
	return sum
}

func (s *offlineSnapshot) checksum() error {
	f, err := os.Open(s.path)
	if err != nil {
		return err
	}
	defer f.Close()
	h := crc64.New(crc64.MakeTable(crc64.ECMA))
	n, err := io.Copy(h, f)
	if err != nil {
		return err
	}
	if n != s.Size {
		return fmt.Errorf("%w: state.bin is %d bytes, it was made with %d", ErrDamaged, n, s.Size)
	}
	if got := h.Sum(nil); !bytes.Equal(got, s.CRC) {
		return fmt.Errorf("%w: state.bin fails its checksum", ErrDamaged)
	}
	return nil
}

// restore reads the snapshot into m.
func (s *offlineSnapshot) restore(m machine) error {
	f, err := os.Open(s.path)
	if err != nil {
		return err
	}
	defer f.Close()
	z, err := zstd.NewReader(f, zstd.WithDecoderConcurrency(1))
	if err != nil {
		return err
	}
	defer z.Close()
	if err := checked(func() error { return m.restore(z) }); err != nil {
		return fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	return nil
}

func (s *offlineSnapshot) report() *SnapshotReport {
	return &SnapshotReport{ID: s.ID, Index: s.Index, Term: s.Term, Bytes: s.Size}
}
