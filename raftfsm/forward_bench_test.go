package raftfsm

import (
	"context"
	"fmt"
	"testing"
)

// BenchmarkForwardedClaims is BenchmarkClaims with three nodes, the callers asking those two that
// do not lead.
func BenchmarkForwardedClaims(b *testing.B) {
	for _, callers := range []int{1, 4096} {
		b.Run(fmt.Sprintf("callers=%d", callers), func(b *testing.B) { benchForwarded(b, callers) })
	}
}

func benchForwarded(b *testing.B, callers int) {
	c := newTestCluster(b, 3, 1, LogStoreWAL)
	_, followers := c.roles(1)
	for _, f := range followers {
		eventually(b, "a leader to be known", func() bool { return c.nodes[f].Group(1).Leader() != "" })
	}
	benchCrowd(b, c, callers, func(caller int) func(context.Context, *Request) error {
		node := c.nodes[followers[caller%2]]
		return func(ctx context.Context, r *Request) error { return node.Propose(ctx, 1, r) }
	})
}
