package shard

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// What a piece leaves for the next one of its size is found by looking around it only:
// that must be what a look at everything finds.
func TestSearchAroundAPieceIsEnough(t *testing.T) {
	var sc scratch
	pieces := 0
	for seed := range uint64(1_500) {
		r := rand.New(rand.NewPCG(seed, 3))
		p := planFrom(t, randomRows(r, 1+r.IntN(8), 1+r.IntN(150)))
		f := p.search(&Best{AcrossAisle: r.IntN(2) == 0}, randomFree(r, p.Seats()), Orphans(r.IntN(3)), &sc)
		f.qualify(0, 0)
		n := uint32(1 + r.IntN(6))
		if seed%10 == 0 {
			n = uint32(1 + r.IntN(70))
		}
		for in := f.whole(); ; in = f.touched {
			f.group(n, in)
			f.tidy(n, in)
			groups, clean := slices.Clone(f.groups), slices.Clone(f.clean)
			f.group(n, f.whole())
			f.tidy(n, f.whole())
			if !slices.Equal(groups, f.groups) || !slices.Equal(clean, f.clean) {
				t.Fatalf("seed %d: after %v, groups of %d: %x, clean %x, want %x, %x", seed, f.taken, n, groups, clean, f.groups, f.clean)
			}
			if !f.take(n, f.whole()) {
				break
			}
			pieces++
		}
	}
	if pieces < 1_000 {
		t.Errorf("%d pieces: this test looks at nothing", pieces)
	}
}
