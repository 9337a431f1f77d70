package frame

import (
	"encoding/binary"
	"hash/crc32"
	"io"
)

// Writer writes frames; after the first error nothing is written.
type Writer struct {
	Version uint16 // of the snapshot, for those who write its parts
	Err     error
	w       io.Writer
	n       int64
	buf     []byte // the frame being made, from its kind on
}

// NewWriter returns a writer to w.
func NewWriter(w io.Writer) *Writer { return &Writer{w: w} }

// Written is how many bytes w has taken.
func (f *Writer) Written() int64 { return f.n }

// Begin starts a frame.
func (f *Writer) Begin(k Kind) { f.buf = append(f.buf[:0], byte(k), 0, 0, 0, 0) }

// End completes the frame and writes it.
func (f *Writer) End() {
	if f.Err != nil {
		return
	}
	binary.LittleEndian.PutUint32(f.buf[1:], uint32(len(f.buf)-5))
	f.buf = binary.LittleEndian.AppendUint32(f.buf, crc32.Checksum(f.buf, castagnoli))
	var n int
	n, f.Err = f.w.Write(f.buf)
	f.n += int64(n)
}

// U8 adds one byte.
func (f *Writer) U8(v uint8) { f.buf = append(f.buf, v) }

// U16 adds two bytes.
func (f *Writer) U16(v uint16) { f.buf = binary.LittleEndian.AppendUint16(f.buf, v) }

// U32 adds four bytes.
func (f *Writer) U32(v uint32) { f.buf = binary.LittleEndian.AppendUint32(f.buf, v) }

// U64 adds eight bytes.
func (f *Writer) U64(v uint64) { f.buf = binary.LittleEndian.AppendUint64(f.buf, v) }

// I64 adds eight bytes.
func (f *Writer) I64(v int64) { f.U64(uint64(v)) }

// Raw adds b without its length.
func (f *Writer) Raw(b []byte) { f.buf = append(f.buf, b...) }

// Str adds b with its length before it.
func (f *Writer) Str(b []byte) { f.U32(uint32(len(b))); f.Raw(b) }

// Flag adds one byte: 1 for true.
func (f *Writer) Flag(v bool) {
	if v {
		f.U8(1)
	} else {
		f.U8(0)
	}
}

// U32s adds v with its length before it.
func (f *Writer) U32s(v []uint32) {
	f.U32(uint32(len(v)))
	for _, x := range v {
		f.U32(x)
	}
}

// Frame is the frame as it has been made so far; good until something is added.
func (f *Writer) Frame() []byte { return f.buf }
