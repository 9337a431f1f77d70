package raftfsm

import (
	"maps"
	"sync"
)

// addrBook knows where nodes are. What a node itself has just said where it was found counts
// for more than what the directory has: it needs no majority, so a cluster whose nodes all
// have new addresses finds itself again. Names are resolved at every dial.
type addrBook struct {
	mu    sync.Mutex
	heard map[string]string // node id → HOST:PORT at which it answered
}

func newAddrBook() *addrBook { return &addrBook{heard: make(map[string]string)} }

// note keeps where a node answered.
func (b *addrBook) note(id, addr string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.heard[id] = addr
}

// miss forgets where a node does not answer any more.
func (b *addrBook) miss(id, addr string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.heard[id] == addr {
		delete(b.heard, id)
	}
}

func (b *addrBook) find(id string) (string, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	addr, ok := b.heard[id]
	return addr, ok
}

func (b *addrBook) all() map[string]string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return maps.Clone(b.heard)
}
