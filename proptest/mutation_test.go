package proptest

import (
	"testing"

	"github.com/usherhq/usher/shard"
)

// The mutation gate: each of these bugs must be noticed. A harness that notices none
// proves nothing.
var stateMutants = map[string]func() *mutant{
	"expiry a millisecond late":  func() *mutant { return shifted(-1) },
	"expiry a millisecond early": func() *mutant { return shifted(1) },
	"time goes back after a failover": func() *mutant {
		m := newMutant()
		m.advance = func(m *mutant, stamp int64) int64 { m.Real.Advance(stamp); return stamp }
		return m
	},
	"a grant is lost":      func() *mutant { return lost[*shard.Hold]() },
	"an extension is lost": func() *mutant { return lost[*shard.Extend]() },
	"a release is lost":    func() *mutant { return lost[*shard.Release]() },
	"a booking is lost":    func() *mutant { return lost[*shard.Book]() },
	"a cancel is lost":     func() *mutant { return lost[*shard.Cancel]() },
	"a block is lost":      func() *mutant { return lost[*shard.Block]() },
	"a sweep is lost":      func() *mutant { return lost[*shard.Expire]() },
	"an event is lost":     func() *mutant { return lost[*shard.CreateEvent]() },

	"sold over another's hold": changedHold(func(m *mutant, c *shard.Hold) {
		var out shard.Result
		if m.S.RefuseHold(m.S.Now(), c, &out) && out.Err == shard.ErrSeatsUnavailable {
			m.S.Release(m.S.Now(), &shard.Release{Event: c.Event, Hold: uint32(m.n % 7)}, &out)
		}
	}),
	"all or none: the last seat is left out": func() *mutant {
		return changed(func(_ *mutant, c *shard.Hold) Op {
			n := *c
			if len(c.Seats) > 1 {
				n.Seats = c.Seats[:len(c.Seats)-1]
			}
			return &n
		})
	},
	"a hold lasts longer than asked": func() *mutant {
		return changed(func(_ *mutant, c *shard.Hold) Op {
			n := *c
			n.TTL = min(c.TTL+1, shard.MaxTTL)
			return &n
		})
	},
	"a stale token is not looked at (extend)": func() *mutant {
		return changed(func(_ *mutant, c *shard.Extend) Op { n := *c; n.Token = 0; return &n })
	},
	"a stale token is not looked at (book)": func() *mutant {
		return changed(func(_ *mutant, c *shard.Book) Op { n := *c; n.Token = 0; return &n })
	},
	"a stale token is not looked at (release)": func() *mutant {
		return changed(func(_ *mutant, c *shard.Release) Op { n := *c; n.Token = 0; return &n })
	},
	"the sweep knows no limit": func() *mutant {
		return changed(func(_ *mutant, c *shard.Expire) Op { return &shard.Expire{Limit: 1 << 20} })
	},
	"the sweep is one short": func() *mutant {
		return changed(func(_ *mutant, c *shard.Expire) Op { return &shard.Expire{Limit: c.Limit - min(1, c.Limit)} })
	},
	"unblocking does nothing": func() *mutant {
		return changed(func(_ *mutant, c *shard.Block) Op {
			n := *c
			n.Unblock = false
			return &n
		})
	},
	"reasons are dropped": func() *mutant {
		return changed(func(_ *mutant, c *shard.Block) Op { n := *c; n.Reason = nil; return &n })
	},
	"a declined payment is forgotten": func() *mutant {
		return changed(func(_ *mutant, c *shard.Release) Op { n := *c; n.Declined = false; return &n })
	},

	"keys are ignored": func() *mutant {
		m := newMutant()
		m.before = func(_ *mutant, _ *int64, op Op) Op { return withKey(op, shard.Key{}) }
		return m
	},
	"the idempotency table is missing from the snapshot": func() *mutant {
		m := newMutant()
		m.before = func(m *mutant, _ *int64, op Op) Op {
			if k := keyOf(op); k != nil && m.reloaded && m.known[k.Hash] {
				return withKey(op, shard.Key{Hash: [16]byte{3, byte(m.n), byte(m.n >> 8)}})
			}
			return op
		}
		return m
	},
	"a retry with another body gets the first answer": func() *mutant {
		m := newMutant()
		m.before = func(_ *mutant, _ *int64, op Op) Op {
			if k := keyOf(op); k != nil && !k.IsZero() {
				return withKey(op, shard.Key{Hash: k.Hash})
			}
			return op
		}
		return m
	},
	"a late duplicate is applied": func() *mutant {
		m := newMutant()
		m.before = func(m *mutant, now *int64, op Op) Op {
			if len(m.ops) > 6 && m.n%5 == 0 {
				var out shard.Result
				m.Real.Apply(*now, withKey(m.ops[len(m.ops)-4], shard.Key{}), &out)
			}
			return op
		}
		return m
	},
	"a restart goes back to an older snapshot": func() *mutant {
		m := newMutant()
		m.reload = func(m *mutant) error {
			if m.old == nil {
				m.old = copyOf(m.S)
			}
			m.S = copyOf(m.old)
			return nil
		}
		return m
	},
	"refusals come from a leader that has lost its lease": func() *mutant {
		m := newMutant()
		m.refuse = func(m *mutant, _ *int64, _ *shard.Hold) *shard.State {
			if m.old == nil || m.n%9 == 0 {
				m.old = copyOf(m.S)
			}
			return m.old
		}
		return m
	},

	"the fencing token is used twice": func() *mutant {
		return retold(func(m *mutant, _ *shard.Hold, out *shard.Result) {
			if m.reloaded && out.Token > 1 {
				out.Token--
			}
		})
	},
	"the version told is that before the change": func() *mutant {
		return retold(func(_ *mutant, _ *shard.Book, out *shard.Result) {
			if out.Err == nil {
				out.Version--
			}
		})
	},
	"a refusal names one conflict too few": func() *mutant {
		return retold(func(_ *mutant, _ *shard.Hold, out *shard.Result) {
			out.Conflicts = out.Conflicts[:max(0, len(out.Conflicts)-1)]
		})
	},
	"a loser is told that he won": func() *mutant {
		return retold(func(_ *mutant, _ *shard.Hold, out *shard.Result) {
			if out.Err == shard.ErrSeatsUnavailable {
				out.Err, out.Conflicts = nil, nil
			}
		})
	},
}

