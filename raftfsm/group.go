package raftfsm

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hashicorp/raft"

	"github.com/usherhq/usher/shard"
	"github.com/usherhq/usher/waitroom"
)

const (
	snapshotsKept = 2
	// trailingLogs are kept behind a snapshot: a follower that was away for a moment
	// catches up from the log. Generous, as an installed snapshot has bugs of its own
	// (hashicorp/raft #697).
	trailingLogs = 4096
	// snapshotEntries and snapshotBytes: a snapshot is made when either is exceeded.
	snapshotEntries = 16384
	snapshotBytes   = 256 << 20
	// logCache entries are kept in memory for followers that are nearly caught up.
	logCache = 32
)

// Group is one replica of one group.
type Group struct {
	no       int
	node     *Node
	fsm      *fsm
	clock    *logicalClock
	stores   *stores
	watched  *watchedLog
	verified *verifiedLog
	trans    *safeTransport
	raft     *raft.Raft
	proposer *proposer
	keeper   *timeKeeper
	metrics  *groupMetrics

	ready     atomic.Bool
	settled   atomic.Bool // this replica leads, and the group is what the directory wants
	leadAgain time.Time   // of tendGroups: no transfer to the preferred leader before
	wasLeader bool        // as tend last saw it
	leaders   leaderLook  // tend's
	lag       atomic.Uint64
	opened    time.Time
	ctx       context.Context // ends with close
	cancel    context.CancelFunc
	wg        sync.WaitGroup
	closed    sync.Once
}

// openGroup opens the stores, lets raft replay what they hold, and starts.
func openGroup(n *Node, no int) (*Group, error) {
	g := &Group{no: no, node: n, metrics: n.cfg.Metrics.group(no), opened: time.Now()}
	g.ctx, g.cancel = context.WithCancel(context.Background())
	if err := g.open(filepath.Join(n.cfg.Dir, "groups", fmt.Sprintf("%02d", no))); err != nil {
		g.cancel()
		g.closeStores()
		return nil, fmt.Errorf("group %d: %w", no, err)
	}
	g.proposer.start()
	g.wg.Add(2)
	go g.tend()
	go g.watchCommits()
	n.cfg.Metrics.show(g)
	return g, nil
}

func (g *Group) open(dir string) error {
	cfg := &g.node.cfg
	if _, err := os.Stat(dir); cfg.Known && errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("%w: %s is missing: what this replica has acknowledged is gone", ErrDamaged, dir)
	}
	var err error
	if g.stores, err = openStores(dir, cfg.LogStore, 0, false, withStoreLogger(newHCLog(cfg.Logger, fmt.Sprintf("group.%d.log", g.no)))); err != nil {
		return err
	}
	g.verified = newVerifiedLog(g.stores.Log, CheckEntry, g.fence)
	g.watched = newWatchedLog(g.verified, cfg.HangLimit, g.fail, watchFail(g.fail), watchObserve(g.metrics.stored))
	timePath := filepath.Join(dir, timeFileName)
	snaps, err := raft.NewFileSnapshotStoreWithLogger(dir, snapshotsKept, newHCLog(cfg.Logger, fmt.Sprintf("group.%d.snapshot", g.no)))
	if err != nil {
		return err
	}
	if err := g.checkLength(timePath, snaps); err != nil {
		return err
	}
	if err := g.verified.VerifyAll(context.Background()); err != nil {
		return damaged(err)
	}
	g.clock = newLogicalClock(cfg.Clock, loadTime(timePath, cfg.Clock, 0))
	g.fsm = &fsm{group: g.no, clock: g.clock, entries: newEntryTable(g.node.origin), m: newMachine(g.no, cfg.Groups), halt: g.fail, wrote: g.metrics.snapshot}
	if cfg.Changed != nil {
		g.fsm.changed = func(events []uint32) { cfg.Changed(g.no, events) }
	}
	var running atomic.Pointer[raft.Raft]
	installs := newInstallWatch(func() uint64 { return appliedOf(running.Load()) }, g.fail)
	g.trans = newTransport(g.node.mux.Layer(uint16(g.no), nodeAddr(cfg.NodeID)), transportConfig{
		Heartbeat: cfg.Heartbeat, MaxEntryBytes: 2 * MaxEntry, Check: CheckEntry,
		Logger: newHCLog(cfg.Logger, fmt.Sprintf("group.%d.transport", g.no)),
		Installing: func(req *raft.InstallSnapshotRequest, body io.Reader) io.Reader {
			g.metrics.installs.Inc()
			return installs.follow(req, body)
		},
	})
	if err := g.startRaft(snaps); err != nil {
		return err
	}
	running.Store(g.raft)
	// NewRaft has restored the snapshot. Entries behind it may have been applied by now.
	g.fsm.applied.CompareAndSwap(0, g.snapshotIndex())
	g.verified.Started()
	g.keeper = newTimeKeeper(timePath, cfg.Clock, g.clock, g.raft.AppliedIndex, g.warn)
	g.proposer = &proposer{
		raft: g.raft, leads: g.IsLeader, fsm: g.fsm, clock: g.clock, boot: g.node.boot, bootNear: (&bootClock{clock: cfg.Clock}).now, evidence: newEvidence(cfg.Heartbeat),
		entries: g.fsm.entries, limit: cfg.MaxPending, observe: g.metrics,
	}
	return nil
}

