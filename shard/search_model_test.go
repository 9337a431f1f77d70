package shard

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// slowHouse is the contract of best, fanOut and stranded in its plainest form: seat by
// seat, everything tried. It shares no code with what it is a model of.
type slowHouse struct {
	spec *PlanSpec
	free []bool
}

func slow(s *PlanSpec, free freeMap) *slowHouse {
	h := &slowHouse{s, make([]bool, len(s.Seats))}
	for i := range h.free {
		h.free[i] = free[i/64]>>(i%64)&1 == 1
	}
	return h
}

// beside tells whether seats i and i+1 are neighbours.
func (h *slowHouse) beside(i int, acrossAisle bool) bool {
	if i < 0 || i+1 >= len(h.spec.Seats) {
		return false
	}
	next := &h.spec.Seats[i+1]
	return !next.Row && (acrossAisle || !next.Aisle)
}

func (h *slowHouse) orphan(i int) bool {
	return h.free[i] && !(h.beside(i-1, false) && h.free[i-1]) && !(h.beside(i, false) && h.free[i+1])
}

func (h *slowHouse) without(seats ...int) *slowHouse {
	n := &slowHouse{h.spec, slices.Clone(h.free)}
	for _, i := range seats {
		n.free[i] = false
	}
	return n
}

func (h *slowHouse) newOrphans(seats ...int) (list []int) {
	after := h.without(seats...)
	for i := range h.free {
		if after.orphan(i) && !h.orphan(i) {
			list = append(list, i)
		}
	}
	return list
}

func (h *slowHouse) isGroup(q *Best, seats []int, accessible, companion int) bool {
	for k, i := range seats {
		s := &h.spec.Seats[i]
		if !h.free[i] || q.Category > 0 && s.Category != q.Category-1 || q.Section > 0 && s.Section != q.Section-1 {
			return false
		}
		if k > 0 && !h.beside(i-1, q.AcrossAisle) {
			return false
		}
		if s.Accessible {
			accessible--
		} else if s.Companion {
			companion--
		}
	}
	return accessible == 0 && companion == 0
}

func seatsFrom(first, n int) (seats []int) {
	for i := range n {
		seats = append(seats, first+i)
	}
	return seats
}

func (h *slowHouse) away(q *Best, first, last int) int {
	a, b := h.spec.Seats[first], h.spec.Seats[last]
	x, y := h.spec.FocalX, h.spec.FocalY
	if q.NearSeat > 0 {
		x, y = h.spec.Seats[q.NearSeat-1].X, h.spec.Seats[q.NearSeat-1].Y
	} else if q.NearPoint {
		x, y = q.X, q.Y
	}
	dx, dy := int(a.X+b.X-2*x), int(a.Y+b.Y-2*y)
	return dx*dx + dy*dy
}

// group is the best group of n, or nil.
func (h *slowHouse) group(q *Best, n, accessible, companion int, o Orphans) []int {
	for _, clean := range []bool{true, false} {
		if clean && o == OrphansAllow || !clean && o == OrphansForbid {
			continue
		}
		var best []int
		for i := 0; i+n <= len(h.free); i++ {
			seats := seatsFrom(i, n)
			if h.isGroup(q, seats, accessible, companion) && !(clean && len(h.newOrphans(seats...)) > 0) &&
				(best == nil || h.away(q, i, i+n-1) < h.away(q, best[0], best[n-1])) {
				best = seats
			}
		}
		if best != nil {
			return best
		}
	}
	return nil
}

func (h *slowHouse) best(q *Best, o Orphans) []int {
	all, a, c := int(q.Quantity), int(q.Accessible), int(q.Companion)
	if g := h.group(q, all, a, c, o); g != nil || !q.Apart {
		return g
	}
	var taken []int
	if a+c > 0 {
		if taken = h.group(q, a+c, a, c, o); taken == nil {
			return nil
		}
	}
	for len(taken) < all {
		var piece []int
		for n := all - len(taken); n > 0 && piece == nil; n-- {
			piece = h.without(taken...).group(q, n, 0, 0, o)
		}
		if piece == nil {
			return nil
		}
		taken = append(taken, piece...)
	}
	slices.Sort(taken)
	return taken
}

