package raftfsm

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/cespare/xxhash/v2"
	"github.com/hashicorp/raft"
)

// sealVersion begins an entry's seal in raft.Log.Extensions: the version and xxHash64, little
// endian, of index, term, type and data. The data of a command carries its own sum, made by the
// proposer before Raft ever sees it; the seal adds what is known only once the leader appends:
// a flipped bit in a term makes a log look newer than it is, one in a configuration moves a voter.
const (
	sealVersion = 1
	sealLen     = 9
)

var errSealMissing = errors.New("entry has no seal")

// verifiedLog checks every entry on its way into the store and out of it. Neither raft-boltdb nor
// raft-wal notices a flipped bit (measured). Raft calls it from its main goroutine, and GetLog
// from the replication goroutines too; they may overlap.
type verifiedLog struct {
	inner raft.LogStore
	check func(data []byte) error
	fence func(error)

	started atomic.Bool
	once    sync.Once
	broken  atomic.Pointer[error]
}

var (
	_ raft.LogStore          = (*verifiedLog)(nil)
	_ raft.MonotonicLogStore = (*verifiedLog)(nil)
)

// newVerifiedLog wraps inner. check is called for the data of every LogCommand, from any
// goroutine. fence is called at most once and on Raft's own goroutine: when it returns, nothing
// of this group may be sent, acknowledged or believed any more. It must not read this log.
func newVerifiedLog(inner raft.LogStore, check func(data []byte) error, fence func(error)) *verifiedLog {
	return &verifiedLog{inner: inner, check: check, fence: fence}
}

// Started ends the time in which a bad entry is an error of GetLog. Call it when raft.NewRaft has
// returned: until then an error keeps the group from opening, from then on it would make Raft
// panic on a goroutine of its own and take the embedder's process along.
func (v *verifiedLog) Started() { v.started.Store(true) }

// FirstIndex is the store's.
func (v *verifiedLog) FirstIndex() (uint64, error) { return v.inner.FirstIndex() }

// LastIndex is the store's.
func (v *verifiedLog) LastIndex() (uint64, error) { return v.inner.LastIndex() }

// IsMonotonic tells Raft to clear the log when a snapshot was installed, if the store has to
// be without gaps.
func (v *verifiedLog) IsMonotonic() bool { return isMonotonic(v.inner) }

// GetLog reads the entry at index and checks it. A miss is raft.ErrLogNotFound. Any other
// fault is an error naming the index before Started; after it, it raises the fence and the
// entry is returned as it is (or empty, if there is none) without an error.
func (v *verifiedLog) GetLog(index uint64, log *raft.Log) error {
	err := v.read(index, log)
	if err == nil || errors.Is(err, raft.ErrLogNotFound) {
		return err
	}
	if !v.started.Load() {
		return err
	}
	v.raise(err)
	return nil
}

func (v *verifiedLog) read(index uint64, log *raft.Log) error {
	if err := v.fetch(index, log); err != nil {
		if errors.Is(err, raft.ErrLogNotFound) {
			return err
		}
		*log = raft.Log{Index: index, Type: raft.LogNoop}
		return fmt.Errorf("%w: reading entry %d: %w", ErrDamaged, index, err)
	}
	if log.Index != index {
		return fmt.Errorf("%w: asked for entry %d, the log gave %d", ErrDamaged, index, log.Index)
	}
	if len(log.Extensions) == 0 {
		return fmt.Errorf("%w: entry %d: %w", ErrDamaged, index, errSealMissing)
	}
	if err := v.verify(log); err != nil {
		return fmt.Errorf("%w: entry %d: %w", ErrDamaged, index, err)
	}
	return nil
}

// fetch turns a panic of the store's decoder into an error: raft-wal's slices by a length that a
// flipped bit can make negative, and bbolt asserts on damaged pages.
func (v *verifiedLog) fetch(index uint64, log *raft.Log) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("the store's decoder: %v", p)
		}
	}()
	return v.inner.GetLog(index, log)
}

// StoreLog stores one entry.
func (v *verifiedLog) StoreLog(log *raft.Log) error { return v.StoreLogs([]*raft.Log{log}) }

