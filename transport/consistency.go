package transport

import (
	"context"

	"github.com/usherhq/usher/engine"
)

// consistency gives the request's reads the level that ?consistency= names; without it they are
// stale.
func (q *query) consistency(ctx context.Context) (context.Context, engine.Consistency) {
	name := q.text("consistency")
	if name == "" {
		return ctx, engine.Stale
	}
	level, err := engine.ParseConsistency(name)
	if err != nil {
		q.fail("consistency", "must be stale, leader or linearizable")
	}
	return engine.WithConsistency(ctx, level), level
}

// readLevel reads the query of a GET that knows no other parameter.
func readLevel(ctx context.Context, q *query) (context.Context, error) {
	ctx, _ = q.consistency(ctx)
	return ctx, q.done()
}