// checkLength refuses a folder whose log and snapshots end before what it had applied:
// acknowledged entries are gone.
func (g *Group) checkLength(timePath string, snaps raft.SnapshotStore) error {
	tf, err := readTimeFile(timePath)
	if errors.Is(err, os.ErrNotExist) || errors.Is(err, ErrDamaged) {
		return nil // no bound is known
	}
	if err != nil {
		return err
	}
	last, err := g.verified.LastIndex()
	if err != nil {
		return err
	}
	metas, err := snaps.List()
	if err != nil {
		return err
	}
	for _, m := range metas {
		last = max(last, m.Index)
	}
	if last < tf.Index {
		return fmt.Errorf("%w: log and snapshots end at entry %d, entry %d had been applied", ErrDamaged, last, tf.Index)
	}
	return nil
}

func (g *Group) startRaft(snaps raft.SnapshotStore) error {
	cfg := &g.node.cfg
	c := raft.DefaultConfig()
	c.LocalID = raft.ServerID(cfg.NodeID)
	c.ShutdownOnRemove = false // a node that was removed is told by the directory
	c.HeartbeatTimeout, c.ElectionTimeout = cfg.Heartbeat, cfg.Heartbeat
	// A leader steps down when it has not heard a majority for that long. Half the
	// heartbeat, raft's habit, is soon gone on a machine whose cores are all busy.
	c.LeaderLeaseTimeout = cfg.Heartbeat
	c.CommitTimeout = min(c.CommitTimeout, cfg.Heartbeat/10)
	c.SnapshotThreshold, c.SnapshotInterval, c.TrailingLogs = snapshotEntries, 30*time.Second, trailingLogs
	c.Logger = newHCLog(cfg.Logger, fmt.Sprintf("group.%d", g.no))
	stable := newFencedStable(g.stores.Stable, g.fence)
	known, err := raft.HasExistingState(g.watched, g.stores.Stable, snaps)
	if err != nil {
		return damaged(err)
	}
	if first := g.voters(); !known && len(first.Servers) > 0 {
		if err := raft.BootstrapCluster(c, g.watched, stable, snaps, g.trans, first); err != nil {
			return err
		}
	}
	cache, err := raft.NewLogCache(logCache, g.watched)
	if err != nil {
		return err
	}
	if g.raft, err = raft.NewRaft(c, g.fsm, cache, stable, snaps, g.trans); err != nil {
		return damaged(err)
	}
	return nil
}

// damaged marks an error of opening stored data, unless it says so already.
func damaged(err error) error {
	if errors.Is(err, ErrDamaged) {
		return err
	}
	return fmt.Errorf("%w: %w", ErrDamaged, err)
}

// voters is the configuration that a new group begins with. Nothing for a node that joined:
// whoever leads brings it in.
func (g *Group) voters() (c raft.Configuration) {
	cfg := &g.node.cfg
	if cfg.Cluster == nil {
		for _, id := range cfg.Voters {
			c.Servers = append(c.Servers, server(id, raft.Voter))
		}
		return c
	}
	j := &cfg.Cluster.Joined
	if len(j.Founders) == 0 {
		return c
	}
	voters := initialVoters(j.Founders, cfg.Groups+1, j.Voters)[g.no]
	for i := range j.Founders {
		id, suffrage := j.Founders[i].NodeID, raft.Nonvoter
		if slices.Contains(voters, id) {
			suffrage = raft.Voter
		}
		c.Servers = append(c.Servers, server(id, suffrage))
	}
	return c
}

// server has the id for an address: where a node is at present is looked up at every dial.
func server(id string, s raft.ServerSuffrage) raft.Server {
	return raft.Server{Suffrage: s, ID: raft.ServerID(id), Address: raft.ServerAddress(id)}
}

// nodeAddr is a node's address as raft knows it.
type nodeAddr string

func (a nodeAddr) Network() string { return "usher" }
func (a nodeAddr) String() string  { return string(a) }

func (g *Group) warn(err error) { g.node.cfg.Logger.Warn("usher: group", "group", g.no, "err", err) }

// fail ends the node: this replica can not go on.
func (g *Group) fail(err error) { g.node.fail(fmt.Errorf("group %d: %w", g.no, err)) }

