package proptest

import (
	"testing"

	"github.com/usherhq/usher/shard"
)

// told changes what groups are told of a bundle.
func told(change func(c *shard.Resolve) Op) func(op Op) Op {
	return func(op Op) Op {
		if c, ok := op.(*shard.Resolve); ok {
			n := *c
			return change(&n)
		}
		return op
	}
}

// groupMutants are bugs of who coordinates or drives: the groups do as they are told, so
// only what must hold over all of them can notice.
var groupMutants = map[string]func(op Op) Op{
	"guests are ended whatever the home says": told(func(c *shard.Resolve) Op { c.State = shard.BundleEnded; return c }),
	"guests are told that it is booked":       told(func(c *shard.Resolve) Op { c.State = shard.BundleBooked; return c }),
	"guests are told that it stands":          told(func(c *shard.Resolve) Op { c.State = shard.BundleHeld; return c }),
	"what is acknowledged was never told":     told(func(*shard.Resolve) Op { return nil }),
	"another bundle's guests are told":        told(func(c *shard.Resolve) Op { c.Txn.Bundle++; return c }),
	"guests are not told what they were paid": told(func(c *shard.Resolve) Op { c.Parts = nil; return c }),
	"guests are told the end for a cancelled": told(func(c *shard.Resolve) Op { c.State -= c.State / shard.BundleCancelled * 2; return c }),
	"nobody acknowledges": func(op Op) Op {
		if _, ok := op.(*shard.Ack); ok {
			return nil
		}
		return op
	},
	"nobody gives up what is late": func(op Op) Op {
		if c, ok := op.(*shard.Decide); ok && c.Late {
			return nil
		}
		return op
	},
	"a part is left out of the commit": func(op Op) Op {
		if c, ok := op.(*shard.Decide); ok && c.Commit && len(c.Parts) > 1 {
			n := *c
			n.Parts = c.Parts[:len(c.Parts)-1]
			return &n
		}
		return op
	},
	"the others' parts are held without a bundle": func(op Op) Op {
		if c, ok := op.(*shard.Claim); ok && c.Txn.Home != 0 {
			n := *c
			n.Txn = shard.Txn{}
			return &n
		}
		return op
	},
}

func TestGroupsNoticeEveryMutant(t *testing.T) {
	t.Parallel()
	for name, plant := range groupMutants {
		t.Run(name, func(t *testing.T) {
			for seed := range uint64(gateSeeds) {
				x, err := NewGroups(Seeded(seed))
				if err == nil {
					x.plant = plant
					err = x.play(200)
				}
				if err != nil {
					t.Logf("noticed with seed %d: %.300v", seed, err)
					return
				}
			}
			t.Fatalf("%d runs did not notice it", gateSeeds)
		})
	}
}