func (h *slowHouse) stranded(taken []int, o Orphans) (list []int) {
	if o == OrphansAllow {
		return nil
	}
	if o == OrphansForbid {
		return h.newOrphans(taken...)
	}
	for from := 0; from < len(h.free); from++ {
		if !h.free[from] {
			continue
		}
		to := from + 1
		for h.beside(to-1, false) && h.free[to] {
			to++
		}
		k := 0
		var orphans []int
		for _, i := range h.newOrphans(taken...) {
			if i >= from && i < to {
				orphans = append(orphans, i)
			}
		}
		for _, i := range taken {
			if i >= from && i < to {
				k++
			}
		}
		unavoidable := 0
		if to-from-k == 1 {
			unavoidable = 1
		}
		if len(orphans) > unavoidable {
			list = append(list, orphans...)
		}
		from = to - 1
	}
	return list
}

func (h *slowHouse) fanOut(wanted []int, o Orphans) []int {
	var party []int
	for _, i := range wanted {
		if h.free[i] {
			party = append(party, i)
		}
	}
	if len(party) == len(wanted) {
		return wanted
	}
	if len(party) > 0 {
		for _, i := range wanted {
			if !h.free[i] {
				if j := h.substitute(i, party); j >= 0 {
					party = append(party, j)
				}
			}
		}
		slices.Sort(party)
		if len(party) == len(wanted) && len(h.stranded(party, o)) == 0 {
			return party
		}
	}
	q := &Best{Quantity: uint16(len(wanted)), Category: h.spec.Seats[wanted[0]].Category + 1, NearPoint: true}
	x, y := 0, 0
	for _, i := range wanted {
		s := h.spec.Seats[i]
		if s.Category+1 != q.Category || s.Accessible || s.Companion {
			return nil
		}
		x, y = x+int(s.X), y+int(s.Y)
	}
	q.X, q.Y = int32(x/len(wanted)), int32(y/len(wanted))
	return h.group(q, len(wanted), 0, 0, o)
}

func (h *slowHouse) substitute(gone int, party []int) int {
	best, least := -1, 0
	g := h.spec.Seats[gone]
	for j, s := range h.spec.Seats {
		touches := slices.Contains(party, j-1) && h.beside(j-1, false) || slices.Contains(party, j+1) && h.beside(j, false)
		if !h.free[j] || slices.Contains(party, j) || !touches || s.Category != g.Category || s.Accessible != g.Accessible || s.Companion != g.Companion {
			continue
		}
		dx, dy := int(s.X-g.X), int(s.Y-g.Y)
		if away := dx*dx + dy*dy; best < 0 || away < least {
			best, least = j, away
		}
	}
	return best
}

func randomBest(r *rand.Rand, s *PlanSpec) *Best {
	q := &Best{Quantity: uint16(1 + r.IntN(6)), Apart: r.IntN(2) == 0, AcrossAisle: r.IntN(2) == 0}
	if r.IntN(50) == 0 {
		q.Quantity = uint16(1 + r.IntN(100))
	}
	if r.IntN(2) == 0 {
		q.Category = uint16(r.IntN(int(s.Categories) + 1))
	}
	if r.IntN(3) == 0 {
		q.Section = uint16(r.IntN(int(s.Sections) + 1))
	}
	switch r.IntN(3) {
	case 0:
		q.NearSeat = 1 + uint32(r.IntN(len(s.Seats)))
	case 1:
		q.NearPoint, q.X, q.Y = true, r.Int32N(30), r.Int32N(8)
	}
	if r.IntN(3) == 0 {
		q.Accessible = uint16(r.IntN(min(3, int(q.Quantity)+1)))
		q.Companion = uint16(r.IntN(min(3, int(q.Quantity-q.Accessible)+1)))
	}
	return q
}

func same(a []uint32, b []int) bool {
	return slices.EqualFunc(a, b, func(x uint32, y int) bool { return int(x) == y })
}

