package proptest

import (
	"bytes"

	"github.com/usherhq/usher/shard"
)

// mutant is the real thing with one bug, planted where commands go in and answers come
// out. A nil hook does nothing.
type mutant struct {
	Real
	before   func(m *mutant, now *int64, op Op) Op // what is really applied; nil: nothing
	answered func(m *mutant, op Op, out *shard.Result)
	reload   func(m *mutant) error
	refuse   func(m *mutant, now *int64, c *shard.Hold) *shard.State // whom it asks
	advance  func(m *mutant, stamp int64) int64

	reloaded bool
	known    map[[16]byte]bool // keys seen before the last reload
	ops      []Op
	old      *shard.State
	n        int
}

func newMutant() *mutant { return &mutant{Real: Real{shard.New()}, known: map[[16]byte]bool{}} }

func (m *mutant) Advance(stamp int64) int64 {
	if m.advance != nil {
		return m.advance(m, stamp)
	}
	return m.Real.Advance(stamp)
}

func (m *mutant) Apply(now int64, op Op, out *shard.Result) {
	m.n++
	m.ops = append(m.ops, op)
	real := op
	if m.before != nil {
		real = m.before(m, &now, op)
	}
	if real == nil {
		*out = shard.Result{Now: now}
		return
	}
	m.Real.Apply(now, real, out)
	if m.answered != nil {
		m.answered(m, op, out)
	}
}

func (m *mutant) Refuse(now int64, c *shard.Hold, out *shard.Result) bool {
	s := m.S
	if m.refuse != nil {
		s = m.refuse(m, &now, c)
	}
	return s.RefuseHold(now, c, out)
}

func (m *mutant) RefuseClaim(now int64, c *shard.Claim, out *shard.Result) bool {
	s := m.S
	if m.refuse != nil {
		s = m.refuse(m, &now, nil)
	}
	return s.RefuseClaim(now, c, out)
}

func (m *mutant) Reload() error {
	m.reloaded = true
	for _, op := range m.ops {
		if k := keyOf(op); k != nil {
			m.known[k.Hash] = true
		}
	}
	if m.reload != nil {
		return m.reload(m)
	}
	return m.Real.Reload()
}

// copyOf is a state's twin, through a snapshot.
func copyOf(s *shard.State) *shard.State {
	b, err := Snapshot(s.Freeze())
	if err == nil {
		s, err = shard.Restore(bytes.NewReader(b))
	}
	if err != nil {
		panic(err)
	}
	return s
}

// lost plants: a command of type T is answered, and then forgotten: one that was
// acknowledged before it was safe.
func lost[T any]() *mutant {
	m := newMutant()
	m.before = func(m *mutant, _ *int64, op Op) Op {
		m.old = nil
		if _, ok := op.(T); ok {
			m.old = copyOf(m.S)
		}
		return op
	}
	m.answered = func(m *mutant, _ Op, _ *shard.Result) {
		if m.old != nil {
			m.S = m.old
		}
	}
	return m
}

// changed plants: commands of type T are applied as something else.
func changed[T any](change func(m *mutant, c T) Op) *mutant {
	m := newMutant()
	m.before = func(m *mutant, _ *int64, op Op) Op {
		if c, ok := op.(T); ok {
			return change(m, c)
		}
		return op
	}
	return m
}

// retold plants: commands of type T are told something else.
func retold[T any](change func(m *mutant, c T, out *shard.Result)) *mutant {
	m := newMutant()
	m.answered = func(m *mutant, op Op, out *shard.Result) {
		if c, ok := op.(T); ok {
			change(m, c, out)
		}
	}
	return m
}

// shifted plants: commands run at another time than they should.
func shifted(by int64) *mutant {
	m := newMutant()
	m.before = func(_ *mutant, now *int64, op Op) Op {
		*now += by
		return op
	}
	m.refuse = func(m *mutant, now *int64, _ *shard.Hold) *shard.State {
		*now += by
		return m.S
	}
	m.answered = func(_ *mutant, _ Op, out *shard.Result) {
		if !out.Replayed { // only the decision is off, what is told is not
			out.Now -= by
		}
	}
	return m
}
