package raftfsm

import (
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hashicorp/raft"
)

// defaultHangLimit is how long one write to the log may take before the disk counts as hung.
const defaultHangLimit = 10 * time.Second

// watchedLog times the writes to a log store. A leader whose disk hangs keeps heartbeating and
// leads for ever (hashicorp/raft #503), a follower's stalls the pipeline (#612): neither can be
// seen from within Raft, whose main goroutine is the one that hangs.
//
// An error of StoreLogs is final: after a failed fsync the kernel has forgotten which pages were
// dirty, so that a retry succeeds without the data, and raft-wal's tail is left with entries in
// memory that the file has not.
//
// Raft calls it from its main goroutine; DeleteRange from the snapshot goroutine too.
type watchedLog struct {
	raft.LogStore
	limit   time.Duration
	onHang  func(error)
	onFail  func(error)
	observe func(d time.Duration, entries, bytes int)

	epoch   time.Time    // what started counts from
	storing atomic.Int64 // nanoseconds since epoch at which the StoreLogs under way began, 0 for none
	pruning atomic.Int64 // the same of the DeleteRange under way
	hung    sync.Once
	failed  atomic.Pointer[error]

	stop chan struct{}
	done chan struct{}
	once sync.Once
}

var _ raft.MonotonicLogStore = (*watchedLog)(nil)

type watchOption func(*watchedLog)

// watchFail has f told of the first error of StoreLogs, on Raft's goroutine, before Raft is.
func watchFail(f func(error)) watchOption { return func(w *watchedLog) { w.onFail = f } }

// watchObserve has f told of each successful StoreLogs, on Raft's goroutine: how long it took, and
// how many entries and bytes of data it stored. f must not block.
func watchObserve(f func(d time.Duration, entries, bytes int)) watchOption {
	return func(w *watchedLog) { w.observe = f }
}

// newWatchedLog wraps inner and starts the goroutine that watches it; Close ends it. A write that
// takes longer than limit (0: 10 s) calls onHang once, from that goroutine, while the
// write is still under way.
func newWatchedLog(inner raft.LogStore, limit time.Duration, onHang func(error), opts ...watchOption) *watchedLog {
	if limit <= 0 {
		limit = defaultHangLimit
	}
	w := &watchedLog{
		LogStore: inner, limit: limit, onHang: onHang,
		epoch: time.Now().Add(-1), // so that no write starts at 0
		stop:  make(chan struct{}), done: make(chan struct{}),
	}
	for _, o := range opts {
		o(w)
	}
	go w.watch()
	return w
}

// IsMonotonic forwards what the store says.
func (w *watchedLog) IsMonotonic() bool { return isMonotonic(w.LogStore) }

// StoreLog stores one entry.
func (w *watchedLog) StoreLog(log *raft.Log) error { return w.StoreLogs([]*raft.Log{log}) }

// StoreLogs stores the entries; after its first error it always gives that error.
func (w *watchedLog) StoreLogs(logs []*raft.Log) error {
	if p := w.failed.Load(); p != nil {
		return *p
	}
	begin := time.Now()
	w.storing.Store(int64(begin.Sub(w.epoch)))
	err := w.LogStore.StoreLogs(logs)
	w.storing.Store(0)
	if err != nil {
		return w.fail(err)
	}
	if w.observe != nil {
		w.observe(time.Since(begin), len(logs), dataBytes(logs))
	}
	return nil
}

// DeleteRange deletes entries. Its errors are not final: Raft tries again at the next snapshot.
func (w *watchedLog) DeleteRange(minIndex, maxIndex uint64) error {
	if p := w.failed.Load(); p != nil {
		return *p
	}
	w.pruning.Store(int64(time.Since(w.epoch)))
	defer w.pruning.Store(0)
	return w.LogStore.DeleteRange(minIndex, maxIndex)
}

// Close ends the watching; the store stays open.
func (w *watchedLog) Close() error {
	w.once.Do(func() { close(w.stop) })
	<-w.done
	return nil
}

func (w *watchedLog) fail(err error) error {
	err = fmt.Errorf("raftfsm: the log store failed and takes no more entries: %w", err)
	if !w.failed.CompareAndSwap(nil, &err) {
		return *w.failed.Load()
	}
	if w.onFail != nil {
		w.onFail(err)
	}
	return err
}

func (w *watchedLog) watch() {
	defer close(w.done)
	tick := time.NewTicker(max(w.limit/10, time.Millisecond))
	defer tick.Stop()
	for {
		select {
		case <-w.stop:
			return
		case <-tick.C:
			w.look("StoreLogs", w.storing.Load())
			w.look("DeleteRange", w.pruning.Load())
		}
	}
}

func (w *watchedLog) look(what string, started int64) {
	took := time.Since(w.epoch) - time.Duration(started)
	if started == 0 || took <= w.limit {
		return
	}
	w.hung.Do(func() {
		w.onHang(fmt.Errorf("raftfsm: %s has been under way for %v, the limit is %v: the disk hangs",
			what, took.Round(time.Millisecond), w.limit))
	})
}

func dataBytes(logs []*raft.Log) int {
	n := 0
	for _, l := range logs {
		n += len(l.Data)
	}
	return n
}
