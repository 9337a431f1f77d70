package raftfsm

import (
	"fmt"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hashicorp/raft"
	"github.com/klauspost/compress/zstd"

	"github.com/usherhq/usher/shard"
)

// fsm is the bridge between raft and a machine: it decodes and dispatches, the machine
// decides. raft calls Apply, ApplyBatch, Snapshot and Restore from one goroutine;
// readers come from any.
type fsm struct {
	group   int
	clock   *logicalClock
	entries *entryTable                // results wanted by this process's proposer
	changed func([]uint32)             // told after a batch, without the lock; must not block
	halt    func(error)                // told once when the replica can go no further
	wrote   func(time.Duration, int64) // told of each snapshot written: how long it took, its bytes
	halted  atomic.Pointer[error]
	applied atomic.Uint64 // index of the last command in m
	signal  appliedSignal // of applied
	bytes   atomic.Int64  // of entries applied since the last snapshot
	notes   digestNotes

	mu     sync.RWMutex // guards m and what it holds
	m      machine
	reader entryReader
	cmd    Command
	lost   Result // results nobody waits for
	dirty  []uint32
	asked  bool // the entry being applied wants the digest noted
}

var _ raft.BatchingFSM = (*fsm)(nil)

// Apply is ApplyBatch of one.
func (f *fsm) Apply(l *raft.Log) any { return f.ApplyBatch([]*raft.Log{l})[0] }

// ApplyBatch applies entries in order. What it answers through raft is nil or an error:
// results go to the proposer's entry, if it was this process's.
func (f *fsm) ApplyBatch(logs []*raft.Log) []any {
	answers := make([]any, len(logs))
	f.dirty = f.dirty[:0]
	for i, l := range logs {
		if err := f.one(l); err != nil {
			answers[i] = err
		}
	}
	if len(f.dirty) > 0 && f.changed != nil {
		f.changed(f.dirty)
	}
	return answers
}

// one holds the lock for one entry only: readers wait for thousands of claims as it is.
func (f *fsm) one(l *raft.Log) (err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if l.Type == raft.LogCommand {
		f.asked = false
		err = f.entry(l)
		f.dirty = f.m.takeDirty(f.dirty)
		if err == nil && f.asked {
			f.notes.add(l.Index, f.m.digest())
		}
	}
	f.applied.Store(l.Index)
	f.signal.raise()
	return err
}

// entry applies one entry; after an entry that cannot be applied nothing is.
func (f *fsm) entry(l *raft.Log) error {
	if err := f.haltedErr(); err != nil {
		return err
	}
	r := &f.reader
	if err := r.open(l.Data); err != nil {
		return f.stop(l, err)
	}
	now := f.m.advance(r.head.Stamp)
	want := f.entries.take(r.head)
	for i := 0; r.next(&f.cmd); i++ {
		out := &f.lost
		if i < len(want) {
			out = &want[i]
		}
		if !f.m.apply(now, &f.cmd, out) {
			return f.stop(l, fmt.Errorf("%w: command %d is not one of group %d", ErrBadEntry, f.cmd.Op, f.group))
		}
		f.asked = f.asked || f.cmd.Op == OpChecksum
	}
	if r.err != nil {
		return f.stop(l, r.err)
	}
	f.clock.applied(now)
	f.bytes.Add(int64(len(l.Data)))
	return nil
}

// stop halts the replica: a committed command that is skipped here and not elsewhere
// would be the end of "every replica is equal".
func (f *fsm) stop(l *raft.Log, err error) error {
	err = fmt.Errorf("%w: group %d, entry %d of term %d: %w", ErrHalted, f.group, l.Index, l.Term, err)
	f.haltWith(err)
	return err
}

func (f *fsm) haltWith(err error) {
	if f.haltQuietly(err) {
		f.halt(err)
	}
}

// haltQuietly tells nobody; false: it had halted before.
func (f *fsm) haltQuietly(err error) bool { return f.halted.CompareAndSwap(nil, &err) }

// seats is the state that claims may be refused by; nil in the directory, and once the
// replica has halted: the last entry may have been half applied. f.mu is held for reading.
func (f *fsm) seats() *shard.State {
	m, ok := f.m.(*shardMachine)
	if !ok || f.haltedErr() != nil {
		return nil
	}
	return m.state
}

func (f *fsm) haltedErr() error {
	if p := f.halted.Load(); p != nil {
		return *p
	}
	return nil
}

// Snapshot takes the state as it is; claims go on while it is written out.
func (f *fsm) Snapshot() (raft.FSMSnapshot, error) {
	if err := f.haltedErr(); err != nil {
		return nil, err
	}
	f.mu.Lock()
	z := f.m.freeze()
	f.mu.Unlock()
	f.bytes.Store(0)
	return &fsmSnapshot{z, f.wrote}, nil
}

// Restore replaces the state; on an error it stays as it was.
func (f *fsm) Restore(in io.ReadCloser) error {
	defer in.Close()
	if err := f.haltedErr(); err != nil {
		return err
	}
	if err := f.restore(in); err != nil {
		return fmt.Errorf("group %d: %w: %w", f.group, ErrDamaged, err)
	}
	f.bytes.Store(0)
	if f.changed != nil {
		f.changed(nil)
	}
	return nil
}

func (f *fsm) restore(in io.Reader) error {
	z, err := zstd.NewReader(in, zstd.WithDecoderConcurrency(1))
	if err != nil {
		return err
	}
	defer z.Close()
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.m.restore(z); err != nil {
		return err
	}
	f.notes.forget()
	f.clock.applied(f.m.now())
	return nil
}

// fsmSnapshot writes a frozen state out, compressed. raft calls it from its snapshot
// goroutine, beside Apply.
type fsmSnapshot struct {
	frozen io.WriterTo
	wrote  func(time.Duration, int64) // may be nil
}

// Persist streams the snapshot into the sink.
func (s *fsmSnapshot) Persist(sink raft.SnapshotSink) error {
	begin, out := time.Now(), &countedWriter{Writer: sink}
	if err := compress(out, s.frozen); err != nil {
		_ = sink.Cancel() // the first error is the one that tells
		return err
	}
	if err := sink.Close(); err != nil {
		return err
	}
	if s.wrote != nil {
		s.wrote(time.Since(begin), out.n)
	}
	return nil
}

type countedWriter struct {
	io.Writer
	n int64
}

// Write counts what the writer below took.
func (w *countedWriter) Write(b []byte) (int, error) {
	n, err := w.Writer.Write(b)
	w.n += int64(n)
	return n, err
}

// Release lets the pages go.
func (s *fsmSnapshot) Release() { s.frozen = nil }
