package raftfsm

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/usherhq/usher/shard"
)

const (
	// forwardsInFlight batches of a group are on their way to one peer: as with entries, few beat
	// many, as each has what arrived while the ones before it were on their way.
	forwardsInFlight = 4
	// forwardsUnderway bounds the callers that wait for one peer.
	forwardsUnderway = 16384
	// answerGrace is what the answer to a batch gets beyond the time of its commands.
	answerGrace = time.Second
)

// Propose runs a request through a group's log: of this node if it leads, else of the one that
// does, in one hop. It returns what Group.Propose does; a leader that is not known, or turns out
// to lead no more, is ErrNotLeader.
func (n *Node) Propose(ctx context.Context, group int, r *Request) error {
	g := n.Group(group)
	if g.IsLeader() {
		return g.Propose(ctx, r)
	}
	leader := g.Leader()
	if leader == "" || leader == n.cfg.NodeID || !mayForward(group, r.Cmd.Op) {
		return &OutcomeError{OutcomeNotApplied, ErrNotLeader}
	}
	if !r.Cmd.fits() {
		r.Result = shard.Result{Now: g.Now(), Err: shard.ErrBadRequest}
		return nil
	}
	err := n.forwards.lane(leader, group).propose(ctx, r)
	n.cfg.Metrics.forwards.answered(err)
	return err
}

// Floor is the highest index of a group's log that came with an answer of another node: what is
// read here below it may be older than what this node's callers were told.
func (n *Node) Floor(group int) uint64 { return n.forwards.floors[group].Load() }

// forwards are the commands on their way to other nodes.
type forwards struct {
	node   *Node
	lanes  sync.Map // laneKey → *lane
	crowds sync.Map // node id → *atomic.Int64: callers that wait for that node
	floors []atomic.Uint64
	asks   *asks
}

type laneKey struct {
	node  string
	group int
}

func newForwards(n *Node) *forwards {
	return &forwards{node: n, floors: make([]atomic.Uint64, n.cfg.Groups+1), asks: newAsks(n)}
}

func (f *forwards) lane(node string, group int) *lane {
	key := laneKey{node, group}
	if l, ok := f.lanes.Load(key); ok {
		return l.(*lane)
	}
	crowd, _ := f.crowds.LoadOrStore(node, new(atomic.Int64))
	l, _ := f.lanes.LoadOrStore(key, &lane{forwards: f, laneKey: key, crowd: crowd.(*atomic.Int64)})
	return l.(*lane)
}

// raise notes an index that came with an answer.
func (f *forwards) raise(group int, index uint64) {
	floor := &f.floors[group]
	for {
		has := floor.Load()
		if has >= index || floor.CompareAndSwap(has, index) {
			return
		}
	}
}

// lane is the commands for one group on their way to the node that leads it. Up to four
// goroutines carry them, each a batch of all that is pending; they end when nothing is.
type lane struct {
	laneKey
	forwards *forwards
	crowd    *atomic.Int64

	mu       sync.Mutex
	pending  []forwarded
	carriers int
}

// forwarded is a request and until when its caller waits.
type forwarded struct {
	*Request
	until time.Time
}

func (l *lane) propose(ctx context.Context, r *Request) error {
	if err := ctx.Err(); err != nil {
		return &OutcomeError{OutcomeNotApplied, err}
	}
	defer l.crowd.Add(-1)
	if l.crowd.Add(1) > forwardsUnderway {
		return &OutcomeError{OutcomeNotApplied, ErrOverload}
	}
	until, ok := ctx.Deadline()
	if !ok {
		until = time.Now().Add(forwardedAtAll)
	}
	if err := l.enqueue(forwarded{r, until}); err != nil {
		return &OutcomeError{OutcomeNotApplied, err}
	}
	return r.await(ctx)
}

func (l *lane) enqueue(f forwarded) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.pending) >= forwardsUnderway { // with those whose callers have left
		return ErrOverload
	}
	if l.carriers < forwardsInFlight {
		if !l.forwards.node.peers.spawn(l.carry) {
			return ErrClosed
		}
		l.carriers++
	}
	l.pending = append(l.pending, f)
	return nil
}

