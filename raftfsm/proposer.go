package raftfsm

import (
	"context"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hashicorp/raft"

	"github.com/usherhq/usher/shard"
)

const (
	// entriesInFlight: two or three beat many, as each is as large as what arrived while
	// the ones before it were on their way.
	entriesInFlight = 3
	// commandsInEntry bounds an entry's work for the state machine, in plain commands.
	commandsInEntry = 8192
	// searchWork is what a search for seats counts: some ten microseconds.
	searchWork = 64
	// entrantsInWork of an OpJoin count as one command: each costs one look-up and one place.
	entrantsInWork = 4
	// conflictsKept is the room for conflicts that a result keeps for its next use.
	conflictsKept = 64
	// enqueueTimeout bounds the wait for raft's main loop to take an entry.
	enqueueTimeout = 5 * time.Second
)

// proposer turns the commands of many callers into few log entries. One goroutine
// drains all that is pending, answers from committed state what it may (evidence.go),
// parks claims of seats that an entry in flight claims, and makes one entry of the
// rest. There is no timer: the fsync in progress is the batching window.
type proposer struct {
	raft     *raft.Raft
	leads    func() bool // whether raft calls itself leader
	fsm      *fsm
	clock    *logicalClock
	boot     func() time.Duration
	bootNear func() time.Duration // boot, at little cost; see bootClock
	evidence *evidence
	entries  *entryTable
	limit    int // of requests under way
	observe  *groupMetrics
	progress progress
	latency  latencies

	mu       sync.Mutex
	pending  []*Request
	closed   error         // why nothing more is taken
	wake     chan struct{} // capacity 1
	paused   atomic.Pointer[pausing]
	underway atomic.Int64  // callers inside propose: pending, parked or in flight
	doors    atomic.Uint32 // claims refused at the door
	credit   atomic.Int64  // claims that may get past the door before it is shut

	flying    chan *entry // capacity entriesInFlight, in order
	landed    chan *entry
	stop      chan struct{}
	ran       chan struct{} // closed when run has ended
	failed    chan error    // capacity 1
	wg        sync.WaitGroup
	landing   sync.Mutex // guards the requests of entries in flight
	flight    []*entry   // in flight, oldest first
	sequence  uint64
	batch     []*Request // drained, being worked on
	refused   []*Request
	claimed   map[uint32]*claims // seats claimed in flight, by event
	spare     []*entry
	lastSpare []*Request
}

func (p *proposer) start() {
	p.wake = make(chan struct{}, 1)
	p.flying = make(chan *entry, entriesInFlight)
	p.landed = make(chan *entry, entriesInFlight)
	p.stop = make(chan struct{})
	p.failed = make(chan error, 1)
	p.claimed = make(map[uint32]*claims)
	p.ran = make(chan struct{})
	p.wg.Add(2)
	go p.run()
	go p.land()
}

// propose runs a request to its end. A nil error means Result is what the log decided.
func (p *proposer) propose(ctx context.Context, r *Request) error {
	if err := ctx.Err(); err != nil {
		return &OutcomeError{OutcomeNotApplied, err}
	}
	if p.refusedAtDoor(r) {
		return nil
	}
	defer p.underway.Add(-1)
	n := p.underway.Add(1)
	if n > int64(p.limit) {
		return &OutcomeError{OutcomeNotApplied, ErrOverload}
	}
	if r.Cmd.claims() && timed(n) {
		r.came = p.latency.begin(p.bootNear())
	}
	if err := p.enqueue(r); err != nil {
		return err
	}
	return r.await(ctx)
}

func (p *proposer) enqueue(r *Request) error {
	p.mu.Lock()
	switch {
	case p.closed != nil:
		err := p.closed
		p.mu.Unlock()
		return &OutcomeError{OutcomeNotApplied, err}
	case len(p.pending) >= p.limit: // with those whose callers have left
		p.mu.Unlock()
		return &OutcomeError{OutcomeNotApplied, ErrOverload}
	}
	p.pending = append(p.pending, r)
	first := len(p.pending) == 1
	p.mu.Unlock()
	if first {
		p.signal()
	}
	return nil
}

func (p *proposer) signal() {
	select {
	case p.wake <- struct{}{}:
	default:
	}
}

