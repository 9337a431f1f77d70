package proptest

import (
	"bytes"

	"github.com/usherhq/usher/shard"
)

// Subject is what is put to the proof. [Real] is the state machine; the mutation gate
// wraps it in variants with a bug each, to see whether the proof notices.
type Subject interface {
	// Advance moves time to an entry's stamp and returns the time that its commands run at.
	Advance(stamp int64) int64
	// Apply runs a command.
	Apply(now int64, op Op, out *shard.Result)
	// Refuse asks what a proposer asks before it lets a claim into the log.
	Refuse(now int64, c *shard.Hold, out *shard.Result) bool
	// RefuseClaim is the same for a Claim.
	RefuseClaim(now int64, c *shard.Claim, out *shard.Result) bool
	// Reload goes through a snapshot and continues with what was restored.
	Reload() error
	// Rewind continues with what a snapshot has, in a new era.
	Rewind(snapshot []byte, seed [32]byte, at int64) error
	// State is what readers look at.
	State() *shard.State
}

// Real is shard as it is.
type Real struct{ S *shard.State }

// NewReal is shard without events.
func NewReal() *Real { return &Real{shard.New()} }

// Advance implements Subject.
func (r *Real) Advance(stamp int64) int64 { return r.S.Advance(stamp) }

// Apply implements Subject.
func (r *Real) Apply(now int64, op Op, out *shard.Result) { Apply(r.S, now, op, out) }

// Refuse implements Subject.
func (r *Real) Refuse(now int64, c *shard.Hold, out *shard.Result) bool {
	return r.S.RefuseHold(now, c, out)
}

// RefuseClaim implements Subject.
func (r *Real) RefuseClaim(now int64, c *shard.Claim, out *shard.Result) bool {
	return r.S.RefuseClaim(now, c, out)
}

// Reload implements Subject.
func (r *Real) Reload() error {
	b, err := Snapshot(r.S.Freeze())
	if err != nil {
		return err
	}
	s, err := shard.Restore(bytes.NewReader(b))
	if err == nil {
		r.S = s
	}
	return err
}

// Rewind implements Subject.
func (r *Real) Rewind(snapshot []byte, seed [32]byte, at int64) error {
	s, err := shard.Restore(bytes.NewReader(snapshot))
	if err == nil {
		err = s.Restored(seed, at)
	}
	if err == nil {
		r.S = s
	}
	return err
}

// State implements Subject.
func (r *Real) State() *shard.State { return r.S }

// Snapshot is a frozen state's bytes.
func Snapshot(z *shard.Frozen) ([]byte, error) {
	var b bytes.Buffer
	_, err := z.WriteTo(&b)
	return b.Bytes(), err
}
