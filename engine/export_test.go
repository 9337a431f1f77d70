package engine

import "sync/atomic"

// SetHeatOff switches counting between two rounds of a benchmark: two engines differ by
// more than what is to be measured.
func (e *Engine) SetHeatOff(off bool) { e.cfg.HeatOff = off }

// As is the engine as a node of a cluster is: it asks and reads one of the replicas only. Its
// checkouts end before the engine is closed, if wait is called.
func (e *Engine) As(replica int) (node *Engine, wait func()) {
	node = &Engine{
		cfg: e.cfg, nodes: e.nodes, local: e.nodes[replica : replica+1], late: make([]atomic.Uint64, len(e.late)),
		watchers: e.watchers, heat: e.heat, metrics: e.metrics, registered: e.registered, ctx: e.ctx, cancel: e.cancel, done: e.done,
	}
	node.checkouts = newCheckouts(node)
	return node, node.checkouts.wait
}