// fence is called on raft's own goroutine when stored data turns out to be damaged, or
// cannot be stored: nothing this replica says may be believed from here on. It must not
// read the log.
func (g *Group) fence(err error) {
	if g.fsm != nil {
		g.fsm.haltWith(fmt.Errorf("%w: %w: %w", ErrHalted, ErrDamaged, err))
	}
	if g.trans != nil {
		g.trans.fence(err)
	}
	g.verified.refuse(err)
	g.fail(err)
}

// No is the group's number; 0 is the directory.
func (g *Group) No() int { return g.no }

// IsLeader tells whether this replica leads, as far as it knows.
func (g *Group) IsLeader() bool { return g.raft.State() == raft.Leader }

// Leader is the id of the node that leads, or "".
func (g *Group) Leader() string {
	_, id := g.raft.LeaderWithID()
	return string(id)
}

// Propose runs a request through the log, or answers it from committed state where
// that is as good. A nil error means r.Result tells what the state machine decided,
// r.Result.Err included. Other errors are of consensus: OutcomeOf tells what became of
// the request, which must not be used again.
func (g *Group) Propose(ctx context.Context, r *Request) error {
	if err := g.fsm.haltedErr(); err != nil {
		return &OutcomeError{OutcomeNotApplied, err}
	}
	if !r.Cmd.fits() {
		r.Result = refusal(g.Now(), shard.ErrBadRequest)
		return nil
	}
	err := g.proposer.propose(ctx, r)
	if err != nil {
		g.node.noteUnknown(err)
	}
	return err
}

// View gives f the state of a shard group for reading. f must not keep what it is given,
// nor block: applying waits for it.
func (g *Group) View(f func(*shard.State)) error {
	return g.view(func(m machine) { f(m.(*shardMachine).state) })
}

// ViewRooms is View of a shard group's waiting rooms.
func (g *Group) ViewRooms(f func(*waitroom.Rooms)) error {
	return g.view(func(m machine) { f(m.(*shardMachine).rooms) })
}

// ViewDirectory is View of group 0.
func (g *Group) ViewDirectory(f func(*Directory)) error {
	return g.view(func(m machine) { f(m.(*directoryMachine).dir) })
}

func (g *Group) view(f func(machine)) error {
	g.fsm.mu.RLock()
	defer g.fsm.mu.RUnlock()
	// Asked under the lock: an entry that could not be applied may have been half applied.
	if err := g.fsm.haltedErr(); err != nil {
		return err
	}
	f(g.fsm.m)
	return nil
}

// Now is the group's time in unix milliseconds, as this replica knows it.
func (g *Group) Now() int64 { return g.clock.now() }

// Applied is the index of the last command in what View shows. It never goes back, so
// of several replicas the one with the highest knows of every write that any of them
// has answered.
func (g *Group) Applied() uint64 { return g.fsm.applied.Load() }

// Term is the term of the group as this replica knows it.
func (g *Group) Term() uint64 { return g.raft.CurrentTerm() }

// Digest is the state's digest and the index of the last entry in it.
func (g *Group) Digest() (index, digest uint64) {
	g.fsm.mu.RLock()
	defer g.fsm.mu.RUnlock()
	return g.fsm.applied.Load(), g.fsm.m.digest()
}

// Check verifies every invariant of the group's state.
func (g *Group) Check() error {
	g.fsm.mu.RLock()
	defer g.fsm.mu.RUnlock()
	return g.fsm.m.check()
}

// Snapshot makes one now; for backups, tests and benchmarks.
func (g *Group) Snapshot() error {
	err := g.raft.Snapshot().Error()
	if errors.Is(err, raft.ErrNothingNewToSnapshot) {
		return nil
	}
	return err
}

// close ends the group: nothing new is taken, what is in flight is told its outcome.
func (g *Group) close() error {
	var err error
	g.closed.Do(func() {
		g.node.cfg.Metrics.hide(g)
		g.cancel()
		g.proposer.close()
		err = g.raft.Shutdown().Error()
		g.proposer.wait()
		g.wg.Wait()
		err = errors.Join(err, g.keeper.Close(), g.closeStores())
	})
	return err
}

func (g *Group) closeStores() error {
	var errs []error
	if g.trans != nil {
		errs = append(errs, g.trans.Close())
	}
	if g.watched != nil {
		errs = append(errs, g.watched.Close())
	}
	if g.stores != nil {
		errs = append(errs, g.stores.Close())
	}
	return errors.Join(errs...)
}

// Current tells whether this replica leads and what it shows now is the newest there is;
// what is read after that has all that was decided before. See evidence.
func (g *Group) Current() bool {
	return g.IsLeader() && g.proposer.evidence.valid(g.node.boot())
}
