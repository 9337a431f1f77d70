package engine

import (
	"context"
	"time"
)

// Stale tells for how long this process has heard of no leader of an event's group: what it shows
// of the event may be that old. 0 says that it is as new as replicas are. It needs no quorum.
func (e *Engine) Stale(ctx context.Context, eventID string) (time.Duration, error) {
	ref, err := e.event(ctx, eventID)
	if err != nil {
		return 0, err
	}
	return e.staleFor(ref.group), nil
}

// staleFor goes by the replica that was last in touch: reader shows at least what that one has.
func (e *Engine) staleFor(group int) time.Duration {
	var last time.Time
	for _, n := range e.nodes {
		since, stale := n.Group(group).Stale()
		if !stale {
			return 0
		}
		if since.After(last) {
			last = since
		}
	}
	return time.Since(last)
}
