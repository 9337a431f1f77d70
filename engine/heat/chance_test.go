package heat

import (
	"testing"

	"pgregory.net/rapid"
)

func taken(seats ...uint32) func(uint32) bool {
	return func(s uint32) bool {
		for _, x := range seats {
			if x == s {
				return false
			}
		}
		return true
	}
}

func TestChanceOfAQuietSeatIsOne(t *testing.T) {
	m := NewMap(stadium(t, 1000), HalfLife)
	if r := m.Report(5, nil); r.Chance != 1 || r.Sections[1].Chance != 1 || len(r.Seats) != 0 {
		t.Errorf("%+v", r)
	}
	if got := m.Seats([]uint32{4, 5}, taken(5)); got[0].Chance != 1 || got[1].Chance != 0 {
		t.Errorf("%+v", got)
	}
}

func TestManyWhoLookAtOneSeat(t *testing.T) {
	h, shape := newHeat(t, Config{}), stadium(t, 90_000)
	focus, err := shape.OnSeats([]uint32{4711})
	if err != nil {
		t.Fatal(err)
	}
	for range 1842 {
		if !h.Viewer(Key{1, 1}, shape).Look(focus) {
			t.Fatal("not counted")
		}
	}
	h.Tick(0)
	r := h.Report(Key{1, 1}, shape, 3, nil)
	if r.Viewers != 1842 || len(r.Seats) != 1 || r.Seats[0].Viewers != 1842 || r.Sections[9].Viewers != 1842 {
		t.Fatalf("%+v", r)
	}
	near(t, "chance of the seat", r.Seats[0].Chance, 0.000543, 1e-9)
	near(t, "chance in the section", r.Sections[9].Chance, 500.0/1842, 1e-6)
	near(t, "chance in the event", r.Chance, 1, 0)
	r = h.Report(Key{1, 1}, shape, 3, taken(4711))
	near(t, "chance once it is taken", r.Seats[0].Chance, 0, 0)
	near(t, "chance in the section then", r.Sections[9].Chance, 499.0/1842, 1e-6)
}

// One who tried and failed says little, a hundred say all; seats nobody tried take after
// their section, and that after the event.
func TestChanceIsDrawnTowardItsSurroundings(t *testing.T) {
	m := NewMap(stadium(t, 1500), HalfLife)
	attempt(m, 1, true, 1)
	attempt(m, 99, false, 1)
	attempt(m, 1, false, 2)
	m.Tick(0)
	event := (1 + 8.0) / (101 + 8)
	section := (1 + 8*event) / (101 + 8)
	r := m.Report(0, nil)
	near(t, "event", r.Chance, event, 1e-6)
	near(t, "section", r.Sections[0].Chance, section, 1e-6)
	near(t, "a section nobody tried", r.Sections[1].Chance, event, 1e-6)
	seats := m.Seats([]uint32{1, 2, 3, 999}, nil)
	near(t, "a seat under siege", seats[0].Chance, (1+8*section)/(100+8), 1e-6)
	near(t, "a seat that one lost", seats[1].Chance, 8*section/9, 1e-6)
	near(t, "a seat nobody tried", seats[2].Chance, section, 1e-6)
	near(t, "a seat elsewhere", seats[3].Chance, event, 1e-6)
}

func TestChanceIsOne(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		prior := rapid.Float64Range(0, 1).Draw(t, "prior")
		s := sum{rapid.Float64Range(0, 1e9).Draw(t, "won"), rapid.Float64Range(0, 1e9).Draw(t, "lost")}
		v := rapid.IntRange(0, 1e6).Draw(t, "viewers")
		p := shrunk(s, prior)
		seat := bounded(p, 1, v)
		if p < 0 || p > 1 || seat > p || seat*float64(v) > 1+1e-9 || bounded(p, 0, v) != 0 {
			t.Fatalf("p %v, of one seat %v", p, seat)
		}
		if more := shrunk(sum{s.won, s.lost + 1}, prior); more > p {
			t.Fatalf("a loss raised the chance from %v to %v", p, more)
		}
	})
}
