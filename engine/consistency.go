package engine

import (
	"context"
	"fmt"
)

// Consistency is how new what a read shows has to be.
type Consistency int

// The levels of a read. What this process was told of its own writes is in all but Local.
const (
	// Local is what this replica has, without waiting for anything: what watchers read.
	Local Consistency = -1
	// Stale, the default, may miss what was decided a moment ago through other nodes. It
	// needs no quorum: a replica that does not get on is read after half a second as it is.
	Stale Consistency = 0
	// Leader has all that the group's leader had when it was asked. A leader that was deposed
	// a moment ago and has not heard of it answers too.
	Leader Consistency = 1
	// Linearizable has all that was decided before the read began.
	Linearizable Consistency = 2
)

var consistencyNames = map[string]Consistency{"stale": Stale, "leader": Leader, "linearizable": Linearizable}

// ParseConsistency reads a level by its name: stale, leader or linearizable.
func ParseConsistency(name string) (Consistency, error) {
	c, ok := consistencyNames[name]
	if !ok {
		return Stale, &InvalidError{"consistency", fmt.Sprintf("%q is not stale, leader or linearizable", name)}
	}
	return c, nil
}

type consistencyKey struct{}

// WithConsistency gives the reads made with the context a level. Without a leader those above
// Stale fail with ErrNoQuorum after 10 seconds.
func WithConsistency(ctx context.Context, c Consistency) context.Context {
	return context.WithValue(ctx, consistencyKey{}, c)
}

// ConsistencyFrom is the level of the reads made with the context.
func ConsistencyFrom(ctx context.Context) Consistency {
	c, _ := ctx.Value(consistencyKey{}).(Consistency)
	return c
}
