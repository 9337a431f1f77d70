package raftfsm

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/usherhq/usher/raftfsm/peer"
)

// Node is one replica of every group.
type Node struct {
	cfg      Config
	lock     *DirLock
	mux      *peer.Mux
	calls    *peer.Calls
	port     *Port // of a node of a cluster, with mux and calls; else nil
	forwards *forwards
	pauses   pauses
	origin   uint64
	wg       sync.WaitGroup // what runs beside the groups
	groups   []*Group

	done   chan struct{}   // closed when the node has failed or was closed
	life   context.Context // ends with done
	die    context.CancelFunc
	mu     sync.Mutex
	err    error
	ended  bool
	closed sync.Once
}

// OpenNode opens or makes the data folder and starts all groups. It returns before they
// are ready: see Ready. An error names the group and, for damaged data, the place.
func OpenNode(cfg Config) (*Node, error) {
	n := &Node{cfg: cfg, lock: cfg.Lock, done: make(chan struct{})}
	n.life, n.die = context.WithCancel(context.Background())
	if err := n.prepare(); err != nil {
		return nil, errors.Join(err, n.closeGiven(), n.unlock())
	}
	n.openPort()
	n.forwards = newForwards(n)
	if err := n.openGroups(); err != nil {
		return nil, errors.Join(err, n.Close())
	}
	n.handleForwards()
	n.handleChecksums()
	n.calls.Handle(callStatus, false, n.answerStatus)
	n.calls.Handle(callTransfer, false, answering(n.answerTransfer))
	if n.port != nil {
		n.belong()
	} else {
		n.calls.Serve()
	}
	return n, nil
}

// openPort takes the cluster's port, which is open, or opens one for a fixed list of nodes.
func (n *Node) openPort() {
	if c := n.cfg.Cluster; c != nil {
		n.port, n.mux, n.calls = c.Port, c.Port.mux, c.Port.calls
		return
	}
	n.mux = peer.NewMux(n.cfg.Listener, peer.WithLogger(n.cfg.Logger), peer.WithDial(n.dial),
		peer.WithIdentity(peer.Identity{Cluster: fixedCluster(n.cfg.Voters), Node: n.cfg.NodeID}))
	n.calls = peer.NewCalls(n.mux, wireErrors{}, n.cfg.Logger)
}

// prepare does what must be right before anything is written.
func (n *Node) prepare() (err error) {
	if err := n.cfg.fill(); err != nil {
		return err
	}
	var seed [8]byte
	if _, err := rand.Read(seed[:]); err != nil {
		return err
	}
	n.origin = binary.LittleEndian.Uint64(seed[:])
	if n.lock == nil {
		if n.lock, err = LockDir(n.cfg.Dir); err != nil {
			return err
		}
	}
	if err := refuseQuarantined(n.cfg.Dir); err != nil {
		return err
	}
	return unfinished(n.cfg.Dir)
}

func (n *Node) unlock() error {
	if n.lock == nil {
		return nil
	}
	return n.lock.Close()
}

// closeGiven closes what the configuration brought, when there is no node that would.
func (n *Node) closeGiven() error {
	switch {
	case n.cfg.Cluster != nil && n.cfg.Cluster.Port != nil:
		return n.cfg.Cluster.Port.Close()
	case n.cfg.Listener != nil:
		return n.cfg.Listener.Close()
	}
	return nil
}

// openGroups opens all groups side by side: most of it is waiting for fsync.
func (n *Node) openGroups() error {
	if err := makeDir(filepath.Join(n.cfg.Dir, "groups")); err != nil {
		return err
	}
	groups := make([]*Group, n.cfg.Groups+1)
	var wg errgroup.Group
	for no := range groups {
		wg.Go(func() (err error) {
			groups[no], err = openGroup(n, no)
			return err
		})
	}
	err := wg.Wait()
	for _, g := range groups {
		if g != nil {
			n.groups = append(n.groups, g)
		}
	}
	return err
}

func (n *Node) dial(ctx context.Context, id string) (net.Conn, error) {
	if n.cfg.Resolve == nil {
		return nil, peer.ErrNoPort
	}
	addr, err := n.cfg.Resolve(id)
	if err != nil {
		return nil, err
	}
	return peer.DialTCP(ctx, addr)
}

// boot is the machine's time since boot: it also counts while the machine sleeps.
func (n *Node) boot() time.Duration {
	_, since := n.cfg.Clock.Boot()
	return since
}

// ID is the node's.
func (n *Node) ID() string { return n.cfg.NodeID }

// Group returns a group's replica; 0 is the directory.
func (n *Node) Group(no int) *Group { return n.groups[no] }

// Groups is the number of groups, the directory included.
func (n *Node) Groups() int { return len(n.groups) }

// Ready is nil when every group has applied what was committed when the node started.
func (n *Node) Ready() error {
	if err := n.Err(); err != nil {
		return err
	}
	for _, g := range n.groups {
		if !g.ready.Load() {
			if g.Leader() == "" {
				return fmt.Errorf("%w: group %d has no leader yet", ErrStarting, g.no)
			}
			return fmt.Errorf("%w: group %d is at entry %d", ErrStarting, g.no, g.raft.AppliedIndex())
		}
	}
	return nil
}

// fail ends the node because of err; the first one counts. It may be called from any
// goroutine: closing happens on one of its own, which Close waits for.
func (n *Node) fail(err error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.ended {
		return
	}
	n.err, n.ended = err, true
	n.cfg.Logger.Error("usher: node stops", "node", n.cfg.NodeID, "err", err)
	close(n.done)
	n.die()
}

// Done is closed when the node was closed or had to stop; Err tells why.
func (n *Node) Done() <-chan struct{} { return n.done }

// Err is nil while the node runs.
func (n *Node) Err() error {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.err
}

// Close stops every group and gives the data folder free.
func (n *Node) Close() error {
	var errs []error
	n.closed.Do(func() {
		n.mu.Lock()
		if !n.ended {
			n.err, n.ended = ErrClosed, true
			close(n.done)
			n.die()
		}
		n.mu.Unlock()
		n.giveUp()
		results := make(chan error, len(n.groups))
		for _, g := range n.groups {
			go func() { results <- g.close() }()
		}
		for range n.groups {
			errs = append(errs, <-results)
		}
		errs = append(errs, n.calls.Close(), n.mux.Close())
		n.wg.Wait()
		errs = append(errs, n.unlock())
	})
	return errors.Join(errs...)
}
