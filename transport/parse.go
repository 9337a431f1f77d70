package transport

import (
	"encoding/binary"
	"errors"

	"github.com/usherhq/usher/engine"
)

// BinFrame is a binary frame taken apart: a snapshot, or (Delta) a delta.
type BinFrame struct {
	ID      uint64 // of the subscription
	Delta   *engine.Delta
	Version uint64           // of a snapshot
	Seats   int              // N of a snapshot
	Epoch   [epochBytes]byte // of a snapshot
	Packed  []byte           // of a snapshot: ⌈N/4⌉ bytes, not copied
}

// ErrBadFrame is the error of a binary frame that is not one of usher.v1.bin.
var ErrBadFrame = errors.New("transport: malformed binary frame")

// ParseBinFrame takes a binary frame of usher.v1.bin apart, for clients in Go and tests.
// It never allocates more than a small multiple of the frame's size.
func ParseBinFrame(data []byte) (BinFrame, error) {
	if len(data) == 0 {
		return BinFrame{}, ErrBadFrame
	}
	r := binReader{data: data[1:]}
	f := BinFrame{ID: r.uvarint()}
	switch data[0] {
	case binSnapshot:
		r.snapshot(&f)
	case binDelta:
		r.delta(&f)
	default:
		r.bad = true
	}
	if r.bad || len(r.data) > 0 {
		return BinFrame{}, ErrBadFrame
	}
	return f, nil
}

// binReader reads from the front of data; after the first mistake everything is zero.
type binReader struct {
	data []byte
	bad  bool
}

// uvarint reads an integer in its shortest form: one value, one encoding.
func (r *binReader) uvarint() uint64 {
	v, n := binary.Uvarint(r.data)
	if n <= 0 || (n > 1 && r.data[n-1] == 0) {
		r.bad, r.data = true, nil
		return 0
	}
	r.data = r.data[n:]
	return v
}

func (r *binReader) take(n uint64) []byte {
	if n > uint64(len(r.data)) {
		r.bad, r.data = true, nil
		return nil
	}
	b := r.data[:n]
	r.data = r.data[n:]
	return b
}

func (r *binReader) snapshot(f *BinFrame) {
	f.Version = r.uvarint()
	n := r.uvarint()
	if n > 4*uint64(len(r.data)) {
		r.bad = true
		return
	}
	f.Seats = int(n)
	copy(f.Epoch[:], r.take(epochBytes))
	f.Packed = r.take((n + 3) / 4)
}

func (r *binReader) delta(f *BinFrame) {
	d := &engine.Delta{From: r.uvarint(), To: r.uvarint()}
	count := r.uvarint()
	if count > uint64(len(r.data)) { // a seat takes a byte at least
		r.bad = true
		return
	}
	d.Seats = make([]engine.SeatChange, 0, count)
	next := uint64(0)
	for range count {
		v := r.uvarint()
		index := next + v>>2
		if r.bad || index > maxSeatIndex {
			r.bad = true
			return
		}
		d.Seats = append(d.Seats, engine.SeatChange{Seat: uint32(index), Status: engine.SeatStatus(v & 3)})
		next = index + 1
	}
	f.Delta = d
}

const maxSeatIndex = 1<<32 - 1
