package raftfsm

import (
	"net"
	"testing"

	"github.com/hashicorp/raft"

	"github.com/usherhq/usher/raftfsm/peer"
	"github.com/usherhq/usher/raftfsm/peer/peertest"
)

// newTestMux is a node of a cluster whose id is its address.
func newTestMux(t testing.TB) *peer.Mux {
	t.Helper()
	return testMux(peertest.Listen(t))
}

func testMux(ln net.Listener) *peer.Mux {
	return peer.NewMux(ln, peer.WithIdentity(peer.Identity{Cluster: [16]byte{1}, Node: ln.Addr().String()}))
}

func address(l raft.StreamLayer) raft.ServerAddress { return raft.ServerAddress(l.Addr().String()) }
