package shard

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
)

// A snapshot is a sequence of frames: kind (1 byte), length of the payload (4),
// payload, CRC-32C of all before it (4); integers are little-endian.

type frameKind byte

// Numbers are in snapshots: they never change.
const (
	frameHeader  frameKind = 1
	frameChart   frameKind = 2
	frameEvent   frameKind = 3
	frameSeats   frameKind = 4
	frameHolds   frameKind = 5
	frameBooks   frameKind = 6
	frameKeys    frameKind = 7
	frameTrailer frameKind = 8
	frameBundles frameKind = 9 // since version 2
)

const maxFrame = MaxChartBytes + 1024

// ErrBadSnapshot wraps what is wrong with a snapshot, and where.
var ErrBadSnapshot = errors.New("usher: damaged snapshot")

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

type frameWriter struct {
	w       io.Writer
	version uint16
	buf     []byte // the frame being made, from its kind on
	err     error
}

func (f *frameWriter) begin(k frameKind) { f.buf = append(f.buf[:0], byte(k), 0, 0, 0, 0) }

func (f *frameWriter) end() {
	if f.err != nil {
		return
	}
	binary.LittleEndian.PutUint32(f.buf[1:], uint32(len(f.buf)-5))
	f.buf = binary.LittleEndian.AppendUint32(f.buf, crc32.Checksum(f.buf, castagnoli))
	_, f.err = f.w.Write(f.buf)
}

func (f *frameWriter) u8(v uint8)   { f.buf = append(f.buf, v) }
func (f *frameWriter) u16(v uint16) { f.buf = binary.LittleEndian.AppendUint16(f.buf, v) }
func (f *frameWriter) u32(v uint32) { f.buf = binary.LittleEndian.AppendUint32(f.buf, v) }
func (f *frameWriter) u64(v uint64) { f.buf = binary.LittleEndian.AppendUint64(f.buf, v) }
func (f *frameWriter) i64(v int64)  { f.u64(uint64(v)) }
func (f *frameWriter) raw(b []byte) { f.buf = append(f.buf, b...) }
func (f *frameWriter) str(b []byte) { f.u32(uint32(len(b))); f.raw(b) }
func (f *frameWriter) flag(v bool) {
	if v {
		f.u8(1)
	} else {
		f.u8(0)
	}
}

func (f *frameWriter) u32s(v []uint32) {
	f.u32(uint32(len(v)))
	for _, x := range v {
		f.u32(x)
	}
}

// frameReader reads frames and their fields; the first error sticks, and after it every
// field reads as zero.
type frameReader struct {
	r       io.Reader
	version uint16
	off     int64 // where the frame began
	next    int64
	kind    frameKind
	last    uint64 // kind and number of the event's last frame, see inOrder
	buf     []byte // what is left of the payload
	all     []byte
	err     error
}

func (f *frameReader) fail(format string, args ...any) {
	if f.err == nil {
		f.err = fmt.Errorf("%w: at byte %d: %s", ErrBadSnapshot, f.off, fmt.Sprintf(format, args...))
	}
}

// read takes the next frame.
func (f *frameReader) read() frameKind {
	if f.err != nil {
		return 0
	}
	f.off = f.next
	var head [5]byte
	if _, err := io.ReadFull(f.r, head[:]); err != nil {
		f.fail("it ends here: %v", err)
		return 0
	}
	n := binary.LittleEndian.Uint32(head[1:])
	if n > maxFrame {
		f.fail("a frame of %d bytes", n)
		return 0
	}
	if !f.fill(int(n) + 4) {
		return 0
	}
	body := f.all[:n]
	crc := crc32.Update(crc32.Checksum(head[:], castagnoli), castagnoli, body)
	if crc != binary.LittleEndian.Uint32(f.all[n:]) {
		f.fail("checksum does not match")
		return 0
	}
	f.next += int64(n) + 9
	f.kind, f.buf = frameKind(head[0]), body
	return f.kind
}

// fill reads n bytes into all, growing it only as bytes really come: a length that lies
// must not cost memory.
func (f *frameReader) fill(n int) bool {
	f.all = f.all[:0]
	for len(f.all) < n {
		step := min(n-len(f.all), 1<<20)
		at := len(f.all)
		f.all = append(f.all, make([]byte, step)...)
		if _, err := io.ReadFull(f.r, f.all[at:]); err != nil {
			f.fail("it ends within a frame: %v", err)
			return false
		}
	}
	return true
}

func (f *frameReader) take(n int) []byte {
	if f.err == nil && n > len(f.buf) {
		f.fail("a frame of kind %d is too short", f.kind)
	}
	if f.err != nil {
		return nil
	}
	b := f.buf[:n]
	f.buf = f.buf[n:]
	return b
}

func (f *frameReader) u8() uint8 {
	if b := f.take(1); b != nil {
		return b[0]
	}
	return 0
}

func (f *frameReader) u16() uint16 {
	if b := f.take(2); b != nil {
		return binary.LittleEndian.Uint16(b)
	}
	return 0
}

func (f *frameReader) u32() uint32 {
	if b := f.take(4); b != nil {
		return binary.LittleEndian.Uint32(b)
	}
	return 0
}

func (f *frameReader) u64() uint64 {
	if b := f.take(8); b != nil {
		return binary.LittleEndian.Uint64(b)
	}
	return 0
}

func (f *frameReader) flag() bool {
	v := f.u8()
	if v > 1 {
		f.fail("%d where yes or no was expected", v)
	}
	return v == 1
}

func (f *frameReader) i64() int64 { return int64(f.u64()) }

// str returns a copy of at most limit bytes.
func (f *frameReader) str(limit int) []byte {
	n := int(f.u32())
	if n > limit {
		f.fail("%d bytes where %d are allowed", n, limit)
		return nil
	}
	return append([]byte(nil), f.take(n)...)
}

func (f *frameReader) u32s(limit int) []uint32 {
	n := int(f.u32())
	if n > limit {
		f.fail("%d seats where %d are allowed", n, limit)
		return nil
	}
	b := f.take(4 * n)
	if b == nil {
		return nil
	}
	v := make([]uint32, n)
	for i := range v {
		v[i] = binary.LittleEndian.Uint32(b[4*i:])
	}
	return v
}

// inOrder wants this frame, number no of its kind, behind all others of its event: a
// state has one snapshot only, and no frame can overwrite what another said.
func (f *frameReader) inOrder(no uint32) {
	at := uint64(f.kind)<<32 | uint64(no)
	if at <= f.last {
		f.fail("frame %d of kind %d after %d of kind %d", no, f.kind, uint32(f.last), f.last>>32)
	}
	f.last = at
}

// done wants the frame used up.
func (f *frameReader) done() {
	if f.err == nil && len(f.buf) != 0 {
		f.fail("%d bytes too many in a frame of kind %d", len(f.buf), f.kind)
	}
}

func le32(b []byte) uint32 { return binary.LittleEndian.Uint32(b) }
func le64(b []byte) uint64 { return binary.LittleEndian.Uint64(b) }
