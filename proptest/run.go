package proptest

import (
	"fmt"

	"github.com/usherhq/usher/shard"
)

// Entry is an entry of the log: commands that arrived together, and the leader's stamp.
type Entry struct {
	Stamp int64
	Ops   []Op
}

// Run is a subject and its model side by side. Every action does something to both and
// returns an error that says how they differ.
type Run struct {
	gen
	subject Subject
	now     int64 // time of the last command
	stamp   int64 // what the leader's clock says; behind now after a failover
	last    shard.Result
	out     shard.Result

	// OnOp, when set, sees each command with its stamp before it runs; OnTold sees what
	// it was told.
	OnOp   func(stamp int64, op Op)
	OnTold func(op Op, out shard.Result)

	versionBefore int // of a claim's event

	frozen   []moment
	saved    *backup
	restores int
	tokensGiven
}

// Model is what the subject should be.
func (x *Run) Model() *Model { return x.m }

// Last is what the last command was told.
func (x *Run) Last() shard.Result { return x.last }

// Do runs one command on both and compares what they are told. A claim is first asked
// about, as a proposer does.
func (x *Run) Do(op Op) error {
	if x.OnOp != nil {
		x.OnOp(x.stamp, op)
	}
	x.now = max(x.now, x.stamp)
	now := x.subject.Advance(x.stamp)
	if now != x.now {
		return fmt.Errorf("commands run at %d, model %d", now, x.now)
	}
	asked := x.ask(now, op)
	x.subject.Apply(now, op, &x.out)
	want := x.m.Apply(now, op)
	x.last = want
	x.remember(op)
	if x.OnTold != nil {
		x.OnTold(op, want)
	}
	if err := asked.compare(op, want); err != nil {
		return fmt.Errorf("asked beforehand: %w", err)
	}
	if err := x.tokens(op, &x.out); err != nil {
		return err
	}
	return CompareResult(op, x.out, want)
}

// foreknown is what reads say of a command before it runs: whether its key is known, and
// of a claim whether it is settled already.
type foreknown struct {
	known, settled     bool
	foreseen           bool // of a claim: if it is refused, that must be settled
	recalled, answered shard.Result
}

func (x *Run) ask(now int64, op Op) (f foreknown) {
	if no, ok := eventOf(op); ok && int(no) < x.subject.State().Events() {
		f.known = x.subject.State().Event(no).Recall(now, keyOf(op), &f.recalled)
	}
	switch c := op.(type) {
	case *shard.Hold:
		f.settled = x.subject.Refuse(now, c, &f.answered)
		f.foreseen = x.m.narrow(c.Event, c.Seats)
	case *shard.Claim:
		f.settled = x.subject.RefuseClaim(now, c, &f.answered)
		f.foreseen = len(c.Items) == 1 && !searches(&c.Items[0]) && !c.Same && c.Items[0].Orphans == shard.OrphansAllow &&
			c.Txn == shard.Txn{} && x.m.narrow(c.Items[0].Event, c.Items[0].Seats)
	default:
		return f
	}
	x.versionBefore = int(f.answered.Version)
	return f
}

// narrow tells whether a claim is judged by its own seats alone. What is judged by more
// is not always foreseen: nobody looks for orphans, or ends what has lapsed, to refuse.
func (m *Model) narrow(event uint32, seats []uint32) bool {
	return int(event) >= len(m.Events) || !m.Events[event].judgedAround(seats)
}

func (f *foreknown) compare(op Op, want shard.Result) error {
	if _, begin := op.(*shard.Begin); keyOf(op) == nil || begin && want.Bundle == shard.BundleOpen {
		return nil // it has no key, or one that only the open bundle knows
	}
	invalid := false
	if c, ok := op.(*shard.Claim); ok {
		f.foreseen = f.foreseen && want.Err != shard.ErrIdempotencyFull                               // only the log is asked for room
		invalid = want.Err != nil && want.Err != shard.ErrIdempotencyMismatch || c.Txn != shard.Txn{} // judged before the key
	}
	if known := want.Replayed || want.Err == shard.ErrIdempotencyMismatch; f.known != known && !invalid {
		return fmt.Errorf("%s\nhas a known key: %v, model %v", show(op), f.known, known)
	}
	if f.known && !invalid {
		f.recalled.Event = want.Event // of a claim of any event, only the claim knows
		if err := CompareResult(op, f.recalled, want); err != nil {
			return err
		}
	}
	if refused := want.Err != nil || want.Replayed; f.foreseen && f.settled != refused || f.settled && !refused {
		return fmt.Errorf("%s\nis settled: %v, model %v", show(op), f.settled, refused)
	}
	if f.settled {
		return CompareResult(op, f.answered, want)
	}
	return nil
}

// Verify compares everything that can be read.
func (x *Run) Verify() error {
	if err := Compare(x.subject.State(), x.m); err != nil {
		return err
	}
	return x.compareUsable()
}

// compareUsable asks of every event's last holds whether they could be used, now.
func (x *Run) compareUsable() error {
	for no, e := range x.m.Events {
		for n := uint32(max(0, len(e.Holds)-12)); int(n) <= len(e.Holds)+1; n++ {
			for _, token := range []uint64{0, e.token(n), e.token(n + 1)} {
				got, want := x.subject.State().Usable(x.now, uint32(no), n, token), e.whyNot(x.now, n, token)
				if got != want {
					return fmt.Errorf("hold %d shown with token %d is usable: %v, model %v", n, token, got, want)
				}
			}
		}
	}
	return nil
}
