package raftfsm

import (
	"bufio"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"hash"
	"hash/crc32"
	"io"
	"time"
)

// A backup is one stream: the magic, the version (2 bytes), the manifest (its length, 4
// bytes, and JSON) and the sum so far; for each group of the manifest its snapshot as
// raft has it on disk, in chunks of length (4), data and the sum so far, and a trailer of
// a chunk length of 0, the group's number (2), its bytes (8) and the sum so far; at the
// end a closing magic and the SHA-256 of all before it. The sum so far is the CRC-32C of
// the whole stream but for the sums themselves, so that a chunk that is lost, doubled or
// misplaced is found where it is, and the SHA-256 says that it is the very file.
const (
	backupMagic   = "USHERBAK"
	backupEnd     = "USHEREND"
	backupVersion = 1

	backupChunk = 256 << 10 // what is written; less than maxBackupChunk
	// maxBackupChunk and maxManifest bound what a damaged length can cost.
	maxBackupChunk = 1 << 20
	maxManifest    = 1 << 20
	maxShardGroups = 64
)

// Manifest says what is in a backup.
type Manifest struct {
	ClusterID string          `json:"cluster_id,omitempty"`
	MadeAt    time.Time       `json:"made_at"`
	Usher     string          `json:"usher"`  // the program that made it
	Groups    []GroupManifest `json:"groups"` // 0, the directory, and on
}

// GroupManifest is one group's state in a backup.
type GroupManifest struct {
	Group  int    `json:"group"`
	Index  uint64 `json:"index"` // of the last entry in it
	Term   uint64 `json:"term"`
	Time   int64  `json:"log_time_ms"`
	Digest string `json:"digest"` // 16 hex digits
}

// sound wants groups 0…n, of which n can be.
func (m *Manifest) sound() error {
	if len(m.Groups) < 2 || len(m.Groups) > maxShardGroups+1 {
		return fmt.Errorf("%d groups: 2 to %d are possible, the directory included", len(m.Groups), maxShardGroups+1)
	}
	for i, g := range m.Groups {
		if g.Group != i || g.Index == 0 {
			return fmt.Errorf("group %d at entry %d stands where group %d should", g.Group, g.Index, i)
		}
	}
	return nil
}

// WriteBackup writes a backup: the groups' snapshots, compressed as Frozen does it, in
// the order of the manifest. It keeps one chunk in memory.
func WriteBackup(w io.Writer, m Manifest, groups []io.WriterTo) error {
	if len(groups) != len(m.Groups) {
		return fmt.Errorf("usher: a manifest of %d groups for %d", len(m.Groups), len(groups))
	}
	if err := m.sound(); err != nil {
		return fmt.Errorf("usher: manifest: %w", err)
	}
	text, err := json.Marshal(m)
	if err != nil {
		return err
	}
	b := newBackupWriter(w)
	b.put(append(binary.LittleEndian.AppendUint16([]byte(backupMagic), backupVersion), le32(nil, uint32(len(text)))...))
	b.put(text)
	b.putSum()
	for i, g := range groups {
		if _, err := g.WriteTo(b); err != nil {
			return fmt.Errorf("group %d: %w", i, err)
		}
		b.endGroup(i)
	}
	return b.end()
}

// backupWriter frames what is written to it. The first error sticks.
type backupWriter struct {
	w     *bufio.Writer
	sha   hash.Hash
	crc   uint32
	chunk []byte
	group uint64 // bytes of the group so far
	err   error
}

func newBackupWriter(w io.Writer) *backupWriter {
	return &backupWriter{w: bufio.NewWriterSize(w, 64<<10), sha: sha256.New(), chunk: make([]byte, 0, backupChunk)}
}

// Write takes a part of a group's snapshot.
func (b *backupWriter) Write(data []byte) (int, error) {
	n := len(data)
	for len(data) > 0 && b.err == nil {
		k := min(len(data), cap(b.chunk)-len(b.chunk))
		b.chunk = append(b.chunk, data[:k]...)
		if data = data[k:]; len(b.chunk) == cap(b.chunk) {
			b.flush()
		}
	}
	if b.err != nil {
		return 0, b.err
	}
	return n, nil
}

func (b *backupWriter) flush() {
	if len(b.chunk) == 0 {
		return
	}
	b.put(le32(nil, uint32(len(b.chunk))))
	b.put(b.chunk)
	b.putSum()
	b.group += uint64(len(b.chunk))
	b.chunk = b.chunk[:0]
}

func (b *backupWriter) endGroup(no int) {
	b.flush()
	b.put(le64(le16(le32(nil, 0), uint16(no)), b.group))
	b.putSum()
	b.group = 0
}

func (b *backupWriter) end() error {
	b.put([]byte(backupEnd))
	b.raw(b.sha.Sum(nil))
	if b.err == nil {
		b.err = b.w.Flush()
	}
	return b.err
}

// put writes what the sum is of.
func (b *backupWriter) put(data []byte) {
	b.crc = crc32.Update(b.crc, castagnoli, data)
	b.raw(data)
}

func (b *backupWriter) putSum() { b.raw(le32(nil, b.crc)) }

func (b *backupWriter) raw(data []byte) {
	if b.err == nil {
		_, b.err = b.w.Write(data)
		_, _ = b.sha.Write(data) // a hash does not fail
	}
}
