package proptest

import "github.com/usherhq/usher/shard"

// ModelAnswer is what a command with a key was told.
type ModelAnswer struct {
	Key shard.Key
	At  int64
	Out shard.Result
}

// recall answers a command whose key is known. An answer that is old enough to be
// forgotten counts as forgotten, swept or not.
func (e *ModelEvent) recall(now int64, k *shard.Key, out *shard.Result) bool {
	if k.IsZero() {
		return false
	}
	for i := len(e.Answers) - 1; i >= 0; i-- {
		a := e.Answers[i]
		if a.Key.Hash != k.Hash || a.At+shard.Retention <= now {
			continue
		}
		if a.Key.Print != k.Print {
			out.Err = shard.ErrIdempotencyMismatch
			return true
		}
		*out = a.Out
		out.Event, out.Replayed = e.No, true
		return true
	}
	return false
}

// full tells whether there is no room for this key's answer.
func (e *ModelEvent) full(k *shard.Key) bool {
	limit := int(e.Create.MaxKeys)
	if limit == 0 {
		limit = shard.DefaultMaxKeys
	}
	return !k.IsZero() && len(e.Answers) >= limit
}

func (e *ModelEvent) remember(now int64, k *shard.Key, out *shard.Result) {
	if !k.IsZero() {
		kept := *out
		kept.Granted, kept.Bundle = nil, 0
		e.Answers = append(e.Answers, ModelAnswer{Key: *k, At: now, Out: kept})
	}
}
