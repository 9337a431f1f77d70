package engine

import (
	"fmt"
	"net"
	"time"

	"github.com/usherhq/usher/engine/chart"
	"github.com/usherhq/usher/raftfsm"
)

// Errors of membership.
var (
	ErrNodeWiped   = raftfsm.ErrNodeWiped
	ErrNodeRemoved = raftfsm.ErrNodeRemoved
	ErrUnknownNode = raftfsm.ErrUnknownNode
)

// Cluster makes an engine one node of a cluster. All nodes may be given the same Join and
// BootstrapExpect, at every start: a folder that has been in a cluster stays in it.
type Cluster struct {
	// NodeID names the node for ever; 1–64 of A-Z a-z 0-9 . _ -. Empty: a random one, kept in
	// the data folder. A folder that was lost comes back under another id.
	NodeID string
	// Listen is the address of the one port for other nodes, HOST:PORT. Listener, if not
	// nil, is used in its place; the engine closes it.
	Listen   string
	Listener net.Listener
	// Advertise is where other nodes reach that port, HOST:PORT; empty: Listen. Names are
	// resolved again at every connection.
	Advertise string
	// API tells people where the node's API is; may be empty.
	API string
	// Join are addresses of nodes, one's own included.
	Join []string
	// BootstrapExpect is how many nodes found the cluster: when so many of Join (the first in
	// the alphabet) are there and none belongs to a cluster, they do. 0: this node only joins.
	BootstrapExpect int
	// Zone names what fails together: a group's voters stand in different ones, if they can.
	Zone string
	// ReadReplica: the node serves maps, websockets and reads, and never votes.
	ReadReplica bool
	// TLS are the files of the port's certificates. Insecure is plaintext, on loopback only.
	TLS      PeerTLS
	Insecure bool
	// Voters is how many nodes vote in a group, 1, 3 or 5; 0 means 3. Fixed when the cluster is founded.
	Voters int
	// ReplaceAfter is how long a voter may be silent before another node takes its place; 0
	// means 10 min.
	ReplaceAfter time.Duration
}

// PeerTLS are files in PEM; they are read again when they change.
type PeerTLS struct{ CertFile, KeyFile, CAFile string }

func (c *Cluster) check() error {
	switch {
	case c.NodeID != "" && !chart.IsID(c.NodeID):
		return &InvalidError{"Cluster.NodeID", fmt.Sprintf("%q: 1–64 of A-Z a-z 0-9 . _ - are possible", c.NodeID)}
	case c.Listen == "" && c.Listener == nil:
		return &InvalidError{"Cluster.Listen", "an address for the other nodes is needed"}
	case c.Zone != "" && !chart.IsID(c.Zone):
		return &InvalidError{"Cluster.Zone", fmt.Sprintf("%q: 1–64 of A-Z a-z 0-9 . _ - are possible", c.Zone)}
	case c.Voters != 0 && c.Voters != 1 && c.Voters != 3 && c.Voters != 5:
		return &InvalidError{"Cluster.Voters", fmt.Sprintf("%d, possible are 1, 3 and 5", c.Voters)}
	case c.ReadReplica && c.BootstrapExpect > 0 && len(c.Join) == 0:
		return &InvalidError{"Cluster.Join", "a read replica founds no cluster: it needs addresses of one"}
	case c.Insecure && c.TLS != (PeerTLS{}):
		return &InvalidError{"Cluster.Insecure", "certificates are given as well: which is it to be?"}
	case !c.Insecure && (c.TLS.CertFile == "" || c.TLS.KeyFile == "" || c.TLS.CAFile == ""):
		return &InvalidError{"Cluster.TLS", "certificate, key and CA are needed, or Insecure on loopback"}
	case c.ReplaceAfter < 0:
		return &InvalidError{"Cluster.ReplaceAfter", fmt.Sprintf("%v is negative", c.ReplaceAfter)}
	}
	if host, port, err := net.SplitHostPort(c.Advertise); c.Advertise != "" && (err != nil || host == "" || port == "" || port == "0") {
		return &InvalidError{"Cluster.Advertise", fmt.Sprintf("%q: want HOST:PORT as other nodes reach it", c.Advertise)}
	}
	for _, addr := range c.Join {
		if host, port, err := net.SplitHostPort(addr); err != nil || host == "" || port == "" {
			return &InvalidError{"Cluster.Join", fmt.Sprintf("%q: want HOST:PORT", addr)}
		}
	}
	return nil
}
