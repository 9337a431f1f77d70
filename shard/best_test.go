package shard

import (
	"slices"
	"strings"
	"testing"
)

// wantBest wants the best seats to be those drawn as #; "" for none.
func (h *house) wantBest(q Best, o Orphans, want ...string) {
	h.Helper()
	seats, ok := h.plan.best(&q, h.free, o, &scratch{})
	got := ""
	if ok {
		got = h.shown(seats)
	}
	if got != strings.Join(want, " ") {
		h.Errorf("%v, %+v, policy %d:\ngot  %q\nwant %q", h.drawn, q, o, got, want)
	}
}

func TestBestAreNearTheStage(t *testing.T) {
	h := draw(t, ".......", ".......")
	h.wantBest(Best{Quantity: 1}, OrphansAllow, "...#...", ".......")
	h.wantBest(Best{Quantity: 3}, OrphansAllow, "..###..", ".......")
	h.wantBest(Best{Quantity: 2}, OrphansAllow, "..##...", ".......") // as near as the two to the right: the lower numbers
	h.wantBest(Best{Quantity: 8}, OrphansAllow)
	draw(t, "..xxx..", ".......").wantBest(Best{Quantity: 2}, OrphansAllow, "..xxx..", "..##...")
}

func TestBestAreNearWhatIsNamed(t *testing.T) {
	h := draw(t, ".......", ".......")
	h.wantBest(Best{Quantity: 2, NearSeat: 14}, OrphansAllow, ".......", ".....##")
	h.wantBest(Best{Quantity: 2, NearPoint: true, X: 100, Y: 110}, OrphansAllow, ".......", "##.....")
	h.wantBest(Best{Quantity: 2, NearSeat: 1, NearPoint: true, X: 100, Y: 110}, OrphansAllow, "##.....", ".......")
}

func TestBestSitTogether(t *testing.T) {
	h := draw(t, "..x.|.x..")
	h.wantBest(Best{Quantity: 2}, OrphansAllow, "##x.|.x..")
	h.wantBest(Best{Quantity: 2, AcrossAisle: true}, OrphansAllow, "..x#|#x..")
	h.wantBest(Best{Quantity: 3, AcrossAisle: true}, OrphansAllow)
	draw(t, "..", "..").wantBest(Best{Quantity: 3, AcrossAisle: true}, OrphansAllow) // rows are no neighbours
}

func TestBestOfACategoryAndSection(t *testing.T) {
	h := draw(t, "..::..", "::::::")
	h.wantBest(Best{Quantity: 2, Category: 2}, OrphansAllow, "..##..", "::::::")
	h.wantBest(Best{Quantity: 3, Category: 2}, OrphansAllow, "..::..", ":###::")
	h.wantBest(Best{Quantity: 3, Category: 1}, OrphansAllow)
	h.wantBest(Best{Quantity: 2, Category: 2, Section: 2}, OrphansAllow, "..::..", "::##::")
	h.wantBest(Best{Quantity: 2, Category: 1, Section: 2}, OrphansAllow)
}

func TestBestGiveAccessibleSeatsToWhoAsks(t *testing.T) {
	h := draw(t, ".ac..bc.")
	h.wantBest(Best{Quantity: 2}, OrphansAllow, ".ac##bc.")
	h.wantBest(Best{Quantity: 3}, OrphansAllow)
	h.wantBest(Best{Quantity: 1, Accessible: 1}, OrphansAllow, ".ac..#c.") // both counts as accessible
	h.wantBest(Best{Quantity: 2, Accessible: 1, Companion: 1}, OrphansAllow, ".##..bc.")
	h.wantBest(Best{Quantity: 2, Accessible: 1}, OrphansAllow, ".ac.##c.")
	h.wantBest(Best{Quantity: 4, Accessible: 1, Companion: 1}, OrphansAllow, ".a####c.")
	h.wantBest(Best{Quantity: 2, Accessible: 2}, OrphansAllow)
}