// carry sends batches until nothing is pending.
func (l *lane) carry() {
	var b outBatch
	for l.take(&b) {
		if len(b.requests) > 0 {
			l.send(&b)
		}
	}
}

// outBatch is a batch on its way.
type outBatch struct {
	requests []*Request
	budgets  []time.Duration
	commands []byte
	longest  time.Duration
}

// take makes a batch of what is pending; false when nothing is, and then the carrier has left.
func (l *lane) take(b *outBatch) bool {
	l.mu.Lock()
	all := l.pending
	l.pending = nil
	if len(all) == 0 {
		l.carriers--
		l.mu.Unlock()
		return false
	}
	l.mu.Unlock()
	if rest := b.fill(all); len(rest) > 0 {
		l.mu.Lock()
		l.pending = append(rest, l.pending...)
		l.mu.Unlock()
	}
	return true
}

// fill packs requests until the batch is full, and returns those that are left.
func (b *outBatch) fill(all []forwarded) (rest []forwarded) {
	b.requests, b.budgets, b.commands, b.longest = b.requests[:0], b.budgets[:0], b.commands[:0], 0
	now := time.Now()
	for i, f := range all {
		if len(b.requests) == batchCommands || len(b.commands) > MaxEntry-maxCommand {
			return all[i:]
		}
		budget := f.until.Sub(now)
		if budget <= 0 {
			// Its caller leaves at this moment; it is told here if it has not.
			if f.state.CompareAndSwap(requestQueued, requestTaken) {
				f.finish(&OutcomeError{OutcomeNotApplied, context.DeadlineExceeded})
			}
			continue
		}
		if !f.state.CompareAndSwap(requestQueued, requestTaken) {
			continue // its caller has left
		}
		b.requests, b.budgets = append(b.requests, f.Request), append(b.budgets, budget)
		b.commands = AppendCommand(b.commands, &f.Cmd)
		b.longest = max(b.longest, min(budget, forwardedAtAll))
	}
	return nil
}

// send has the leader answer a batch, and tells its callers.
func (l *lane) send(b *outBatch) {
	node := l.forwards.node
	// The bytes are those of the connection's writer from here on.
	body := append(appendBatch(make([]byte, 0, batchHeader+4*len(b.budgets)+len(b.commands)), l.group, b.budgets), b.commands...)
	ctx, cancel := context.WithTimeout(node.peers.ctx, b.longest+answerGrace)
	defer cancel()
	begun := time.Now()
	reply, err := node.peers.call(ctx, l.node, callForward, body)
	node.cfg.Metrics.forwards.sent(len(b.requests), len(body), time.Since(begun))
	if err != nil {
		b.fail(0, lostBatch(l.node, err))
	} else if told, err := l.deliver(b, reply); err != nil {
		b.fail(told, &OutcomeError{OutcomeUnknown, fmt.Errorf("%w: node %q: %w", ErrNoQuorum, l.node, err)})
	}
	clear(b.requests)
}

// deliver gives each request its answer, and returns how many were told.
func (l *lane) deliver(b *outBatch, reply []byte) (told int, err error) {
	var a answerReader
	if err := a.open(reply, len(b.requests)); err != nil {
		return 0, err
	}
	l.forwards.raise(l.group, a.index) // before anyone reads on
	for i, r := range b.requests {
		told, bad := a.next(&r.Result)
		if bad != nil {
			return i, bad
		}
		r.finish(told)
	}
	return len(b.requests), a.end()
}

func (b *outBatch) fail(from int, err error) {
	for _, r := range b.requests[from:] {
		r.finish(err)
	}
}

// lostBatch is what a batch's callers are told when there is no answer to it, or one to the batch
// as a whole, of which nothing was done.
func lostBatch(node string, err error) error {
	outcome := OutcomeOf(err)
	if errors.Is(err, errBroken) {
		outcome = OutcomeUnknown
	}
	if errors.Is(err, ErrNotLeader) || errors.Is(err, ErrOverload) {
		return &OutcomeError{outcome, err}
	}
	return &OutcomeError{outcome, fmt.Errorf("%w: node %q: %v", ErrNoQuorum, node, err)}
}
