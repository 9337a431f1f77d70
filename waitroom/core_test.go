package waitroom

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"testing"
)

// stock is an inventory: what is sold out, and which holds are held.
type stock struct {
	gone map[uint32]bool
	held map[holdAt]bool
}

func newStock() *stock { return &stock{map[uint32]bool{}, map[holdAt]bool{}} }

func (s *stock) Left(e uint32) bool       { return !s.gone[e] }
func (s *stock) Held(e, hold uint32) bool { return s.held[holdAt{e, hold}] }

func ident(n uint64) (id [16]byte) {
	x := n*0x9e3779b97f4a7c15 + 0x1234567
	x ^= x >> 29
	x *= 0xbf58476d1ce4e5b9
	x ^= x >> 32
	binary.LittleEndian.PutUint64(id[:], x)
	binary.LittleEndian.PutUint64(id[8:], n)
	return id
}

const opens = 1_000_000

func testConfig() Config {
	return Config{
		MaxActive: 20, NewPerMinute: 600, FirstUse: 5_000, Session: 20_000, OpensAt: opens, Lobby: true,
		Tiers: []Tier{{"gold", 3, 1}, {"platinum", 1, 1}, {"vip", 2, 3}},
	}
}

func freeze(t testing.TB, rs *Rooms) []byte {
	var b bytes.Buffer
	if _, err := rs.Freeze().WriteTo(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func thaw(t testing.TB, b []byte, inv Inventory) *Rooms {
	in := bytes.NewReader(b)
	rs, err := Restore(in, inv)
	if err != nil {
		t.Fatal(err)
	}
	if in.Len() != 0 {
		t.Fatalf("%d bytes of the snapshot were not read", in.Len())
	}
	return rs
}

// walk runs random commands on a room of three nights, with everything checked on the way.
func walk(t testing.TB, seed uint64, steps int) *Rooms {
	rng := rand.New(rand.NewPCG(seed, 1))
	inv := newStock()
	rs := New(inv)
	for night := range uint32(3) {
		if _, err := rs.Open(1, &OpenRoom{ID: "series/x", Event: night, Config: testConfig(), Seed: [32]byte{byte(seed)}}); err != nil {
			t.Fatal(err)
		}
	}
	r := rs.Room(0)
	now := int64(opens - 50_000)
	var times []int64 // of admissions
	for i := range steps {
		inside := r.inside()
		switch k := rng.IntN(20); {
		case k < 8:
			var e []Entrant
			for range 1 + rng.IntN(20) {
				var n Nights
				if rng.IntN(2) == 0 {
					n, _ = Prefer(rng.Perm(3)[:1+rng.IntN(3)]...)
				}
				e = append(e, Entrant{ident(rng.Uint64N(400)), uint8(rng.IntN(4)), n})
			}
			if _, err := rs.Join(now, &Join{0, e}); err != nil {
				t.Fatal(err)
			}
		case k < 11 && r.tickets > 0:
			if err := rs.Leave(now, &Leave{0, 1 + rng.Uint32N(r.tickets)}); err != nil {
				t.Fatal(err)
			}
		case k < 14 && r.tickets > 0:
			n := 1 + rng.Uint32N(r.tickets)
			if _, err := rs.Enter(now, Pass{0, n}, rng.Uint32N(3)); err == nil {
				h := holdAt{rng.Uint32N(3), uint32(i)}
				inv.held[h] = true
				rs.Took(Pass{0, n}, h.event, h.hold)
				if rng.IntN(2) == 0 {
					delete(inv.held, h)
					rs.Booked(now, h.event, h.hold)
				}
			}
		case k == 14:
			inv.gone[rng.Uint32N(3)] = rng.IntN(2) == 0
		case k == 15:
			c := &Set{Room: 0, Fields: SetMaxActive | SetState, MaxActive: 1 + rng.Uint32N(30), State: State(rng.IntN(2))}
			if err := rs.Set(now, c); err != nil {
				t.Fatal(err)
			}
		case k == 16:
			was, sum := freeze(t, rs), rs.Digest()
			rs = thaw(t, was, inv)
			r = rs.Room(0)
			if rs.Digest() != sum || !bytes.Equal(freeze(t, rs), was) {
				t.Fatal("a restored room is another one")
			}
		default:
			rs.Step(now, 1+rng.IntN(100))
		}
		if r.inside() > inside && r.inside() > r.cfg.MaxActive {
			t.Fatalf("step %d: %d inside, %d may be", i, r.inside(), r.cfg.MaxActive)
		}
		for n := uint32(1); n <= r.tickets; n++ { // who was admitted just now
			if a := r.active.get(n); a != nil && a.deadline == now+r.cfg.FirstUse && stateOf(r, n) == Admitted {
				if !contains(times, now, n) {
					times = append(times, now<<20|int64(n))
				}
			}
		}
		checkMinute(t, times, now, r.cfg.NewPerMinute)
		if err := rs.Check(); err != nil {
			t.Fatalf("seed %d, step %d: %v", seed, i, err)
		}
		if i%7 == 0 {
			checkOrder(t, rs, inv, now)
		}
		if rng.IntN(3) == 0 {
			now += rng.Int64N(2000)
		}
	}
	return rs
}

func contains(times []int64, now int64, n uint32) bool {
	for i := len(times) - 1; i >= 0 && times[i]>>20 == now; i-- {
		if times[i] == now<<20|int64(n) {
			return true
		}
	}
	return false
}

func checkMinute(t testing.TB, times []int64, now int64, most uint32) {
	n := uint32(0)
	for i := len(times) - 1; i >= 0 && times[i]>>20 > now-60_000; i-- {
		n++
	}
	if n > most {
		t.Fatalf("%d admissions in 60 s, %d may be", n, most)
	}
}

// checkOrder admits everybody in a copy of the rooms and wants them to come in the order of
// the positions that they had been told.
func checkOrder(t testing.TB, rs *Rooms, inv *stock, now int64) {
	t.Helper()
	gone := inv.gone
	defer func() { inv.gone = gone }()
	inv.gone = map[uint32]bool{}
	c := thaw(t, freeze(t, rs), inv)
	r := c.Room(0)
	for r.phase == Drawing {
		r.drawOn()
	}
	told := map[uint32]uint32{}
	for n := uint32(1); n <= r.tickets; n++ {
		if s, pos, _ := r.State(n); s == Waiting {
			if told[pos] != 0 {
				t.Fatalf("tickets %d and %d are both at %d", told[pos], n, pos)
			}
			told[pos] = n
		}
	}
	r.phase, r.state = Line, Open
	r.cfg.MaxActive, r.cfg.NewPerMinute, r.pace = MaxCount, MaxCount, MaxCount
	for pos := uint32(1); int(pos) <= len(told); pos++ {
		r.credit, r.creditAt = perTicket, now
		n := told[pos]
		if r.admit(now, 1) != 1 || stateOf(r, n) != Admitted {
			s, at, _ := r.State(n)
			t.Fatalf("ticket %d was told %d and was not admitted then: state %d, now at %d", n, pos, s, at)
		}
	}
}

func TestRandomWalks(t *testing.T) {
	for seed := range uint64(30) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) { walk(t, seed, 250) })
	}
}
