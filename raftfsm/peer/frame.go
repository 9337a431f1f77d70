package peer

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"net"
	"sync"
	"time"
)

// A frame: length of what follows (4 bytes), call id (8), kind of call or status of reply (1),
// body, CRC-32C of all before it (4). Integers are little-endian.
const (
	maxFrame      = 1 << 20 // what follows the length
	frameHeader   = 4 + 8 + 1
	frameTrailer  = 4
	frameOverhead = frameHeader - 4 + frameTrailer
	// maxCallBody bounds the body of a request.
	maxCallBody = maxFrame - frameOverhead

	frameWriteWait = 10 * time.Second // for the other side to take what is written
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

var (
	errBadFrame  = errors.New("raftfsm: damaged frame")
	errSlowPeer  = errors.New("raftfsm: the peer does not read what it is sent")
	errConnEnded = errors.New("raftfsm: the connection has ended")
)

type frame struct {
	id   uint64
	kind uint8
	body []byte
	call *pendingCall // of a request; nil for all else
}

// readFrame gives a frame whose body is memory of its own.
func readFrame(r *bufio.Reader) (f frame, err error) {
	var head [frameHeader]byte
	if _, err := io.ReadFull(r, head[:4]); err != nil {
		return f, err
	}
	n := binary.LittleEndian.Uint32(head[:])
	if n < frameOverhead || n > maxFrame {
		return f, fmt.Errorf("%w: %d bytes, %d…%d are possible", errBadFrame, n, frameOverhead, maxFrame)
	}
	if _, err := io.ReadFull(r, head[4:]); err != nil {
		return f, err
	}
	body := make([]byte, int(n)-(frameHeader-4))
	if _, err := io.ReadFull(r, body); err != nil {
		return f, err
	}
	f.id, f.kind = binary.LittleEndian.Uint64(head[4:]), head[12]
	f.body = body[: len(body)-frameTrailer : len(body)-frameTrailer]
	want := binary.LittleEndian.Uint32(body[len(f.body):])
	if got := frameSum(head[:], f.body); got != want {
		return f, fmt.Errorf("%w: checksum %08x, computed %08x", errBadFrame, want, got)
	}
	return f, nil
}

func frameSum(head, body []byte) uint32 {
	return crc32.Update(crc32.Checksum(head, castagnoli), castagnoli, body)
}

// frameWriter sends the frames of many goroutines over one connection: one goroutine writes all
// that is queued, and flushes when nothing is. The queue is bounded in frames and bytes.
type frameWriter struct {
	conn     net.Conn
	out      *bufio.Writer
	head     [frameHeader + frameTrailer]byte
	maxBytes int
	maxQueue int

	mu     sync.Mutex
	queue  []frame
	queued int // bytes in it
	ending bool
	closed bool
	wake   chan struct{} // capacity 1
}

func newFrameWriter(c net.Conn, frames, bytes int) *frameWriter {
	return &frameWriter{conn: c, out: bufio.NewWriterSize(c, 64<<10), maxQueue: frames, maxBytes: bytes, wake: make(chan struct{}, 1)}
}

// put queues frames, all or none. Their bodies must not be changed any more.
func (w *frameWriter) put(fs ...frame) error {
	size := 0
	for i := range fs {
		size += frameHeader + frameTrailer + len(fs[i].body)
	}
	w.mu.Lock()
	switch {
	case w.closed || w.ending:
		w.mu.Unlock()
		return errConnEnded
	case len(w.queue)+len(fs) > w.maxQueue, w.queued > w.maxBytes:
		w.mu.Unlock()
		return errSlowPeer
	}
	w.queue = append(w.queue, fs...)
	w.queued += size
	w.mu.Unlock()
	w.signal()
	return nil
}

func (w *frameWriter) signal() {
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

// finish lets run end when all that is queued has been written.
func (w *frameWriter) finish() {
	w.mu.Lock()
	w.ending = true
	w.mu.Unlock()
	w.signal()
}

// close drops what is queued: from here on nothing is taken for writing.
func (w *frameWriter) close() {
	w.mu.Lock()
	w.closed, w.queue = true, nil
	w.mu.Unlock()
	w.signal()
}

// run writes until finish or close, or an error of the connection.
func (w *frameWriter) run() error {
	var batch []frame
	for {
		w.mu.Lock()
		batch, w.queue = w.queue, batch[:0]
		w.queued = 0
		over, closed := w.ending, w.closed
		w.mu.Unlock()
		if closed {
			return errConnEnded
		}
		if len(batch) == 0 {
			if err := w.out.Flush(); err != nil || over {
				return err
			}
			<-w.wake
			continue
		}
		if err := w.conn.SetWriteDeadline(time.Now().Add(frameWriteWait)); err != nil {
			return err
		}
		for i := range batch {
			if err := w.write(&batch[i]); err != nil {
				return err
			}
		}
		clear(batch)
	}
}

func (w *frameWriter) write(f *frame) error {
	if f.call != nil && !f.call.send() {
		return nil // its caller has left
	}
	head := w.head[:frameHeader]
	binary.LittleEndian.PutUint32(head, uint32(frameOverhead+len(f.body)))
	binary.LittleEndian.PutUint64(head[4:], f.id)
	head[12] = f.kind
	sum := w.head[frameHeader:]
	binary.LittleEndian.PutUint32(sum, frameSum(head, f.body))
	for _, part := range [...][]byte{head, f.body, sum} {
		if _, err := w.out.Write(part); err != nil {
			return err
		}
	}
	return nil
}
