package raftfsm

import (
	"sync"
	"time"

	"github.com/hashicorp/raft"
)

// entry is one log entry of this process on its way: the requests in it, in order, and
// those that wait for it to be decided.
type entry struct {
	head     entryHead
	data     []byte
	requests []*Request
	results  []Result      // written by the fsm's goroutine before the future ends
	parked   []*Request    // claims of seats that a request in here claims
	marks    []seatMark    // those seats
	work     int           // for the state machine, see commandsInEntry
	proposed time.Duration // boot clock, before raft saw it
	future   raft.ApplyFuture
}

// entryTable is where the fsm finds the room for an entry's results. An entry that
// failed is forgotten: if it commits all the same, nobody reads what it did. The fsm is
// given the room and not the entry, as an entry that raft gave up may be in use again
// while the fsm, told by the next leader, still applies what it was.
type entryTable struct {
	origin uint64 // which process's proposer this is; chosen at random at start
	mu     sync.Mutex
	open   map[uint64][]Result
}

func newEntryTable(origin uint64) *entryTable {
	return &entryTable{origin: origin, open: make(map[uint64][]Result)}
}

func (t *entryTable) put(e *entry) {
	t.mu.Lock()
	t.open[e.head.Sequence] = e.results
	t.mu.Unlock()
}

func (t *entryTable) drop(e *entry) {
	t.mu.Lock()
	delete(t.open, e.head.Sequence)
	t.mu.Unlock()
}

// take is called by the fsm when it applies an entry: each entry's results are wanted
// once.
func (t *entryTable) take(h entryHead) []Result {
	if h.Origin != t.origin {
		return nil
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	results := t.open[h.Sequence]
	delete(t.open, h.Sequence)
	return results
}
