package waitroom

import (
	"slices"
	"testing"
)

func TestPrefer(t *testing.T) {
	for _, c := range []struct {
		events, order []int
		set           uint16
	}{
		{nil, nil, 0}, {[]int{0}, []int{0}, 1}, {[]int{3, 0, 2}, []int{3, 0, 2}, 0b1101},
		{[]int{15, 14, 13, 12, 11, 0}, []int{15, 14, 13, 12}, 0xf801},
	} {
		n, ok := Prefer(c.events...)
		if !ok || n.Set() != c.set || !slices.Equal(n.Preferred(), c.order) || !n.sound(1<<16-1) {
			t.Errorf("%v: %08x, %v, %v", c.events, uint32(n), ok, n.Preferred())
		}
	}
	for _, bad := range [][]int{{16}, {-1}, {2, 2}} {
		if n, ok := Prefer(bad...); ok {
			t.Errorf("%v: %08x", bad, uint32(n))
		}
	}
}

func TestNightsThatCannotBe(t *testing.T) {
	for name, n := range map[string]Nights{
		"a night that the room has not": 1<<3 | 3<<16, "an order of what is not wanted": 1 | 1<<16, "twice the same": 0b11 | 1<<16 | 1<<20,
		"an order of none": 1 << 16, "a longer order than the set": 1 | 1<<20,
	} {
		if n.sound(0b111) {
			t.Errorf("%s is sound", name)
		}
	}
}

// Who is passed over, as nothing is left, is the next when something is.
func TestPassedOverKeepsThePlace(t *testing.T) {
	inv := newStock()
	rs := New(inv)
	c := wide()
	c.OpensAt = 10
	for night := range uint32(2) {
		if _, err := rs.Open(1, &OpenRoom{ID: "series/x", Event: night, Config: c}); err != nil {
			t.Fatal(err)
		}
	}
	inv.gone[0] = true
	for i, nights := range [][]int{{0}, {0, 1}, {1}, {0}} {
		n, _ := Prefer(nights...)
		if _, err := rs.Join(1, &Join{0, []Entrant{{ID: ident(uint64(i)), Nights: n}}}); err != nil {
			t.Fatal(err)
		}
	}
	if n, _ := rs.Step(10, 9); n != 2 {
		t.Fatalf("%d are admitted", n)
	}
	r := rs.Room(0)
	if s, pos, _ := r.State(1); s != Waiting || pos != 1 || r.Info(10).Possible != 0 || rs.Due(10) {
		t.Fatalf("state %d at %d, something is due: %v", s, pos, rs.Due(10))
	}
	inv.gone[0] = false
	if !rs.Due(10) {
		t.Fatal("nothing is due, and there are seats again")
	}
	if n, _ := rs.Step(10, 1); n != 1 || r.states[Waiting] != 1 || stateOf(r, 1) != Admitted {
		t.Fatalf("%d are admitted, ticket 1 is in state %d", n, stateOf(r, 1))
	}
}

func stateOf(r *Room, n uint32) TicketState { s, _, _ := r.State(n); return s }
