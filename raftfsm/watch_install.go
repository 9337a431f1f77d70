package raftfsm

import (
	"fmt"
	"io"
	"math"
	"sync"
	"time"

	"github.com/hashicorp/raft"
)

const (
	// fruitless installs in a row, within installWindow of the first one's end, are too many.
	maxFruitless  = 3
	installWindow = 2 * time.Minute
)

// installWatch finds a replica that is sent one snapshot after the other and gets no further
// (hashicorp/raft #697): each install leaves an old entry in the log, the leader's next entries do
// not fit to it, and so it sends the snapshot again.
//
// An install is fruitless when its bytes came whole, and by the time that raft begins with the
// next one the replica either has not reached the entry that the snapshot ends with (it was
// refused), or has and nothing could be applied behind it, and the next is of no later entry.
// What is only slow is not: one long install is one; one whose connection breaks has not come
// whole and does not count, however often it is begun again; after one that took long, a leader that
// went on meanwhile sends another, of a later entry.
//
// raft works on one install at a time, and begins to read one when it is done with the one
// before; the methods are called from there.
type installWatch struct {
	applied func() uint64
	now     func() time.Time
	tell    func(error) // once

	mu        sync.Mutex
	last      *installSeen
	fruitless []time.Time // when they had come whole
	told      bool
}

// appliedOf is for a replica that may not have quite begun: what it was sent until then counts for
// nothing.
func appliedOf(r *raft.Raft) uint64 {
	if r == nil {
		return math.MaxUint64
	}
	return r.AppliedIndex()
}

type installSeen struct {
	index uint64    // the last entry in the snapshot
	whole time.Time // when all of its bytes were there; zero: not yet
}

func newInstallWatch(applied func() uint64, tell func(error)) *installWatch {
	return &installWatch{applied: applied, now: time.Now, tell: tell}
}

// follow gives a reader of the snapshot's bytes that notes how far it gets.
func (w *installWatch) follow(req *raft.InstallSnapshotRequest, body io.Reader) io.Reader {
	return &installReader{Reader: body, watch: w, index: req.LastLogIndex, left: req.Size}
}

// begin is told that raft begins with an install.
func (w *installWatch) begin(index uint64) *installSeen {
	w.mu.Lock()
	defer w.mu.Unlock()
	if l := w.last; l != nil && !l.whole.IsZero() {
		if has := w.applied(); has < l.index || has == l.index && index <= l.index {
			w.fruitless = append(w.fruitless, l.whole)
		} else {
			w.fruitless = nil
		}
	}
	w.last = &installSeen{index: index}
	for len(w.fruitless) > 0 && w.now().Sub(w.fruitless[0]) > installWindow {
		w.fruitless = w.fruitless[1:]
	}
	if n := len(w.fruitless); n >= maxFruitless-1 && !w.told { // this one will be as the others
		w.told = true
		w.tell(fmt.Errorf("usher: this replica was sent a snapshot %d times within %v and does not get beyond entry %d: start the node again; "+
			"if that does not help, remove it and let it join under a new id", n+1, installWindow, index))
	}
	return w.last
}

func (w *installWatch) came(i *installSeen) {
	w.mu.Lock()
	defer w.mu.Unlock()
	i.whole = w.now()
}

// installReader is one snapshot's bytes, read by one goroutine.
type installReader struct {
	io.Reader
	watch *installWatch
	index uint64
	left  int64
	seen  *installSeen
}

// Read notes the first byte wanted and the last byte read.
func (r *installReader) Read(b []byte) (int, error) {
	if r.seen == nil {
		r.seen = r.watch.begin(r.index)
		if r.left == 0 {
			r.watch.came(r.seen)
		}
	}
	n, err := r.Reader.Read(b)
	if n > 0 {
		if r.left -= int64(n); r.left == 0 {
			r.watch.came(r.seen)
		}
	}
	return n, err
}
