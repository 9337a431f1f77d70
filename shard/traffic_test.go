package shard

import (
	"fmt"
	"math/rand/v2"
	"slices"
)

// traffic is a random stream of commands of every kind, most of them sensible, from a
// seed: what the tests of snapshots need to have something in them.
type traffic struct {
	*rand.Rand
	s     *State
	seats uint32
	out   Result
}

func newTraffic(s *State, seed uint64) *traffic {
	return &traffic{Rand: rand.New(rand.NewPCG(seed, 77)), s: s, seats: s.Event(0).Seats()}
}

// run does n commands.
func (t *traffic) run(n int) {
	for range n {
		t.step()
	}
}

func (t *traffic) step() {
	now := t.s.Advance(t.s.Now() + t.Int64N(400))
	ev := t.Uint32N(uint32(t.s.Events()))
	e := t.s.Event(ev)
	t.out.reset(now)
	switch t.IntN(16) {
	case 0:
		t.s.Extend(now, &Extend{Event: ev, Hold: t.recent(e), TTL: MinTTL + t.Int64N(9_000), Key: t.key()}, &t.out)
	case 1, 2:
		t.s.Release(now, &Release{Event: ev, Hold: t.recent(e), Key: t.key()}, &t.out)
	case 3, 4:
		t.s.Book(now, &Book{Event: ev, Hold: t.recent(e), Amount: t.Int64N(99), Payment: fmt.Append(nil, "pay", t.IntN(1000)), Key: t.key()}, &t.out)
	case 5, 6:
		t.s.Cancel(now, &Cancel{Event: ev, Booking: 1 + t.Uint32N(e.Bookings()+1), Key: t.key()}, &t.out)
	case 7:
		t.s.Block(now, &Block{Event: ev, Seats: t.some(), Unblock: t.IntN(3) > 0, Reason: []byte("why")[:t.IntN(4)], Key: t.key()}, &t.out)
	case 8:
		t.s.Expire(now, &Expire{Limit: t.Uint32N(20)}, &t.out)
	case 9:
		if t.IntN(40) == 0 {
			t.s.Advance(now + Retention/2)
		}
	default:
		t.s.Hold(now, &Hold{Event: ev, Seats: t.some(), TTL: MinTTL + t.Int64N(9_000), Holder: fmt.Append(nil, "holder", t.IntN(50)), Key: t.key()}, &t.out)
	}
}

// recent is the number of one of the last holds.
func (t *traffic) recent(e *Event) uint32 {
	return e.lastHold - min(e.lastHold, t.Uint32N(12))
}

func (t *traffic) key() Key {
	if t.IntN(2) == 0 {
		return Key{}
	}
	return Key{Hash: [16]byte{1, byte(t.IntN(256)), byte(t.IntN(8))}}
}

// some are one to seven different seats, ascending.
func (t *traffic) some() []uint32 {
	seats := make([]uint32, 1+t.IntN(7))
	for i := range seats {
		seats[i] = t.Uint32N(t.seats)
	}
	slices.Sort(seats)
	return slices.Compact(seats)
}
