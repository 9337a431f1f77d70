package frame

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
)

// Reader reads frames and their fields; the first error sticks, and after it every
// field reads as zero.
type Reader struct {
	Version uint16 // of the snapshot, for those who read its parts
	Err     error
	r       io.Reader
	limit   uint32
	bad     error
	off     int64 // where the frame began
	next    int64
	kind    Kind
	last    uint64 // see InOrder
	buf     []byte // what is left of the payload
	all     []byte
}

// NewReader returns a reader of frames whose payloads are at most limit bytes long; what is
// wrong with them wraps bad. It reads no byte behind the frames that are asked for.
func NewReader(r io.Reader, limit int, bad error) *Reader {
	return &Reader{r: r, limit: uint32(limit), bad: bad}
}

// Restart makes InOrder begin anew, behind a frame of kind k.
func (f *Reader) Restart(k Kind) { f.last = uint64(k) << 32 }

// Fail notes what is wrong with the frame, unless something was before.
func (f *Reader) Fail(format string, args ...any) {
	if f.Err == nil {
		f.Err = fmt.Errorf("%w: at byte %d: %s", f.bad, f.off, fmt.Sprintf(format, args...))
	}
}

// Read takes the next frame.
func (f *Reader) Read() Kind {
	if f.Err != nil {
		return 0
	}
	f.off = f.next
	var head [5]byte
	if _, err := io.ReadFull(f.r, head[:]); err != nil {
		f.Fail("it ends here: %v", err)
		return 0
	}
	n := binary.LittleEndian.Uint32(head[1:])
	if n > f.limit {
		f.Fail("a frame of %d bytes", n)
		return 0
	}
	if !f.fill(int(n) + 4) {
		return 0
	}
	body := f.all[:n]
	crc := crc32.Update(crc32.Checksum(head[:], castagnoli), castagnoli, body)
	if crc != binary.LittleEndian.Uint32(f.all[n:]) {
		f.Fail("checksum does not match")
		return 0
	}
	f.next += int64(n) + overhead
	f.kind, f.buf = Kind(head[0]), body
	return f.kind
}

// fill reads n bytes into all, growing it only as bytes really come: a length that lies
// must not cost memory.
func (f *Reader) fill(n int) bool {
	f.all = f.all[:0]
	for len(f.all) < n {
		step := min(n-len(f.all), 1<<20)
		at := len(f.all)
		f.all = append(f.all, make([]byte, step)...)
		if _, err := io.ReadFull(f.r, f.all[at:]); err != nil {
			f.Fail("it ends within a frame: %v", err)
			return false
		}
	}
	return true
}

// Take is the next n bytes, good until the next frame.
func (f *Reader) Take(n int) []byte {
	if f.Err == nil && n > len(f.buf) {
		f.Fail("a frame of kind %d is too short", f.kind)
	}
	if f.Err != nil {
		return nil
	}
	b := f.buf[:n]
	f.buf = f.buf[n:]
	return b
}

// U8 is the next byte.
func (f *Reader) U8() uint8 {
	if b := f.Take(1); b != nil {
		return b[0]
	}
	return 0
}

// U16 is the next two bytes.
func (f *Reader) U16() uint16 {
	if b := f.Take(2); b != nil {
		return binary.LittleEndian.Uint16(b)
	}
	return 0
}

// U32 is the next four bytes.
func (f *Reader) U32() uint32 {
	if b := f.Take(4); b != nil {
		return binary.LittleEndian.Uint32(b)
	}
	return 0
}

// U64 is the next eight bytes.
func (f *Reader) U64() uint64 {
	if b := f.Take(8); b != nil {
		return binary.LittleEndian.Uint64(b)
	}
	return 0
}

// Flag is the next byte, which has to be 0 or 1.
func (f *Reader) Flag() bool {
	v := f.U8()
	if v > 1 {
		f.Fail("%d where yes or no was expected", v)
	}
	return v == 1
}

// I64 is the next eight bytes.
func (f *Reader) I64() int64 { return int64(f.U64()) }

// Str returns a copy of at most limit bytes.
func (f *Reader) Str(limit int) []byte {
	n := int(f.U32())
	if n > limit {
		f.Fail("%d bytes where %d are allowed", n, limit)
		return nil
	}
	return append([]byte(nil), f.Take(n)...)
}

// U32s is a list of at most limit numbers.
func (f *Reader) U32s(limit int) []uint32 {
	n := int(f.U32())
	if n > limit {
		f.Fail("%d numbers where %d are allowed", n, limit)
		return nil
	}
	b := f.Take(4 * n)
	if b == nil {
		return nil
	}
	v := make([]uint32, n)
	for i := range v {
		v[i] = binary.LittleEndian.Uint32(b[4*i:])
	}
	return v
}

// InOrder wants this frame, number no of its kind, behind all others since Restart: a
// state has one snapshot only, and no frame can overwrite what another said.
func (f *Reader) InOrder(no uint32) {
	at := uint64(f.kind)<<32 | uint64(no)
	if at <= f.last {
		f.Fail("frame %d of kind %d after %d of kind %d", no, f.kind, uint32(f.last), f.last>>32)
	}
	f.last = at
}

// Done wants the frame used up.
func (f *Reader) Done() {
	if f.Err == nil && len(f.buf) != 0 {
		f.Fail("%d bytes too many in a frame of kind %d", len(f.buf), f.kind)
	}
}
