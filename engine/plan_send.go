package engine

import (
	"context"
	"crypto/sha256"

	"github.com/usherhq/usher/engine/chart"
	"github.com/usherhq/usher/raftfsm"
	"github.com/usherhq/usher/shard"
)

// A chart's plan travels as charts do, under its own sum: into the directory first, so
// that whoever completes an event finds the very plan that it was placed with.

// putPlan brings the chart's plan into the directory and returns its sum; zero for a
// chart too large to have one.
func (e *Engine) putPlan(ctx context.Context, x *chart.Index) (sum [32]byte, err error) {
	doc := e.planDocument(x)
	if doc == nil {
		return sum, nil
	}
	return doc.Sum, e.sendChart(ctx, 0, doc)
}

func (e *Engine) planDocument(x *chart.Index) *shard.Chart {
	if doc, ok := e.catalogue.plans.Load(x); ok {
		return doc.(*shard.Chart)
	}
	spec := planOf(x)
	if spec == nil {
		return nil
	}
	data := spec.Encode()
	sum := sha256.Sum256(data)
	doc := &shard.Chart{Sum: sum, Blob: sum, Seats: uint32(x.Len()), Size: uint32(len(data)), Data: data}
	e.catalogue.plans.Store(x, doc)
	return doc
}

// sendPlan brings a plan from the directory into a group.
func (e *Engine) sendPlan(ctx context.Context, group int, sum [32]byte) error {
	if sum == [32]byte{} || e.hasChart(group, sum) {
		return nil
	}
	var doc *shard.Chart
	if err := e.reader(0).ViewDirectory(func(d *raftfsm.Directory) { doc = d.Chart(sum) }); err != nil {
		return err
	}
	if doc == nil {
		return ErrUnknownChart
	}
	return e.sendChart(ctx, group, doc)
}
