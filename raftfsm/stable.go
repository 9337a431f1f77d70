package raftfsm

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"sync/atomic"

	"github.com/hashicorp/raft"
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// errStableMiss is what Raft takes for "no such key": it compares the text, so it is exact.
var errStableMiss = errors.New("not found")

// sealedStable keeps a CRC32C of key and value behind each value of the stable store, since
// bbolt notices no flipped bit in a page: a wrong term or vote would let a voter vote twice.
// Raft calls it from its main goroutine.
type sealedStable struct{ inner raft.StableStore }

// Set durably stores the value.
func (s sealedStable) Set(key, val []byte) error {
	sealed := binary.LittleEndian.AppendUint32(append([]byte(nil), val...), stableSum(key, val))
	return s.inner.Set(key, sealed)
}

// Get gives the value; a miss is an error with the text "not found", a value that does not bear
// its sum is ErrDamaged.
func (s sealedStable) Get(key []byte) ([]byte, error) {
	raw, err := s.inner.Get(key)
	if err != nil {
		if err.Error() == errStableMiss.Error() {
			return nil, errStableMiss
		}
		return nil, err
	}
	if len(raw) < 4 {
		return nil, fmt.Errorf("%w: stable value %q is %d bytes", ErrDamaged, key, len(raw))
	}
	val, sum := raw[:len(raw)-4], binary.LittleEndian.Uint32(raw[len(raw)-4:])
	if sum != stableSum(key, val) {
		return nil, fmt.Errorf("%w: stable value %q fails its checksum", ErrDamaged, key)
	}
	return val, nil
}

// SetUint64 durably stores a number.
func (s sealedStable) SetUint64(key []byte, val uint64) error {
	return s.Set(key, binary.BigEndian.AppendUint64(nil, val))
}

// GetUint64 gives the number; errors as of Get.
func (s sealedStable) GetUint64(key []byte) (uint64, error) {
	val, err := s.Get(key)
	if err != nil {
		return 0, err
	}
	if len(val) != 8 {
		return 0, fmt.Errorf("%w: stable number %q is %d bytes", ErrDamaged, key, len(val))
	}
	return binary.BigEndian.Uint64(val), nil
}

func stableSum(key, val []byte) uint32 {
	return crc32.Update(crc32.Checksum(key, castagnoli), castagnoli, val)
}

// fencedStable keeps a failing stable store from killing the process: Raft panics on its own
// goroutine when it cannot save a term. The first failed write calls fence, synchronously,
// and from then on writes seem to succeed: behind the fence the term that was not saved can
// reach nobody, and a restart begins from the last saved one.
type fencedStable struct {
	raft.StableStore
	fence  func(error)
	broken atomic.Bool
}

// newFencedStable wraps inner. fence is called at most once, from Raft's main goroutine; after it
// returns nothing of this group may be sent, acknowledged or believed.
func newFencedStable(inner raft.StableStore, fence func(error)) *fencedStable {
	return &fencedStable{StableStore: inner, fence: fence}
}

// Set stores the value, or raises the fence.
func (s *fencedStable) Set(key, val []byte) error {
	return s.guard(key, func() error { return s.StableStore.Set(key, val) })
}

// SetUint64 stores the number, or raises the fence.
func (s *fencedStable) SetUint64(key []byte, val uint64) error {
	return s.guard(key, func() error { return s.StableStore.SetUint64(key, val) })
}

func (s *fencedStable) guard(key []byte, write func() error) error {
	if s.broken.Load() {
		return nil
	}
	if err := write(); err != nil && s.broken.CompareAndSwap(false, true) {
		s.fence(fmt.Errorf("raftfsm: saving %q: %w", key, err))
	}
	return nil
}
