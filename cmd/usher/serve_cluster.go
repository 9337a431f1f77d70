package main

import (
	"errors"
	"fmt"
	"net"
	"reflect"
	"strings"
	"time"

	"github.com/usherhq/usher/engine"
)

// clusterFlags make a node one of a cluster. All nodes may be started with the same --join and
// --bootstrap-expect, each time.
type clusterFlags struct {
	NodeID          string        `name:"node-id" placeholder:"ID" help:"The node's name for ever, with --raft-listen; a random one if absent. A node whose folder was lost comes back under a new one."`
	RaftListen      string        `placeholder:"ADDR" help:"Address of the one port between nodes; makes the node one of a cluster."`
	RaftAdvertise   string        `placeholder:"HOST:PORT" help:"Where other nodes reach --raft-listen, if not there. Names are resolved again at every connection."`
	BootstrapExpect int           `placeholder:"N" help:"How many nodes found the cluster: the first N of --join in the alphabet, once all are there."`
	Join            []string      `placeholder:"ADDR,…" help:"Raft addresses of nodes, this one's included: the same list on every node."`
	Zone            string        `placeholder:"NAME" help:"What fails together, e.g. a rack: a group's voters stand in different ones if they can."`
	ReadReplica     bool          `help:"Serve maps, websockets and reads, and never vote."`
	Voters          int           `placeholder:"N" help:"How many nodes vote in a group: 1, 3 or 5 (3). Fixed when the cluster is founded."`
	ReplaceAfter    time.Duration `placeholder:"D" help:"How long a voter may be silent before another node takes its place (10m)."`
	PeerCert        string        `placeholder:"FILE" help:"This node's certificate for the port between nodes; it names the node id. Read again when it changes. See usher cert."`
	PeerKey         string        `placeholder:"FILE" help:"Its key."`
	PeerCA          string        `name:"peer-ca" placeholder:"FILE" help:"The CA that all nodes' certificates are signed by."`
	InsecurePeers   bool          `help:"No TLS between nodes: on loopback only."`
}

// config is nil for a node that is alone.
func (f *clusterFlags) config() (*engine.Cluster, error) {
	if f.RaftListen == "" {
		if !reflect.ValueOf(*f).IsZero() {
			return nil, errors.New("--raft-listen is missing: without it the node is alone, and the other flags of a cluster mean nothing")
		}
		return nil, nil
	}
	var join []string
	for _, addr := range f.Join {
		if addr = strings.TrimSpace(addr); addr != "" {
			join = append(join, addr)
		}
	}
	if err := f.checkTLS(); err != nil {
		return nil, err
	}
	if f.BootstrapExpect > 1 && len(join) < f.BootstrapExpect {
		return nil, fmt.Errorf("--bootstrap-expect %d: --join lists %s", f.BootstrapExpect, counted(len(join), "address"))
	}
	return &engine.Cluster{
		NodeID: f.NodeID, Listen: f.RaftListen, Advertise: f.RaftAdvertise, Join: join,
		BootstrapExpect: f.BootstrapExpect, Zone: f.Zone, ReadReplica: f.ReadReplica, Voters: f.Voters, ReplaceAfter: f.ReplaceAfter,
		TLS: engine.PeerTLS{CertFile: f.PeerCert, KeyFile: f.PeerKey, CAFile: f.PeerCA}, Insecure: f.InsecurePeers,
	}, nil
}

func (f *clusterFlags) checkTLS() error {
	given := 0
	for _, file := range []string{f.PeerCert, f.PeerKey, f.PeerCA} {
		if file != "" {
			given++
		}
	}
	switch {
	case f.InsecurePeers && given > 0:
		return errors.New("--insecure-peers and certificates: which is it to be?")
	case f.InsecurePeers:
		local, err := isLoopback(f.RaftListen)
		if err != nil {
			return fmt.Errorf("--raft-listen: %w", err)
		}
		if !local {
			return fmt.Errorf("--insecure-peers: whoever reaches --raft-listen %s can sell and give away every seat: plaintext is for loopback only", f.RaftListen)
		}
	case given < 3:
		return errors.New("--peer-cert, --peer-key and --peer-ca are needed between nodes (see usher cert), or --insecure-peers on loopback")
	}
	if _, _, err := net.SplitHostPort(f.RaftListen); err != nil {
		return fmt.Errorf("--raft-listen: address %q: want HOST:PORT", f.RaftListen)
	}
	return nil
}
