package waitroom

import (
	"math/rand/v2"
	"testing"
)

// TestLineAgainstAList sets, clears and counts across words, blocks and pages.
func TestLineAgainstAList(t *testing.T) {
	for _, n := range []uint32{1, 63, 64, 65, 511, 512, 513, 4095, 4096, 4097, 10_000} {
		rng := rand.New(rand.NewPCG(uint64(n), 2))
		var l line
		l.extend(n)
		list := make([]bool, n)
		from := rng.Uint32N(n)
		to := from + rng.Uint32N(n-from+1)
		l.setAll(from, to)
		for i := from; i < to; i++ {
			list[i] = true
		}
		sameLine(t, &l, list)
		for range 200 {
			i := rng.Uint32N(n)
			if list[i] {
				l.clear(i)
			} else {
				l.set(i)
			}
			list[i] = !list[i]
		}
		l.extend(700)
		list = append(list, make([]bool, 700)...)
		l.set(n + 699)
		list[n+699] = true
		sameLine(t, &l, list)
	}
}

func sameLine(t *testing.T, l *line, list []bool) {
	t.Helper()
	before := uint32(0)
	for i, waits := range list {
		if l.waits(uint32(i)) != waits || l.rank(uint32(i)) != before {
			t.Fatalf("slot %d of %d waits: %v, %d before it; want %v, %d", i, len(list), l.waits(uint32(i)), l.rank(uint32(i)), waits, before)
		}
		if waits {
			before++
		}
	}
}

// TestFirstLooksAcrossBlocks: 2,000 people, of whom few want the night of which something is left.
func TestFirstLooksAcrossBlocks(t *testing.T) {
	inv := newStock()
	rs := New(inv)
	c := wide()
	c.OpensAt = 1e6 // nobody is admitted
	for night := range uint32(2) {
		if _, err := rs.Open(1, &OpenRoom{ID: "series/x", Event: night, Config: c}); err != nil {
			t.Fatal(err)
		}
	}
	r := rs.Room(0)
	second := map[uint32]bool{5: true, 511: true, 512: true, 1300: true, 1999: true}
	for i := range uint32(2000) {
		n, _ := Prefer(0)
		if second[i] {
			n, _ = Prefer(1)
		}
		if _, err := rs.Join(1, &Join{0, []Entrant{{ID: ident(uint64(i)), Nights: n}}}); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 { // the second time blocks have forgotten the night that nobody there wants
		from := uint32(0)
		for _, want := range []uint32{5, 511, 512, 1300, 1999} {
			got, ok := r.first(&r.lanes[0].line, from, 2000, 1<<1)
			if !ok || got != want {
				t.Fatalf("from %d on it is %d, %v; want %d", from, got, ok, want)
			}
			from = got + 1
		}
		if got, ok := r.first(&r.lanes[0].line, 1301, 1999, 1<<1); ok {
			t.Fatalf("between 1301 and 1999 there is %d", got)
		}
	}
}
