package raftfsm

import (
	"encoding/binary"
	"fmt"

	"github.com/usherhq/usher/shard"
)

// The fields of a command, written and read. A command that does not fit its bytes is an
// error of the whole entry, never a guess.

func le16(buf []byte, v uint16) []byte { return binary.LittleEndian.AppendUint16(buf, v) }
func le32(buf []byte, v uint32) []byte { return binary.LittleEndian.AppendUint32(buf, v) }
func le64(buf []byte, v uint64) []byte { return binary.LittleEndian.AppendUint64(buf, v) }

func putBool(buf []byte, v bool) []byte {
	if v {
		return append(buf, 1)
	}
	return append(buf, 0)
}

// putBytes8 is for what has at most 255 bytes; whoever makes commands has checked that.
func putBytes8(buf, b []byte) []byte { return append(append(buf, byte(len(b))), b...) }

func putBytes(buf, b []byte) []byte { return append(le32(buf, uint32(len(b))), b...) }

func putU32s(buf []byte, v []uint32) []byte {
	buf = binary.LittleEndian.AppendUint16(buf, uint16(len(v)))
	for _, x := range v {
		buf = le32(buf, x)
	}
	return buf
}

// putKey costs one byte where there is none.
func putKey(buf []byte, k *shard.Key) []byte {
	if k.IsZero() {
		return append(buf, 0)
	}
	return append(append(append(buf, 1), k.Hash[:]...), k.Print[:]...)
}

func (r *entryReader) fail(format string, args ...any) {
	if r.err == nil {
		r.err = fmt.Errorf("%w: command %d: %s", ErrBadEntry, r.head.Count-r.left, fmt.Sprintf(format, args...))
	}
}

func (r *entryReader) take(n int) []byte {
	if r.err != nil || n > len(r.buf) {
		r.fail("it is cut off")
		return nil
	}
	b := r.buf[:n:n]
	r.buf = r.buf[n:]
	return b
}

func (r *entryReader) u8() uint8 {
	if b := r.take(1); b != nil {
		return b[0]
	}
	return 0
}

func (r *entryReader) bool() bool {
	v := r.u8()
	if v > 1 {
		r.fail("%d is neither yes nor no", v)
	}
	return v == 1
}

func (r *entryReader) u16() uint16 {
	if b := r.take(2); b != nil {
		return binary.LittleEndian.Uint16(b)
	}
	return 0
}

func (r *entryReader) u32() uint32 {
	if b := r.take(4); b != nil {
		return binary.LittleEndian.Uint32(b)
	}
	return 0
}

func (r *entryReader) u64() uint64 {
	if b := r.take(8); b != nil {
		return binary.LittleEndian.Uint64(b)
	}
	return 0
}

func (r *entryReader) i64() int64 { return int64(r.u64()) }

func (r *entryReader) bytes8() []byte { return r.take(int(r.u8())) }
func (r *entryReader) bytes() []byte  { return r.take(int(r.u32())) }

func (r *entryReader) sum() (s [32]byte) {
	copy(s[:], r.take(32))
	return s
}

func (r *entryReader) hash() (h [16]byte) {
	copy(h[:], r.take(16))
	return h
}

func (r *entryReader) key() (k shard.Key) {
	if r.bool() {
		copy(k.Hash[:], r.take(16))
		copy(k.Print[:], r.take(32))
		if r.err == nil && k.IsZero() {
			r.fail("an idempotency key of zeros")
		}
	}
	return k
}

// u32s reads into the reader's scratch: it is valid until the next command.
func (r *entryReader) u32s() []uint32 {
	b := r.take(2)
	if b == nil {
		return nil
	}
	n := int(binary.LittleEndian.Uint16(b))
	if b = r.take(4 * n); b == nil {
		return nil
	}
	r.seats = r.seats[:0]
	for i := range n {
		r.seats = append(r.seats, binary.LittleEndian.Uint32(b[4*i:]))
	}
	return r.seats
}

// u16s and i64s are lists of their own: they are short.
func (r *entryReader) u16s() (v []uint16) {
	for n := r.u8(); n > 0 && r.err == nil; n-- {
		v = append(v, r.u16())
	}
	return v
}

func putU16s(buf []byte, v []uint16) []byte {
	buf = append(buf, byte(len(v)))
	for _, x := range v {
		buf = le16(buf, x)
	}
	return buf
}

func (r *entryReader) i64s() (v []int64) {
	for n := r.u8(); n > 0 && r.err == nil; n-- {
		v = append(v, r.i64())
	}
	return v
}

func putI64s(buf []byte, v []int64) []byte {
	buf = append(buf, byte(len(v)))
	for _, x := range v {
		buf = le64(buf, uint64(x))
	}
	return buf
}
