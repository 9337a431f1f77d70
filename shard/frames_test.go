package shard

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"regexp"
	"strconv"
	"testing"

	"github.com/usherhq/usher/shard/frame"
)

// snapFrame is one frame of a snapshot, taken apart by code of the tests' own.
type snapFrame struct {
	kind frame.Kind
	body []byte
}

func splitFrames(tb testing.TB, b []byte) (fs []snapFrame) {
	tb.Helper()
	fs, ok := parseFrames(b)
	if !ok {
		tb.Fatal("a good snapshot does not parse")
	}
	return fs
}

// parseFrames is splitFrames for bytes that may be anything.
func parseFrames(b []byte) (fs []snapFrame, ok bool) {
	for len(b) > 0 {
		if len(b) < 9 {
			return fs, false
		}
		n := uint64(binary.LittleEndian.Uint32(b[1:]))
		if n+9 > uint64(len(b)) {
			return fs, false
		}
		fs = append(fs, snapFrame{frame.Kind(b[0]), bytes.Clone(b[5 : 5+n])})
		b = b[n+9:]
	}
	return fs, true
}

// joinFrames writes the frames with checksums that fit.
func joinFrames(fs []snapFrame) (b []byte) {
	for _, f := range fs {
		at := len(b)
		b = append(b, byte(f.kind))
		b = binary.LittleEndian.AppendUint32(b, uint32(len(f.body)))
		b = append(b, f.body...)
		b = binary.LittleEndian.AppendUint32(b, crc32.Checksum(b[at:], crc32.MakeTable(crc32.Castagnoli)))
	}
	return b
}

var recomputed = regexp.MustCompile(`recomputed ([0-9a-f]{16})`)

// forge is joinFrames with a digest that fits too, if Restore gets as far as to ask for it:
// what a snapshot looks like that no accident made.
func forge(fs []snapFrame) []byte {
	b := joinFrames(fs)
	_, err := Restore(bytes.NewReader(b))
	m := recomputed.FindStringSubmatch(fmt.Sprint(err))
	if m == nil {
		return b
	}
	digest, _ := strconv.ParseUint(m[1], 16, 64)
	fs[len(fs)-1].body = binary.LittleEndian.AppendUint64(nil, digest)
	return joinFrames(fs)
}