// changedHold does something to the state before a claim.
func changedHold(first func(m *mutant, c *shard.Hold)) func() *mutant {
	return func() *mutant {
		return changed(func(m *mutant, c *shard.Hold) Op {
			first(m, c)
			return c
		})
	}
}

// gateSeeds is how many runs a bug may hide in.
const gateSeeds = 40

func TestModelNoticesEveryMutant(t *testing.T) {
	t.Parallel()
	for name, make := range stateMutants {
		t.Run(name, func(t *testing.T) {
			for seed := range uint64(gateSeeds) {
				if err := Play(Seeded(seed), make(), 300); err != nil {
					t.Logf("noticed with seed %d: %.300v", seed, err)
					return
				}
			}
			t.Fatalf("%d runs did not notice it", gateSeeds)
		})
	}
}

// The gate itself must let pass what has no bug, or it would prove nothing either.
func TestModelLetsAMutantWithoutBugPass(t *testing.T) {
	t.Parallel()
	for seed := range uint64(gateSeeds) / 2 {
		if err := Play(Seeded(seed), newMutant(), 200); err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
	}
}

// replicaMutants are bugs of one replica: what it is fed is not what the log says.
var replicaMutants = map[string]func(f *follower, index int, e Entry) []Entry{
	"an entry is applied twice": func(_ *follower, i int, e Entry) []Entry {
		if i%10 == 7 {
			return []Entry{e, e}
		}
		return []Entry{e}
	},
	"one entry is missed": func(_ *follower, i int, e Entry) []Entry {
		if i == 20 {
			return nil
		}
		return []Entry{e}
	},
	"sweeps are skipped": func(_ *follower, _ int, e Entry) []Entry {
		return []Entry{only(e, func(op Op) bool { _, sweep := op.(*shard.Expire); return !sweep })}
	},
	"the last command of a batch is cut off": func(_ *follower, _ int, e Entry) []Entry {
		return []Entry{{e.Stamp, e.Ops[:max(1, len(e.Ops)-1)]}}
	},
	"a batch is applied backward": func(_ *follower, _ int, e Entry) []Entry {
		var ops []Op
		for i := range e.Ops {
			ops = append(ops, e.Ops[len(e.Ops)-1-i])
		}
		return []Entry{{e.Stamp, ops}}
	},
	"its own clock instead of the stamp": func(_ *follower, i int, e Entry) []Entry {
		return []Entry{{e.Stamp + int64(i%2), e.Ops}}
	},
	"stamps are ignored": func(_ *follower, _ int, e Entry) []Entry { return []Entry{{0, e.Ops}} },
	"keys are ignored": func(_ *follower, _ int, e Entry) []Entry {
		var ops []Op
		for _, op := range e.Ops {
			ops = append(ops, withKey(op, shard.Key{}))
		}
		return []Entry{{e.Stamp, ops}}
	},
	"an op is unknown to it, and skipped": func(_ *follower, _ int, e Entry) []Entry {
		return []Entry{only(e, func(op Op) bool { _, block := op.(*shard.Block); return !block })}
	},
	"a snapshot's index is one too high": func(f *follower, i int, e Entry) []Entry {
		if f.disk != nil && i == f.diskAt {
			return nil
		}
		return []Entry{e}
	},
	"a snapshot's index is one too low": func(f *follower, i int, e Entry) []Entry {
		if f.disk != nil && i == f.diskAt {
			return []Entry{e, e}
		}
		return []Entry{e}
	},
}

func only(e Entry, keep func(Op) bool) Entry {
	var ops []Op
	for _, op := range e.Ops {
		if keep(op) {
			ops = append(ops, op)
		}
	}
	return Entry{e.Stamp, ops}
}

func TestReplicasNoticeEveryMutant(t *testing.T) {
	t.Parallel()
	for name, feed := range replicaMutants {
		t.Run(name, func(t *testing.T) {
			for seed := range uint64(gateSeeds) {
				err := Simulate(seed, 3, 400, func(r *Replicas) { r.followers[1].feed = feed })
				if err != nil {
					t.Logf("noticed with seed %d: %.300v", seed, err)
					return
				}
			}
			t.Fatalf("%d runs did not notice it", gateSeeds)
		})
	}
}
