package raftfsm

import (
	"fmt"
	"strconv"
	"sync"
)

// Digest sums up a group's state: equal states have equal ones. Where people or JSON read it, it is
// 16 hexadecimal digits: JavaScript has no integers of 64 bits.
type Digest uint64

func (d Digest) String() string { return fmt.Sprintf("%016x", uint64(d)) }

// MarshalText writes 16 hexadecimal digits.
func (d Digest) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads what MarshalText wrote.
func (d *Digest) UnmarshalText(text []byte) error {
	n, err := strconv.ParseUint(string(text), 16, 64)
	if err != nil || len(text) != 16 {
		return fmt.Errorf("usher: %q is no digest: want 16 hexadecimal digits", text)
	}
	*d = Digest(n)
	return nil
}

// NotedDigest is a replica's digest right after the entry Index, which was one that asks for it.
type NotedDigest struct {
	Index  uint64 `json:"index"`
	Digest Digest `json:"digest"`
}

// digestsKept is how many notes a replica keeps: the leader asks for the newest, and may come
// late.
const digestsKept = 4

// digestNotes are the newest of a replica's notes, oldest first. The state machine adds them; whoever
// asks how the replica is need not wait for it.
type digestNotes struct {
	mu   sync.Mutex
	list []NotedDigest
}

func (n *digestNotes) add(index, digest uint64) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if len(n.list) == digestsKept {
		n.list = append(n.list[:0], n.list[1:]...)
	}
	n.list = append(n.list, NotedDigest{index, Digest(digest)})
}

// forget is for when the state has become another one.
func (n *digestNotes) forget() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.list = nil
}

// at is the digest noted at an entry, if one was.
func (n *digestNotes) at(index uint64) (Digest, bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, d := range n.list {
		if d.Index == index {
			return d.Digest, true
		}
	}
	return 0, false
}

func (n *digestNotes) newest() (NotedDigest, bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if len(n.list) == 0 {
		return NotedDigest{}, false
	}
	return n.list[len(n.list)-1], true
}
