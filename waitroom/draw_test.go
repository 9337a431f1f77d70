package waitroom

import (
	"fmt"
	"slices"
	"testing"
)

// goldenDraw is what the documented draw makes of ids of 0…9 under seed 5, 0, 0, …: who made
// an own verifier from our docs relies on it for ever.
var goldenDraw = []uint32{3, 6, 4, 1, 5, 8, 10, 7, 2, 9}

func listOf(n int) []Listed {
	list := make([]Listed, n)
	for i := range list {
		list[i].ID = [16]byte{15: byte(i)}
	}
	return list
}

func TestDrawNeverDrifts(t *testing.T) {
	list := listOf(10)
	digest := Redraw([32]byte{5}, list)
	var places []uint32
	for _, e := range list {
		places = append(places, e.Place)
	}
	if !slices.Equal(places, goldenDraw) {
		t.Fatalf("places %#v, digest %x", places, digest)
	}
	if got := fmt.Sprintf("%x", digest); got != goldenDigest {
		t.Fatalf("digest %s", got)
	}
}

const goldenDigest = "c65c827fce26d8902c3b329cd455d40020cace13ecaaf826c8516aeccbfe94ae"

// Each of four has each place about as often: 6,000 draws, of which a quarter is 1,500.
func TestDrawIsEven(t *testing.T) {
	var at [4][4]int
	for n := range 6000 {
		list := listOf(4)
		Redraw([32]byte{byte(n), byte(n >> 8)}, list)
		for i, e := range list {
			at[i][e.Place-1]++
		}
	}
	for i := range at {
		for place, n := range at[i] {
			if n < 1330 || n > 1670 { // five standard deviations
				t.Errorf("%d has place %d in %d draws of 6,000", i, place+1, n)
			}
		}
	}
}

// A tier of whom nobody is drawn yet is not passed over for those who are.
func TestNobodyGoesBeforeWhoIsStillToBeDrawn(t *testing.T) {
	c := wide()
	c.Lobby, c.OpensAt, c.Tiers = true, 10, []Tier{{"vip", 1, 1000}}
	rs, r := newRoomOf(t, newStock(), c)
	joinMany(t, rs, 1, 0, 5, 0)
	joinMany(t, rs, 1, 5, 1, 1)
	r.begin(10)
	r.scan(100)
	for r.lanes[0].filled == 0 { // until somebody of the general lane has a place
		r.fill(1)
	}
	if r.lanes[1].filled > 0 {
		t.Fatal("the tier was drawn first: choose another seed")
	}
	r.served(0) // now the tier is due, and the general lane after it
	if n := r.admit(10, 10); n != 0 {
		t.Fatalf("%d are admitted before the tier that is due", n)
	}
	for r.phase == Drawing {
		r.fill(1)
	}
	if n := r.admit(10, 1); n != 1 || r.states[Waiting] != 5 || r.lanes[1].here() != 0 {
		t.Fatalf("%d are admitted, %d of the tier wait", n, r.lanes[1].here())
	}
}

// Whoever leaves while the draw goes on has a place, which nobody gets.
func TestGhostsKeepTheirPlaces(t *testing.T) {
	c := wide()
	c.Lobby, c.OpensAt, c.MaxActive = true, 10, 1
	inv := newStock()
	rs, r := newRoomOf(t, inv, c)
	joinMany(t, rs, 1, 0, 20, 0)
	r.begin(10)
	r.scan(7)
	for _, n := range []uint32{3, 9, 20} {
		if err := rs.Leave(10, &Leave{0, n}); err != nil {
			t.Fatal(err)
		}
	}
	joinMany(t, rs, 10, 100, 1, 0)
	if p := r.position(0, 20); p != 18 {
		t.Fatalf("who came after 17 is at %d", p)
	}
	for r.phase == Drawing {
		if r.listed < r.entrants {
			r.scan(1)
		} else {
			r.fill(1)
		}
		if err := rs.Check(); err != nil {
			t.Fatal(err)
		}
		if rs = thaw(t, freeze(t, rs), inv); rs.Room(0).Version() != r.Version() {
			t.Fatal("another version")
		}
		r = rs.Room(0)
	}
	var list []Listed
	for from := uint32(1); from != 0; {
		from = r.Entrants(from, 3, func(e Listed) { list = append(list, e) })
	}
	again := slices.Clone(list)
	if digest := Redraw([32]byte{5}, again); digest != r.Draw().Digest || len(list) != 20 || !slices.Equal(again, list) {
		t.Fatalf("%d entrants are drawn otherwise", len(list))
	}
}
