package raftfsm

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"hash/crc32"
	"io"
	"slices"
	"strconv"

	"github.com/klauspost/compress/zstd"
)

// ErrBadBackup wraps what is wrong with a backup, and where.
var ErrBadBackup = errors.New("usher: damaged backup")

// maxWindow is what a stream may ask the decoder to keep.
const maxWindow = 32 << 20

// backupReader takes a backup apart; the first error sticks.
type backupReader struct {
	r     *bufio.Reader
	sha   hash.Hash
	crc   uint32
	off   int64
	group int // -1: before the first, or behind the last
	err   error

	small [64]byte // room for what is not a chunk
	chunk []byte   // what is left of the one that was read
	room  []byte   // of chunks
	bytes uint64   // of the group so far
	ended bool     // the group
}

func newBackupReader(r io.Reader) *backupReader {
	return &backupReader{r: bufio.NewReaderSize(r, 64<<10), sha: sha256.New(), group: -1}
}

func (b *backupReader) fail(format string, args ...any) error {
	if b.err == nil {
		place := "at byte " + commas(b.off)
		if b.group >= 0 {
			place += fmt.Sprintf(", group %d", b.group)
		}
		b.err = fmt.Errorf("%w: %s: %w", ErrBadBackup, place, fmt.Errorf(format, args...))
	}
	return b.err
}

// commas writes a number as people read it.
func commas(n int64) string {
	s := strconv.FormatInt(n, 10)
	for at := len(s) - 3; at > 0; at -= 3 {
		s = s[:at] + "," + s[at:]
	}
	return s
}

// fill reads as many bytes as fit; false after an error.
func (b *backupReader) fill(into []byte) bool {
	if b.err != nil {
		return false
	}
	n, err := io.ReadFull(b.r, into)
	b.off += int64(n)
	_, _ = b.sha.Write(into[:n]) // a hash does not fail
	switch {
	case err == nil:
		return true
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		b.fail("it ends here")
	default:
		b.unread(err)
	}
	return false
}

// unread notes what says nothing against the backup.
func (b *backupReader) unread(err error) {
	b.err = fmt.Errorf("usher: reading the backup at byte %s: %w", commas(b.off), err)
}

// get reads n bytes of what the sum is of; nil after an error.
func (b *backupReader) get(n int) []byte {
	into := b.small[:min(n, len(b.small))]
	if n > len(into) {
		into = make([]byte, n)
	}
	if !b.fill(into) {
		return nil
	}
	b.crc = crc32.Update(b.crc, castagnoli, into)
	return into
}

func (b *backupReader) length() int {
	if data := b.get(4); data != nil {
		return int(binary.LittleEndian.Uint32(data))
	}
	return 0
}

// sum wants the sum so far; what says what was read before it.
func (b *backupReader) sum(what string) {
	at := b.off
	if data := b.small[:4]; b.fill(data) && binary.LittleEndian.Uint32(data) != b.crc {
		b.off = at
		b.fail("the checksum of the %s before this does not match", what)
	}
}

func (b *backupReader) manifest() (m Manifest) {
	if string(b.get(len(backupMagic))) != backupMagic {
		b.off = 0
		b.fail("this is no backup")
	}
	if data := b.get(2); data != nil && binary.LittleEndian.Uint16(data) != backupVersion {
		b.fail("version %d, this program reads %d", binary.LittleEndian.Uint16(data), backupVersion)
	}
	n := b.length()
	if n > maxManifest {
		b.fail("a manifest of %d bytes", n)
	}
	text := bytes.Clone(b.get(n))
	b.sum("manifest")
	if b.err != nil {
		return m
	}
	err := json.Unmarshal(text, &m)
	if err == nil {
		err = m.sound()
	}
	if err != nil {
		b.fail("manifest: %w", err)
	}
	return m
}

// begin starts a group.
func (b *backupReader) begin(no int) { b.group, b.bytes, b.chunk, b.ended = no, 0, nil, false }

// Read gives the group's snapshot, and io.EOF behind its trailer.
func (b *backupReader) Read(p []byte) (int, error) {
	for len(b.chunk) == 0 && !b.ended && b.err == nil {
		b.next()
	}
	if b.err != nil {
		return 0, b.err
	}
	if b.ended {
		return 0, io.EOF
	}
	n := copy(p, b.chunk)
	b.chunk = b.chunk[n:]
	return n, nil
}