func (p *proposer) run() {
	defer p.wg.Done()
	defer close(p.ran)
	defer close(p.flying)
	for {
		wake := p.wake
		if len(p.flight) >= entriesInFlight {
			wake = nil
		}
		select {
		case <-p.stop:
			p.abandon(ErrClosed)
			return
		case err := <-p.failed:
			p.abandon(err)
			p.forsake(err)
		case e := <-p.landed:
			p.retire(e)
		case <-wake:
		}
		if len(p.flight) > 0 {
			// An entry that has just landed woke many callers: let them all get into the next.
			runtime.Gosched()
		}
		for len(p.flight) < entriesInFlight && p.round() {
			// Callers that spin on refusals must not starve raft's heartbeats.
			runtime.Gosched()
		}
		p.tellQuiet()
	}
}

// round takes what is pending and deals with all of it; false when nothing was, or when
// nothing may be taken.
func (p *proposer) round() bool {
	if p.paused.Load() != nil {
		return false
	}
	p.mu.Lock()
	p.batch, p.pending = p.pending, p.batch[:0]
	p.mu.Unlock()
	if len(p.batch) == 0 {
		return false
	}
	if !p.leads() {
		p.failAll(p.batch, &OutcomeError{OutcomeNotApplied, ErrNotLeader})
		clear(p.batch)
		return true
	}
	e := p.sort(p.batch)
	clear(p.batch)
	if e != nil {
		p.submit(e)
	}
	return true
}

// sort answers, parks or packs each request, and returns the entry to propose, or nil.
func (p *proposer) sort(batch []*Request) *entry {
	p.refuse(batch)
	e := p.newEntry()
	full := false
	for i, r := range batch {
		if r == nil {
			continue
		}
		if full = full || e.work >= commandsInEntry || len(e.data) > MaxEntry-maxCommand; full {
			p.requeue(batch[i:])
			break
		}
		p.pack(e, r)
	}
	if len(e.requests) == 0 {
		p.spare = append(p.spare, e)
		return nil
	}
	return e
}

// refuse answers the claims that committed state already refuses, if this replica may
// speak for the log, and takes them out of the batch. The state is read first, whether it
// may be spoken for is checked after.
func (p *proposer) refuse(batch []*Request) {
	now := p.clock.now()
	p.refused = p.refused[:0]
	p.fsm.mu.RLock()
	if s := p.fsm.seats(); s != nil {
		for i, r := range batch {
			if r.Cmd.claims() && refuses(s, max(now, s.Now()), &r.Cmd, &r.Result.Result) {
				p.refused = append(p.refused, r)
				batch[i] = nil
			}
		}
	}
	p.fsm.mu.RUnlock()
	if len(p.refused) == 0 {
		return
	}
	boot := p.boot()
	switch {
	case !p.evidence.valid(boot) || !p.leads():
		p.unrefuse(batch, len(p.refused))
	case !p.evidence.fresh(boot):
		// One of them goes through the log, so that the evidence never runs out.
		p.unrefuse(batch, 1)
	}
	for _, r := range p.refused {
		if r.state.CompareAndSwap(requestQueued, requestTaken) {
			p.latency.end(r.came, boot)
			r.finish(nil)
		}
	}
	p.observe.refused(len(p.refused))
	p.earn(len(p.refused))
	clear(p.refused)
}

// refuses tells whether the state settles a claim without the log.
func refuses(s *shard.State, now int64, c *Command, out *shard.Result) bool {
	if c.Op == OpClaim {
		return s.RefuseClaim(now, c.Claim, out)
	}
	return s.RefuseHold(now, &c.Hold, out)
}

// unrefuse puts the last n refused requests back into holes of the batch.
func (p *proposer) unrefuse(batch []*Request, n int) {
	for i := range batch {
		if n == 0 {
			return
		}
		if batch[i] == nil {
			last := len(p.refused) - 1
			batch[i], p.refused = p.refused[last], p.refused[:last]
			n--
		}
	}
}

