package raftfsm

import (
	"context"
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
		r.Result = refusal(g.Now(), shard.ErrBadRequest)
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
		if !l.forwards.node.calls.Go(l.carry) {
			return ErrClosed
		}
		l.carriers++
	}
	l.pending = append(l.pending, f)
	return nil
}