// eachHouse gives do many small houses.
func eachHouse(t *testing.T, do func(r *rand.Rand, s *PlanSpec, p *Plan, free freeMap)) {
	rounds := uint64(6_000)
	if testing.Short() {
		rounds = 300
	}
	for seed := range rounds {
		r := rand.New(rand.NewPCG(seed, 1))
		s := randomHouse(r)
		p := planFrom(t, s)
		do(r, s, p, randomFree(r, p.Seats()))
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
}

func TestBestIsAsItsModel(t *testing.T) {
	var sc scratch
	found, apart := 0, 0
	eachHouse(t, func(r *rand.Rand, s *PlanSpec, p *Plan, free freeMap) {
		for range 8 {
			q, o := randomBest(r, s), Orphans(r.IntN(3))
			before := slices.Clone(free)
			got, ok := p.best(q, free, o, &sc)
			want := slow(s, free).best(q, o)
			if ok != (want != nil) || !same(got, want) {
				t.Fatalf("%+v, policy %d: got %v, want %v", q, o, got, want)
			}
			if !slices.Equal(before, free) {
				t.Fatal("the map was changed")
			}
			if ok {
				found++
				if int(got[len(got)-1]-got[0])+1 != len(got) {
					apart++
				}
			}
		}
	})
	t.Logf("%d found, %d of them apart", found, apart)
	if found < 1000 || apart < 100 {
		t.Error("hardly anything was found: this test looks at nothing")
	}
}

// Parties in many pieces of one size, far from each other: each piece is looked for only
// where the one before it changed something.
func TestBestOfLargeHousesIsAsItsModel(t *testing.T) {
	var sc scratch
	for seed := range uint64(500) {
		r := rand.New(rand.NewPCG(seed, 2))
		s := largeHouse(r)
		p := planFrom(t, s)
		free := randomFree(r, p.Seats())
		q, o := randomBest(r, s), Orphans(r.IntN(3))
		if r.IntN(3) > 0 {
			q.Category, q.Section, q.Apart = 0, 0, true
			q.Quantity = max(q.Quantity, uint16(1+r.IntN(24)))
		}
		got, ok := p.best(q, free, o, &sc)
		want := slow(s, free).best(q, o)
		if ok != (want != nil) || !same(got, want) {
			t.Fatalf("seed %d: %+v, policy %d: got %v, want %v", seed, q, o, got, want)
		}
	}
}

// someSeats is up to n seats, ascending, often next to each other.
func someSeats(r *rand.Rand, seats uint32, n int) (list []uint32) {
	for seat := r.Uint32N(seats); seat < seats && len(list) < n; seat += 1 + r.Uint32N(6)/4 {
		list = append(list, seat)
	}
	return list
}

func ints(seats []uint32) (list []int) {
	for _, s := range seats {
		list = append(list, int(s))
	}
	return list
}

func TestFanOutIsAsItsModel(t *testing.T) {
	var sc scratch
	found, patched := 0, 0
	eachHouse(t, func(r *rand.Rand, s *PlanSpec, p *Plan, free freeMap) {
		for range 8 {
			wanted, o := someSeats(r, p.Seats(), 1+r.IntN(6)), Orphans(r.IntN(3))
			got, ok := p.fanOut(wanted, free, o, &sc)
			want := slow(s, free).fanOut(ints(wanted), o)
			if ok != (want != nil) || !same(got, want) {
				t.Fatalf("%v, policy %d: got %v, want %v", wanted, o, got, want)
			}
			if ok && !slices.Equal(got, wanted) {
				found++
				if slices.ContainsFunc(got, func(seat uint32) bool { return slices.Contains(wanted, seat) }) {
					patched++
				}
			}
		}
	})
	t.Logf("%d found, %d of them patched", found, patched)
	if found < 300 || patched < 100 {
		t.Error("hardly anything was found: this test looks at nothing")
	}
}

func TestStrandedIsAsItsModel(t *testing.T) {
	var buf []uint32
	some := 0
	eachHouse(t, func(r *rand.Rand, s *PlanSpec, p *Plan, free freeMap) {
		for range 8 {
			taken := someSeats(r, p.Seats(), 1+r.IntN(8))
			taken = slices.DeleteFunc(taken, func(seat uint32) bool { return !free.has(seat) })
			for o := OrphansAllow; o <= OrphansForbid; o++ {
				buf = p.stranded(free, taken, o, buf)
				want := slow(s, free).stranded(ints(taken), o)
				if !same(buf, want) {
					t.Fatalf("%v, policy %d: got %v, want %v", taken, o, buf, want)
				}
				some += len(buf)
			}
		}
	})
	if some < 300 {
		t.Error("hardly anything was stranded: this test looks at nothing")
	}
}