// pack adds a request to the entry, or parks it when a seat it claims is claimed by an
// entry that is not decided yet: it has probably lost, but only the log knows.
func (p *proposer) pack(e *entry, r *Request) {
	if r.Cmd.claims() && p.isClaimed(&r.Cmd) {
		waits := e
		if len(e.requests) == 0 {
			waits = p.flight[len(p.flight)-1] // whose claim else?
		}
		waits.parked = append(waits.parked, r)
		return
	}
	if !r.state.CompareAndSwap(requestQueued, requestTaken) {
		return // its caller has left
	}
	if r.Cmd.claims() {
		p.claim(e, &r.Cmd)
	}
	e.work += r.Cmd.work()
	e.data = AppendCommand(e.data, &r.Cmd)
	e.requests = append(e.requests, r)
}

func (p *proposer) newEntry() *entry {
	if n := len(p.spare); n > 0 {
		e := p.spare[n-1]
		p.spare = p.spare[:n-1]
		e.data = beginEntry(e.data)
		e.work = 0
		return e
	}
	return &entry{data: beginEntry(make([]byte, 0, 64<<10))}
}

// submit hands the entry to raft. It blocks while raft's main loop is busy storing:
// that is when the next batch gathers.
func (p *proposer) submit(e *entry) {
	p.sequence++
	e.head = entryHead{Stamp: p.clock.stamp(), Origin: p.entries.origin, Sequence: p.sequence, Count: uint32(len(e.requests))}
	// raft and its log keep the bytes: each entry gets bytes of its own.
	data := endEntry(append(make([]byte, 0, len(e.data)+entryTrailer), e.data...), e.head)
	if cap(e.results) < len(e.requests) {
		e.results = make([]Result, len(e.requests))
	}
	e.results = e.results[:len(e.requests)]
	p.entries.put(e)
	p.flight = append(p.flight, e)
	p.observe.entry(len(data), len(e.requests))
	e.proposed = p.boot()
	p.progress.flying.Add(1)
	e.future = p.raft.Apply(data, enqueueTimeout)
	p.flying <- e
}

// land waits for entries in order, wakes their callers, and hands them back to run.
func (p *proposer) land() {
	defer p.wg.Done()
	for e := range p.flying {
		err := e.future.Error()
		p.progress.landed(err)
		p.settle(e, err)
		select {
		case p.landed <- e:
		case <-p.stop:
		}
	}
}

// settle tells the entry's callers what became of it, unless forsake has.
func (p *proposer) settle(e *entry, err error) {
	p.landing.Lock()
	defer p.landing.Unlock()
	if err == nil {
		err = p.deliver(e)
	}
	if err != nil {
		p.entries.drop(e)
		p.failAll(e.requests, failure(err))
		e.results = nil // the fsm may still write to them: they are used no more
	}
	p.observe.landed(p.boot()-e.proposed, err)
	clear(e.requests)
	e.requests = e.requests[:0]
}

// deliver gives each request its result.
func (p *proposer) deliver(e *entry) error {
	if err, ok := e.future.Response().(error); ok {
		return err
	}
	p.evidence.confirm(e.proposed)
	now := p.boot()
	for i, r := range e.requests {
		conflicts := r.Result.Conflicts[:0]
		res := &e.results[i]
		r.Result = *res
		r.Result.Conflicts = append(conflicts, res.Conflicts...)
		if cap(res.Conflicts) > conflictsKept {
			res.Conflicts = nil
		}
		p.latency.end(r.came, now)
		r.finish(nil)
	}
	return nil
}

// retire forgets the seats an entry claimed, and lets those try again that waited for
// it: what it was granted is committed state now, and they are refused from there.
func (p *proposer) retire(e *entry) {
	p.flight = slices.Delete(p.flight, 0, 1) // they land in order
	p.unclaim(e)
	p.requeue(e.parked)
	clear(e.parked)
	e.parked = e.parked[:0]
	e.future = nil
	if len(p.spare) < entriesInFlight {
		p.spare = append(p.spare, e)
	}
}

// requeue puts requests before those that came later.
func (p *proposer) requeue(rs []*Request) {
	if len(rs) == 0 {
		return
	}
	p.mu.Lock()
	queue := p.lastSpare[:0]
	for _, r := range rs {
		if r != nil {
			queue = append(queue, r)
		}
	}
	queue = append(queue, p.pending...)
	clear(p.pending)
	p.lastSpare, p.pending = p.pending[:0], queue
	p.mu.Unlock()
	p.signal()
}
