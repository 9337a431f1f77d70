package proptest

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"testing"

	"github.com/usherhq/usher/shard"
)

// The tiny world: two seats, three buyers, holds that last two ticks of time. Small
// enough to look at everything that can happen in it.
const (
	tinySeats  = 2
	tinyBuyers = 3
	tinyTick   = shard.MinTTL / 2
)

// tiny is one point of the search: a state, as its snapshot, and the model beside it.
type tiny struct {
	snapshot []byte
	m        *Model
	now      int64
	mine     [tinyBuyers]uint32 // each buyer's newest hold, 0 for none
	path     []string
}

// move is something that can happen: a command of a buyer, or (buyer < 0) of nobody.
type move struct {
	name  string
	buyer int
	op    Op // nil: time passes
}

func newTiny(t testing.TB) *tiny {
	r, m := NewReal(), NewModel()
	var out shard.Result
	blob := []byte("tiny")
	chart := &shard.ChartChunk{Sum: [32]byte{1}, Blob: sha256.Sum256(blob), Seats: tinySeats, Size: uint32(len(blob)), Data: blob}
	for _, op := range []Op{chart, &shard.CreateEvent{ID: "tiny:2026-01-01", Chart: chart.Sum}} {
		r.Apply(r.Advance(runStart), op, &out)
		m.Apply(runStart, op)
	}
	b, err := Snapshot(r.S.Freeze())
	if err != nil {
		t.Fatal(err)
	}
	return &tiny{snapshot: b, m: m, now: runStart}
}

// moves are all that can happen next. Buyers are alike, so a new one is always the next
// of those that have not been seen yet.
func (p *tiny) moves() []move {
	all := []move{
		{"tick", -1, nil}, {"expire", -1, &shard.Expire{Limit: 9}}, {"expire one", -1, &shard.Expire{Limit: 1}},
		{"block", -1, &shard.Block{Seats: []uint32{0}}}, {"unblock", -1, &shard.Block{Seats: []uint32{0}, Unblock: true}},
	}
	for b, n := range p.mine {
		for _, seats := range [][]uint32{{0}, {1}, {0, 1}} {
			op := &shard.Hold{Seats: seats, TTL: shard.MinTTL, Holder: []byte{'a' + byte(b)}}
			all = append(all, move{fmt.Sprintf("%c holds %v", 'a'+b, seats), b, op})
		}
		if n == 0 {
			break
		}
		all = append(all,
			move{fmt.Sprintf("%c extends", 'a'+b), b, &shard.Extend{Hold: n, Token: uint64(n), TTL: shard.MinTTL}},
			move{fmt.Sprintf("%c releases", 'a'+b), b, &shard.Release{Hold: n, Token: uint64(n)}},
			move{fmt.Sprintf("%c books", 'a'+b), b, &shard.Book{Hold: n, Token: uint64(n)}})
		if k := p.m.Events[0].Holds[n-1].Booking; k != 0 {
			all = append(all, move{fmt.Sprintf("%c cancels", 'a'+b), b, &shard.Cancel{Booking: k}})
		}
	}
	return all
}

// after is the point that a move leads to, everything compared.
func (p *tiny) after(mv move) (*tiny, error) {
	n := &tiny{m: p.m, now: p.now, mine: p.mine, path: append(p.path[:len(p.path):len(p.path)], mv.name)}
	if mv.op == nil {
		n.snapshot, n.now = p.snapshot, p.now+tinyTick
		return n, nil
	}
	s, err := shard.Restore(bytes.NewReader(p.snapshot))
	if err != nil {
		return n, err
	}
	n.m = p.m.clone()
	var got shard.Result
	Apply(s, s.Advance(n.now), mv.op, &got)
	want := n.m.Apply(n.now, mv.op)
	if err := CompareResult(mv.op, got, want); err != nil {
		return n, err
	}
	if _, claim := mv.op.(*shard.Hold); claim && want.Err == nil {
		n.mine[mv.buyer] = want.Number
	}
	if err := Compare(s, n.m); err != nil {
		return n, err
	}
	n.snapshot, err = Snapshot(s.Freeze())
	return n, err
}

// likeness is equal for points that have the same future: who has which seat, how the
// buyers' holds stand and how long they last, whatever the numbers are.
func (p *tiny) likeness() string {
	e := p.m.Events[0]
	var b []byte
	for _, s := range e.Seats {
		b = append(b, byte(s.Status))
	}
	for _, n := range p.mine {
		if n == 0 {
			b = append(b, '-')
			continue
		}
		h := e.Holds[n-1]
		b = fmt.Appendf(b, "%d%v", h.State, h.Seats)
		switch h.State {
		case shard.HoldHeld:
			b = fmt.Appendf(b, "/%d", max(0, h.Ends-p.now))
		case shard.HoldBooked:
			b = fmt.Appendf(b, "/%v", e.Books[h.Booking-1].Cancelled)
		default:
			b = fmt.Appendf(b, "/%v", e.grantedSince(h))
		}
	}
	for _, h := range e.Holds { // holds that their buyer has lost sight of, but that still stand
		if h.State == shard.HoldHeld && h.Number != p.mine[h.Holder[0]-'a'] {
			b = fmt.Appendf(b, "+%v/%d", h.Seats, max(0, h.Ends-p.now))
		}
	}
	return string(b)
}

// TestTinyWorldEverySequence walks every sequence of moves up to a depth.
func TestTinyWorldEverySequence(t *testing.T) {
	t.Parallel()
	n := 0
	var walk func(p *tiny, depth int)
	walk = func(p *tiny, depth int) {
		for _, mv := range p.moves() {
			next, err := p.after(mv)
			if err != nil {
				t.Fatalf("%v: %v", next.path, err)
			}
			n++
			if depth > 1 {
				walk(next, depth-1)
			}
		}
	}
	depth := envInt("USHER_PROPTEST_DEPTH", 4)
	walk(newTiny(t), depth)
	t.Logf("%d sequences of up to %d moves", n, depth)
}

// TestTinyWorldEveryState goes on from every point that is not like one seen before,
// and so sees every move from every situation up to a far greater depth.
func TestTinyWorldEveryState(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	level := []*tiny{newTiny(t)}
	moves, depth := 0, 0
	for limit := envInt("USHER_PROPTEST_MERGED_DEPTH", 8); depth < limit && len(level) > 0; depth++ {
		var next []*tiny
		for _, p := range level {
			for _, mv := range p.moves() {
				n, err := p.after(mv)
				if err != nil {
					t.Fatalf("%v: %v", n.path, err)
				}
				moves++
				if like := n.likeness(); !seen[like] {
					seen[like] = true
					next = append(next, n)
				}
			}
		}
		level = next
	}
	t.Logf("%d situations, %d moves, depth %d, %d situations left to go on from", len(seen), moves, depth, len(level))
}
