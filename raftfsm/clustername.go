package raftfsm

import (
	"crypto/sha256"
	"fmt"
	"slices"
)

// clusterName is the name of the cluster that these nodes found: all of them come to the
// same, and a node with another data folder to another.
func clusterName(founders []Member) (id ID128) {
	h := sha256.New()
	for i := range founders {
		h.Write([]byte(founders[i].NodeID))
		h.Write([]byte{0})
		h.Write(founders[i].Incarnation[:])
	}
	copy(id[:], h.Sum(nil))
	return id
}

// fixedCluster is the id of a cluster whose nodes are listed and never change.
func fixedCluster(voters []string) (id [16]byte) {
	sum := sha256.New()
	for _, v := range slices.Sorted(slices.Values(voters)) {
		fmt.Fprintf(sum, "%d:%s,", len(v), v)
	}
	copy(id[:], sum.Sum(nil))
	return id
}
