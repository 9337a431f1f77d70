package proptest

import (
	"fmt"
	"regexp"

	"github.com/usherhq/usher/shard"
)

// Op is one command of a shard group: a *shard.Hold, *shard.Claim, *shard.Extend,
// *shard.Release, *shard.Book, *shard.Cancel, *shard.Block, *shard.Allot, *shard.Begin,
// *shard.Decide, *shard.Resolve, *shard.Ack, *shard.Expire, *shard.CreateEvent or
// *shard.ChartChunk. An Op is never written to after it was made, so that a log of them
// can be fed to several replicas.
type Op any

// Apply runs a command on the real thing.
func Apply(s *shard.State, now int64, op Op, out *shard.Result) {
	switch c := op.(type) {
	case *shard.Hold:
		s.Hold(now, c, out)
	case *shard.Extend:
		s.Extend(now, c, out)
	case *shard.Release:
		s.Release(now, c, out)
	case *shard.Book:
		s.Book(now, c, out)
	case *shard.Cancel:
		s.Cancel(now, c, out)
	case *shard.Block:
		s.Block(now, c, out)
	case *shard.Claim:
		s.Claim(now, c, out)
	case *shard.Allot:
		s.Allot(now, c, out)
	case *shard.Begin:
		s.Begin(now, c, out)
	case *shard.Decide:
		s.Decide(now, c, out)
	case *shard.Resolve:
		s.Resolve(now, c, out)
	case *shard.Ack:
		s.Ack(now, c, out)
	case *shard.Expire:
		s.Expire(now, c, out)
	case *shard.CreateEvent:
		s.CreateEvent(now, c, out)
	case *shard.ChartChunk:
		*out = shard.Result{Now: now, Err: s.PutChart(c)}
	default:
		panic(fmt.Sprintf("proptest: no such command: %T", op))
	}
}

// keyOf is the command's idempotency key; nil for those that take none.
func keyOf(op Op) *shard.Key {
	switch c := op.(type) {
	case *shard.Hold:
		return &c.Key
	case *shard.Extend:
		return &c.Key
	case *shard.Release:
		return &c.Key
	case *shard.Book:
		return &c.Key
	case *shard.Cancel:
		return &c.Key
	case *shard.Block:
		return &c.Key
	case *shard.Claim:
		return &c.Key
	case *shard.Allot:
		return &c.Key
	case *shard.Begin:
		return &c.Key
	}
	return nil
}

// eventOf is the event that a command with a key speaks of.
func eventOf(op Op) (uint32, bool) {
	switch c := op.(type) {
	case *shard.Hold:
		return c.Event, true
	case *shard.Extend:
		return c.Event, true
	case *shard.Release:
		return c.Event, true
	case *shard.Book:
		return c.Event, true
	case *shard.Cancel:
		return c.Event, true
	case *shard.Block:
		return c.Event, true
	case *shard.Claim:
		if len(c.Items) > 0 {
			return c.Items[0].Event, true
		}
	case *shard.Allot:
		return c.Event, true
	case *shard.Begin:
		return c.Event, true
	}
	return 0, false
}

// withKey is the same command under another key.
func withKey(op Op, k shard.Key) Op {
	switch c := op.(type) {
	case *shard.Hold:
		n := *c
		n.Key = k
		return &n
	case *shard.Extend:
		n := *c
		n.Key = k
		return &n
	case *shard.Release:
		n := *c
		n.Key = k
		return &n
	case *shard.Book:
		n := *c
		n.Key = k
		return &n
	case *shard.Cancel:
		n := *c
		n.Key = k
		return &n
	case *shard.Block:
		n := *c
		n.Key = k
		return &n
	case *shard.Claim:
		n := *c
		n.Key = k
		return &n
	case *shard.Allot:
		n := *c
		n.Key = k
		return &n
	case *shard.Begin:
		n := *c
		n.Key = k
		return &n
	}
	return op
}

var zeros = regexp.MustCompile(`( 0){8,}`)

// show prints a command for people who read a failure.
func show(op Op) string { return zeros.ReplaceAllString(fmt.Sprintf("%T%+v", op, op), " 0…") }
