package raftfsm

import (
	"fmt"
	"log/slog"
	"net"
	"time"
)

// Config says what a Node is.
type Config struct {
	// Dir is the node's data folder.
	Dir string
	// Lock is the hold on Dir when the caller took it already with LockDir; the node
	// gives it free, also when it fails to open. nil means that the node takes it.
	Lock *DirLock
	// NodeID names the node for ever; a wiped node comes back under another one.
	NodeID string
	// Groups is the number of shard groups, besides the directory.
	Groups int
	// LogStore is where the logs are kept.
	LogStore LogStoreKind
	// Voters are the nodes that vote, by id; the same list on every node. Only used when
	// Dir is new. A single one needs no listener. For nodes that never change; else Cluster.
	Voters []string
	// Cluster, if not nil, makes the node one of a cluster whose nodes come and go. Its port
	// stands for Listener and Resolve.
	Cluster *ClusterConfig
	// Known says that the folder has been in use: a group that is missing in it was lost.
	Known bool
	// Listener takes the connections of the other nodes; nil when there are none. The
	// node closes it.
	Listener net.Listener
	// Resolve gives the present address of a node, for dialling.
	Resolve func(nodeID string) (addr string, err error)
	// Changed is told, after entries were applied, which events of a group they touched;
	// nil means all (a snapshot was installed). It is called by the group's state machine
	// goroutine, so it must not block.
	Changed func(group int, events []uint32)
	// MaxPending bounds the requests waiting in a group.
	MaxPending int
	Logger     *slog.Logger
	Clock      Clock
	Metrics    *Metrics
	// Heartbeat is raft's HeartbeatTimeout and ElectionTimeout; 0 means 1 s, or 100 ms
	// for a node that is alone. Equal on all nodes.
	Heartbeat time.Duration
	// HangLimit is how long a write to the log may take before the node gives up; 0
	// means 10 s.
	HangLimit time.Duration
	// ChecksumEvery is how often the leader of a group compares its replicas, if anything was
	// applied; 0 means 1 min, negative never.
	ChecksumEvery time.Duration
	// CommitLimit is how long a leader may get nothing committed before it gives the lead away;
	// after half as long again the node gives up. 0 means 20 s.
	CommitLimit time.Duration
}

func (c *Config) fill() error {
	switch {
	case c.Dir == "":
		return fmt.Errorf("usher: no data folder given")
	case c.Cluster != nil && c.Cluster.Port == nil:
		return fmt.Errorf("usher: a node of a cluster needs a port for its peers")
	case c.NodeID == "" || len(c.Voters) == 0 && c.Cluster == nil:
		return fmt.Errorf("usher: node id %q, voters %q: both are needed", c.NodeID, c.Voters)
	case c.Groups < 1 || c.Groups > 64:
		return fmt.Errorf("usher: %d shard groups, 1…64 are possible", c.Groups)
	case len(c.Voters) > 1 && (c.Listener == nil || c.Resolve == nil):
		return fmt.Errorf("usher: %d voters need a listener and a resolver", len(c.Voters))
	}
	if c.LogStore == "" {
		c.LogStore = LogStoreWAL
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.Clock == nil {
		c.Clock = SystemClock()
	}
	if c.MaxPending == 0 {
		c.MaxPending = 1 << 16
	}
	if c.ChecksumEvery == 0 {
		c.ChecksumEvery = checksumEvery
	}
	if c.CommitLimit <= 0 {
		c.CommitLimit = commitLimit
	}
	if c.Metrics == nil {
		c.Metrics, _ = NewMetrics(nil) // fails only when it registers
	}
	if c.Heartbeat == 0 {
		c.Heartbeat = time.Second
		if len(c.Voters) == 1 && c.Cluster == nil {
			// Nobody else can lead, so nothing is gained by waiting for a leader.
			c.Heartbeat = 100 * time.Millisecond
		}
	}
	return nil
}