// StoreLogs checks the entries and stores them; one bad entry refuses them all, so that a
// follower does not acknowledge it and a leader does not send it. An entry without a seal is
// this leader's own and gets one, which replication then carries along.
func (v *verifiedLog) StoreLogs(logs []*raft.Log) error {
	if err := v.brokenErr(); err != nil {
		return err
	}
	for _, l := range logs {
		if err := v.verify(l); err != nil {
			return fmt.Errorf("%w: refusing to store entry %d: %w", ErrDamaged, l.Index, err)
		}
		if len(l.Extensions) == 0 {
			l.Extensions = seal(l)
		}
	}
	return v.inner.StoreLogs(logs)
}

// DeleteRange deletes entries, both ends included. Behind the fence it refuses: Raft may have
// been given a damaged entry, and would clear a good suffix because of its term.
func (v *verifiedLog) DeleteRange(minIndex, maxIndex uint64) error {
	if err := v.brokenErr(); err != nil {
		return err
	}
	return v.inner.DeleteRange(minIndex, maxIndex)
}

// VerifyAll reads the log from its first entry to its last and gives an error naming the first
// that is damaged, missing (in a store without gaps) or of a lower term than the one before.
func (v *verifiedLog) VerifyAll(ctx context.Context) error {
	first, err := v.inner.FirstIndex()
	if err != nil {
		return err
	}
	last, err := v.inner.LastIndex()
	if err != nil {
		return err
	}
	var term uint64
	for i := first; i <= last && i > 0; i++ {
		if err := ctx.Err(); err != nil {
			return err
		}
		var l raft.Log
		err := v.read(i, &l)
		if errors.Is(err, raft.ErrLogNotFound) && !v.IsMonotonic() {
			continue // Raft leaves a gap on purpose when a snapshot was restored by hand
		}
		if err != nil {
			return fmt.Errorf("%w: log %d to %d: %w", ErrDamaged, first, last, err)
		}
		if l.Term < term {
			return fmt.Errorf("%w: entry %d is of term %d, after one of term %d", ErrDamaged, i, l.Term, term)
		}
		term = l.Term
	}
	return nil
}

func (v *verifiedLog) verify(l *raft.Log) error {
	if len(l.Extensions) > 0 {
		if err := checkSeal(l); err != nil {
			return err
		}
	}
	if l.Type == raft.LogCommand && v.check != nil {
		return v.check(l.Data)
	}
	return nil
}

// refuse makes every later StoreLogs and DeleteRange fail with err; the first one stays. The owner
// of the fence calls it when something other than this log raised it.
func (v *verifiedLog) refuse(err error) { v.broken.CompareAndSwap(nil, &err) }

// raise returns only when the fence is up, also to those who come second.
func (v *verifiedLog) raise(err error) {
	v.once.Do(func() {
		v.refuse(err)
		v.fence(err)
	})
}

func (v *verifiedLog) brokenErr() error {
	if p := v.broken.Load(); p != nil {
		return *p
	}
	return nil
}

func isMonotonic(s raft.LogStore) bool {
	m, ok := s.(raft.MonotonicLogStore)
	return ok && m.IsMonotonic()
}

// seal gives the seal of an entry.
func seal(l *raft.Log) []byte {
	return binary.LittleEndian.AppendUint64([]byte{sealVersion}, entrySum(l))
}

// checkSeal says whether an entry is what its seal was made for.
func checkSeal(l *raft.Log) error {
	switch {
	case len(l.Extensions) != sealLen || l.Extensions[0] != sealVersion:
		return fmt.Errorf("unknown seal of %d bytes", len(l.Extensions))
	case binary.LittleEndian.Uint64(l.Extensions[1:]) != entrySum(l):
		return errors.New("entry fails its seal")
	}
	return nil
}

// entrySum is no CRC-32C: the data of a command ends in its own, and a CRC run over bytes
// and their CRC comes out the same whatever the bytes are.
func entrySum(l *raft.Log) uint64 {
	var head [17]byte
	binary.LittleEndian.PutUint64(head[0:], l.Index)
	binary.LittleEndian.PutUint64(head[8:], l.Term)
	head[16] = byte(l.Type)
	d := xxhash.New()
	_, _ = d.Write(head[:]) // a hash does not fail
	_, _ = d.Write(l.Data)
	return d.Sum64()
}
