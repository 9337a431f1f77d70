package raftfsm

import (
	"sync"
	"time"

	"github.com/hashicorp/raft"

	"github.com/usherhq/usher/shard"
)

// entry is one log entry of this process on its way: the requests in it, in order, and
// those that wait for it to be decided.
type entry struct {
	head     entryHead
	data     []byte
	requests []*Request
	results  []shard.Result // written by the fsm's goroutine before the future ends
	parked   []*Request     // claims of seats that a request in here claims
	marks    []seatMark     // those seats
	proposed time.Duration  // boot clock, before raft saw it
	future   raft.ApplyFuture
}

type seatMark struct{ event, seat uint32 }

// entryTable is how the fsm finds the entry that wants its results. An entry that
// failed is forgotten: if it commits all the same, nobody reads what it did.
type entryTable struct {
	origin uint64 // which process's proposer this is; chosen at random at start
	mu     sync.Mutex
	open   map[uint64]*entry
}

func newEntryTable(origin uint64) *entryTable {
	return &entryTable{origin: origin, open: make(map[uint64]*entry)}
}

func (t *entryTable) put(e *entry) {
	t.mu.Lock()
	t.open[e.head.Sequence] = e
	t.mu.Unlock()
}

func (t *entryTable) drop(e *entry) {
	t.mu.Lock()
	delete(t.open, e.head.Sequence)
	t.mu.Unlock()
}

// take is called by the fsm when it applies an entry: each entry's results are wanted
// once.
func (t *entryTable) take(h entryHead) *entry {
	if h.Origin != t.origin {
		return nil
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	e := t.open[h.Sequence]
	delete(t.open, h.Sequence)
	return e
}