func (b *backupReader) next() {
	n := b.length()
	if n > maxBackupChunk {
		b.fail("a chunk of %d bytes", n)
		return
	}
	if n > 0 {
		b.room = slices.Grow(b.room[:0], n)[:n]
		if b.fill(b.room) {
			b.crc = crc32.Update(b.crc, castagnoli, b.room)
			b.sum("chunk")
			b.chunk, b.bytes = b.room, b.bytes+uint64(n)
		}
		return
	}
	data := b.get(10)
	if data == nil {
		return
	}
	no, size := int(binary.LittleEndian.Uint16(data)), binary.LittleEndian.Uint64(data[2:])
	b.sum("group's end")
	if no != b.group || size != b.bytes {
		b.fail("the end of group %d with %d bytes, %d were read", no, size, b.bytes)
	}
	b.ended = true
}

// end wants the closing sum, and nothing behind it.
func (b *backupReader) end() {
	b.group = -1
	if string(b.get(len(backupEnd))) != backupEnd {
		b.fail("the end was expected before this")
	}
	want := b.sha.Sum(nil)
	if got := b.small[:len(want)]; b.fill(got) && !bytes.Equal(got, want) {
		b.fail("the file's SHA-256 does not match")
	}
	if b.err == nil {
		switch _, err := b.r.ReadByte(); err {
		case io.EOF:
		case nil:
			b.fail("something follows the end")
		default:
			b.unread(err)
		}
	}
}

// readBackup reads a backup whole: every sum, every group's state with its invariants,
// and its digest against the manifest's. visit (may be nil) is given each state in turn;
// its errors are passed on.
func readBackup(r io.Reader, visit func(GroupManifest, machine) error) (Manifest, error) {
	b := newBackupReader(r)
	m := b.manifest()
	for _, g := range m.Groups {
		if b.err != nil {
			break
		}
		b.begin(g.Group)
		state := newMachine(g.Group, len(m.Groups)-1)
		if err := checked(func() error { return b.state(&g, state) }); err != nil {
			return m, b.fail("%w", err)
		}
		if visit != nil {
			if err := visit(g, state); err != nil {
				return m, fmt.Errorf("group %d: %w", g.Group, err)
			}
		}
	}
	b.end()
	return m, b.err
}

// state restores the group's state. An error of the stream itself is in b.err as well, and
// that one counts.
func (b *backupReader) state(g *GroupManifest, m machine) error {
	z, err := zstd.NewReader(b, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(maxWindow))
	if err != nil {
		return err
	}
	defer z.Close()
	if err := m.restore(z); err != nil {
		return err
	}
	if n, err := io.Copy(io.Discard, z); n > 0 || err != nil {
		return errors.Join(fmt.Errorf("%d bytes follow the state", n), err)
	}
	if !b.ended { // the decoder may stop at its own end
		if n, err := b.Read(make([]byte, 1)); n > 0 || err != io.EOF {
			return errors.Join(errors.New("bytes follow the snapshot"), err)
		}
	}
	if d := hexDigest(m.digest()); d != g.Digest || m.now() != g.Time {
		return fmt.Errorf("the state has digest %s at %d, the manifest says %s at %d", d, m.now(), g.Digest, g.Time)
	}
	return m.check()
}

// BackupReport is what a backup was found to have.
type BackupReport struct {
	Manifest Manifest      `json:"manifest"`
	Groups   []GroupTotals `json:"groups"`
}

// GroupTotals is what a group's state has, as of one entry of its log.
type GroupTotals struct {
	Group int    `json:"group"`
	Index uint64 `json:"index"`
	Totals
}

// VerifyBackup reads a backup to its end and restores the state of every group, one at a
// time, to hold it against its digest and all invariants. Errors of the backup wrap
// ErrBadBackup and say where, those of reading are r's.
func VerifyBackup(r io.Reader) (*BackupReport, error) {
	return verifyBackup(r, func(machine) error { return nil })
}

// verifyBackup is VerifyBackup; also (whose errors are passed on) sees each state.
func verifyBackup(r io.Reader, also func(machine) error) (*BackupReport, error) {
	rep := &BackupReport{}
	var err error
	rep.Manifest, err = readBackup(r, func(g GroupManifest, m machine) error {
		rep.Groups = append(rep.Groups, GroupTotals{g.Group, g.Index, totalsOf(m)})
		return also(m)
	})
	if err != nil {
		return nil, err
	}
	return rep, nil
}