func TestBestLeaveNobodyAlone(t *testing.T) {
	h := draw(t, "x...x", ".....")
	h.wantBest(Best{Quantity: 2}, OrphansAllow, "x##.x", ".....")
	h.wantBest(Best{Quantity: 2}, OrphansAvoid, "x...x", "##...")
	h.wantBest(Best{Quantity: 2}, OrphansForbid, "x...x", "##...")
	h = draw(t, "x...x", "x...x")
	h.wantBest(Best{Quantity: 2}, OrphansAvoid, "x##.x", "x...x") // it cannot be helped
	h.wantBest(Best{Quantity: 2}, OrphansForbid)
	h = draw(t, "..|..")
	h.wantBest(Best{Quantity: 2, AcrossAisle: true}, OrphansForbid, "##|..") // over the aisle it would leave two
	draw(t, ".xx:.").wantBest(Best{Quantity: 1, Category: 1}, OrphansForbid, "#xx:.")
}

func TestBestApart(t *testing.T) {
	h := draw(t, ".x..x.", "xx.xx.")
	h.wantBest(Best{Quantity: 4}, OrphansAllow)
	h.wantBest(Best{Quantity: 3, Apart: true}, OrphansAllow, ".x##x.", "xx#xx.")
	h.wantBest(Best{Quantity: 4, Apart: true}, OrphansAllow, "#x##x.", "xx#xx.")
	h.wantBest(Best{Quantity: 6, Apart: true}, OrphansAllow, "#x##x#", "xx#xx#")
	h.wantBest(Best{Quantity: 7, Apart: true}, OrphansAllow)
	h = draw(t, "..x..xac")
	h.wantBest(Best{Quantity: 5, Apart: true, Accessible: 1, Companion: 1}, OrphansAllow, ".#x##x##")
	h.wantBest(Best{Quantity: 5, Apart: true, Accessible: 1, Companion: 1}, OrphansForbid)
	h.wantBest(Best{Quantity: 3, Apart: true, Accessible: 2}, OrphansAllow)
}

func TestBestRefusesWhatMakesNoSense(t *testing.T) {
	h := draw(t, "....", "....")
	for _, q := range []Best{
		{}, {Quantity: MaxSeatsPerHold + 1}, {Quantity: 1, Category: 3}, {Quantity: 1, Section: 3}, {Quantity: 1, NearSeat: 9},
		{Quantity: 1, Accessible: 1, Companion: 1}, {Quantity: 1, Accessible: 1<<16 - 1, Companion: 2},
		{Quantity: 1, NearPoint: true, X: -1}, {Quantity: 1, NearPoint: true, Y: MaxCoordinate + 1},
	} {
		h.wantBest(q, OrphansAllow)
	}
}

func TestBestAllocatesItsResultOnly(t *testing.T) {
	h := draw(t, "..........", "..........")
	var s scratch
	for _, q := range []Best{{Quantity: 4}, {Quantity: 12, Apart: true}, {Quantity: 30}} {
		n := testing.AllocsPerRun(20, func() { h.plan.best(&q, h.free, OrphansAvoid, &s) })
		if n > 1 {
			t.Errorf("%+v: %v allocations", q, n)
		}
	}
}

func TestSeatSetNext(t *testing.T) {
	m := newSeatSet(300)
	m.add(3)
	m.add(200)
	for _, c := range [][3]uint32{{0, 300, 3}, {3, 300, 3}, {4, 300, 200}, {4, 200, 200}, {4, 64, 64}, {201, 300, 300}, {5, 5, 5}} {
		if got := m.next(c[0], c[1]); got != c[2] {
			t.Errorf("from %d to %d: %d, want %d", c[0], c[1], got, c[2])
		}
	}
}

func TestCountedSet(t *testing.T) {
	m := newSeatSet(200)
	var all []uint32
	for seat := uint32(0); seat < 200; seat += 1 + seat%7 {
		m.add(seat)
		all = append(all, seat)
	}
	c := counted(m)
	for first := range uint32(200) {
		for last := first; last < 200; last++ {
			from, _ := slices.BinarySearch(all, first)
			to, _ := slices.BinarySearch(all, last+1)
			if got := c.within(first, last); got != to-from {
				t.Fatalf("%d…%d: %d, want %d", first, last, got, to-from)
			}
		}
	}
}
