package shard

import (
	"strings"
	"testing"
)

func TestFanOut(t *testing.T) {
	for _, c := range []struct {
		name                string
		house, wanted, want []string
		o                   Orphans
	}{
		{"all are free", []string{"....."}, []string{".#.#."}, []string{".#.#."}, OrphansForbid},
		{"the seat beside", []string{".x..."}, []string{".##.."}, []string{".x##."}, OrphansAllow},
		{"the nearer side", []string{"x......"}, []string{"#..#..."}, []string{"x.##..."}, OrphansAllow},
		{"the lower of equals", []string{"..x....", "......."}, []string{".......", "..#...."}, []string{"..x....", "..#...."}, OrphansAllow},
		{"the other side", []string{"...x.."}, []string{".###.."}, []string{"###x.."}, OrphansAllow},
		{"beside a substitute", []string{"....xx"}, []string{"...###"}, []string{".###xx"}, OrphansAllow},
		{"all gone: it moves", []string{"..xx..", "......"}, []string{"..##..", "......"}, []string{"..xx..", "..##.."}, OrphansAllow},
		{"an aisle parts", []string{".x.|...", "......."}, []string{".##|...", "......."}, []string{".x.|...", ".##...."}, OrphansAllow},
		{"another category", []string{".x.:."}, []string{".##.."}, nil, OrphansAllow},
		{"accessible for accessible", []string{"Aaa.."}, []string{"##..."}, []string{"A##.."}, OrphansAllow},
		{"not for another", []string{"A...."}, []string{"##..."}, nil, OrphansAllow},
		{"it strands nobody", []string{".x...", "....."}, []string{".##..", "....."}, []string{".x...", "##..."}, OrphansForbid},
		{"unless allowed", []string{".x...", "....."}, []string{".##..", "....."}, []string{".x##.", "....."}, OrphansAllow},
		{"or cannot help it", []string{".x...", "....."}, []string{".##..", "....."}, []string{".x##.", "....."}, OrphansAvoid},
	} {
		h := draw(t, c.house...)
		seats, ok := h.plan.fanOut(h.at(c.wanted...), h.free, c.o, &scratch{})
		got := ""
		if ok {
			got = h.shown(seats)
		}
		if got != strings.Join(c.want, " ") {
			t.Errorf("%s: %v wanted of %v: got %q, want %q", c.name, c.wanted, c.house, got, c.want)
		}
	}
}

func TestFanOutAllocatesItsResultOnly(t *testing.T) {
	h := draw(t, ".x...", "xx...")
	var s scratch
	for _, wanted := range [][]uint32{{0}, {1, 2}, {5, 6}} {
		if n := testing.AllocsPerRun(20, func() { h.plan.fanOut(wanted, h.free, OrphansAvoid, &s) }); n > 1 {
			t.Errorf("%v: %v allocations", wanted, n)
		}
	}
}
