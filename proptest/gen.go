package proptest

import (
	"fmt"
	"slices"

	"github.com/usherhq/usher/shard"
)

// gen makes commands for the world that the model describes, so that most of them meet
// something: a held seat, a hold that is about to end, a key that is known.
type gen struct {
	Dice
	m     *Model
	sent  []Op // the last commands with a key, for retries
	keys  int
	apart bool // bundles of several groups are somebody else's business
}

func (g *gen) event() (uint32, *ModelEvent) {
	no := g.Roll(len(g.m.Events))
	return uint32(no), g.m.Events[no]
}

// seats are up to limit different seats of an event, ascending.
func (g *gen) seats(e *ModelEvent, limit int) []uint32 {
	seats := make([]uint32, 1+g.Roll(limit))
	for i := range seats {
		seats[i] = uint32(g.Roll(len(e.Seats)))
	}
	slices.Sort(seats)
	return slices.Compact(seats)
}

// key is none, a new one, or rarely one that somebody has used for something else.
func (g *gen) key() shard.Key {
	switch g.Roll(6) {
	case 0, 1:
		g.keys++
		return shard.Key{Hash: [16]byte{1, byte(g.keys), byte(g.keys >> 8)}, Print: [32]byte{1}}
	case 2:
		return shard.Key{Hash: [16]byte{2, byte(g.Roll(4))}, Print: [32]byte{byte(g.Roll(2))}}
	}
	return shard.Key{}
}

func (g *gen) ttl() int64 {
	return pick(g.Dice, shard.MinTTL, shard.MinTTL+1, shard.MinTTL+int64(g.Roll(5_000)), shard.MaxTTL)
}

func (g *gen) hold() Op {
	no, e := g.event()
	return &shard.Hold{
		Event: no, Seats: g.places(e, 6), TTL: g.ttl(), Holder: g.holder(), Lease: chance(g.Dice, 5), Admitted: g.admitted(), Key: g.key(),
	}
}

// number is that of a hold: mostly one that is held, often one of the last, or the next,
// or any, or none.
func (g *gen) number(e *ModelEvent) uint32 {
	n := len(e.Holds)
	switch g.Roll(12) {
	case 0:
		return uint32(g.Roll(n + 3))
	case 1:
		return uint32(n + 1)
	case 2, 3, 4:
		return uint32(max(0, n-g.Roll(8)))
	}
	var held []uint32
	for i := n - 1; i >= 0 && len(held) < 6; i-- {
		if e.Holds[i].State == shard.HoldHeld {
			held = append(held, e.Holds[i].Number)
		}
	}
	if len(held) == 0 {
		return uint32(n)
	}
	return pick(g.Dice, held...)
}

// token is the hold's, none, or another's.
func (g *gen) token(e *ModelEvent, hold uint32) uint64 {
	switch g.Roll(8) {
	case 0, 1:
		return 0
	case 2:
		return e.token(hold) + uint64(g.Roll(3)) - 1
	}
	return e.token(hold)
}

// target is a hold of an event, now and then one that leads a bundle.
func (g *gen) target() (no uint32, e *ModelEvent, n uint32) {
	if b := g.lead(); b != nil {
		p := b.Parts[0]
		return p.Event, g.m.Events[p.Event], p.Part.Hold
	}
	no, e = g.event()
	return no, e, g.number(e)
}

// lead is, now and then, one of the last bundles that are used by a hold here.
func (g *gen) lead() *ModelBundle {
	if !chance(g.Dice, 3) {
		return nil
	}
	var list []*ModelBundle
	for i := len(g.m.Bundles) - 1; i >= 0 && len(list) < 3; i-- {
		if b := g.m.Bundles[i]; b.leader() != nil && (b.State != shard.BundleEnded || chance(g.Dice, 8)) {
			list = append(list, b)
		}
	}
	if len(list) == 0 {
		return nil
	}
	return pick(g.Dice, list...)
}

func (g *gen) extend() Op {
	no, e, n := g.target()
	return &shard.Extend{Event: no, Hold: n, Token: g.token(e, n), TTL: g.ttl(), Key: g.key()}
}

func (g *gen) release() Op {
	no, e, n := g.target()
	return &shard.Release{Event: no, Hold: n, Token: g.token(e, n), Declined: chance(g.Dice, 4), Key: g.key()}
}

func (g *gen) book() Op {
	no, e, n := g.target()
	var parts []int64
	for range g.Roll(4) {
		parts = append(parts, int64(g.Roll(3))*900)
	}
	return &shard.Book{
		Event: no, Hold: n, Parts: parts, Token: g.token(e, n), Amount: int64(g.Roll(3)) * 1250, Currency: [3]byte{'E', 'U', 'R'},
		Payment: fmt.Append(nil, "pay_", g.Roll(9))[:g.Roll(6)], Key: g.key(),
	}
}

func (g *gen) cancel() Op {
	no, e := g.event()
	n := len(e.Books)
	booking := uint32(max(0, n-g.Roll(6)))
	if b := g.lead(); b != nil && b.Parts[0].Booking != 0 {
		no, booking = b.Parts[0].Event, b.Parts[0].Booking
	}
	if chance(g.Dice, 5) {
		booking = uint32(g.Roll(n + 2))
	}
	return &shard.Cancel{Event: no, Booking: booking, Key: g.key()}
}

func (g *gen) block() Op {
	no, e := g.event()
	return &shard.Block{
		Event: no, Seats: g.seats(e, 4), Unblock: g.Roll(2) == 0, Reason: []byte("why")[:g.Roll(4)], Key: g.key(),
	}
}

func (g *gen) expire() Op {
	return &shard.Expire{Limit: pick[uint32](g.Dice, 1, 0, 2, 3, 5, 64, 1_000_000)}
}

// create repeats a creation, contradicts one, or asks for something impossible.
func (g *gen) create() Op {
	_, e := g.event()
	c := e.Create
	switch g.Roll(7) {
	case 0:
		c.Meta = []byte("other settings")
	case 1:
		c.Chart = [32]byte{99}
	case 2:
		c.ID, c.Chart = "nowhere:2026-01-01", [32]byte{99}
	case 3:
		c.ID = ""
	case 4:
		if len(g.m.Events) < 5 {
			c.ID = fmt.Sprintf("another:2026-01-0%d", len(g.m.Events))
		}
	case 5:
		c.ID, c.Plan = "nowhere:2026-01-01", pick(g.Dice, [32]byte{99}, c.Chart, [32]byte{101}, [32]byte{104})
		if g.Roll(2) == 0 {
			c.Rules.Orphans = 3
		} else if len(g.m.Events) > 5 {
			c.Chart = [32]byte{99}
		}
	}
	c.Epoch, c.Secret = [16]byte{byte(g.Roll(250))}, [32]byte{byte(g.Roll(250))}
	return &c
}

// retry sends again what was sent with a key; sometimes the content is another.
func (g *gen) retry() Op {
	if len(g.sent) == 0 {
		return g.hold()
	}
	op := g.sent[max(0, len(g.sent)-1-g.Roll(12))]
	if chance(g.Dice, 4) {
		k := *keyOf(op)
		k.Print[31] ^= 1
		return withKey(op, k)
	}
	return op
}

// remember keeps a command for retries.
func (g *gen) remember(op Op) {
	if k := keyOf(op); k != nil && !k.IsZero() {
		g.sent = append(g.sent, op)
	}
}
