package shard

import (
	"strings"
	"testing"
)

func TestStranded(t *testing.T) {
	for _, c := range []struct {
		house, taken  string
		avoid, forbid string // what is stranded
	}{
		{".....", "##...", ".....", "....."},
		{".....", ".#...", "#....", "#...."},
		{".....", ".#.#.", "#.#.#", "#.#.#"},
		{"...", ".##", "...", "#.."}, // all but one: it cannot be helped
		{"...", ".#.", "#.#", "#.#"},
		{"..", "#.", "..", ".#"},
		{".x..", "..#.", ".x..", "...#"},     // the seat that was alone before is not counted
		{".x...", "..#..", ".....", "....."}, // nor here
		{"..|...", "..|##.", "..|...", "..|..#"},
		{"..|..", ".#|#.", "..|..", "#.|.#"}, // two runs, each of which all but one is taken
		{"...:", "#.#.", ".#.#", ".#.#"},     // whatever their category
		{"x.x", ".#.", "...", "..."},
		{"a..", ".#.", "#.#", "#.#"},
	} {
		h := draw(t, c.house)
		for o, want := range map[Orphans]string{OrphansAllow: "", OrphansAvoid: c.avoid, OrphansForbid: c.forbid} {
			got := h.shown(h.plan.stranded(h.free, h.at(c.taken), o, nil))
			if got != h.shown(h.at(want)) {
				t.Errorf("%s with %s taken, policy %d: got %s, want %s", c.house, c.taken, o, got, want)
			}
		}
	}
}

func TestStrandedOfTwoRows(t *testing.T) {
	h := draw(t, "...", "...")
	got := h.shown(h.plan.stranded(h.free, h.at("..#", "#.."), OrphansForbid, nil))
	if strings.Contains(got, "#") {
		t.Errorf("the end of a row is no neighbour of the next: %s", got)
	}
}
