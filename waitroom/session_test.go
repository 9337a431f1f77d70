package waitroom

import "testing"

// newRoomOf opens a room that is open at once and admits nearly everybody.
func newRoomOf(t testing.TB, inv Inventory, c Config) (*Rooms, *Room) {
	t.Helper()
	rs := New(inv)
	no, err := rs.Open(1, &OpenRoom{ID: "event/x", Event: 0, Config: c, Seed: [32]byte{5}})
	if err != nil {
		t.Fatal(err)
	}
	return rs, rs.Room(no)
}

func wide() Config {
	return Config{MaxActive: 1000, NewPerMinute: 60_000, FirstUse: 100, Session: 200}
}

// joinMany lets n people join whose numbers begin with from.
func joinMany(t testing.TB, rs *Rooms, now int64, from, n int, lane uint8) []Joined {
	t.Helper()
	c := &Join{}
	for i := range n {
		c.Entrants = append(c.Entrants, Entrant{ID: ident(uint64(from + i)), Lane: lane})
	}
	list, err := rs.Join(now, c)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// A replica that comes from a snapshot has no appointments that nobody keeps any more. They
// must not count against a step's limit, or it would end other sessions than the rest.
func TestStepsEndTheSameSessionsAfterARestore(t *testing.T) {
	inv := newStock()
	rs, _ := newRoomOf(t, inv, wide())
	joinMany(t, rs, 1, 0, 4, 0)
	for n := uint32(1); n <= 3; n++ { // their first uses, due at 101, are no matter any more
		if _, err := rs.Enter(1, Pass{0, n}, 0); err != nil {
			t.Fatal(err)
		}
	}
	other := thaw(t, freeze(t, rs), inv)
	for range 2 {
		rs.Step(500, 1)
		other.Step(500, 1)
		if rs.Digest() != other.Digest() {
			t.Fatal("a replica that was restored ends other sessions")
		}
	}
	if s, _, _ := rs.Room(0).State(4); s != Lapsed {
		t.Fatalf("the first that is due is in state %d", s)
	}
}

// A claim that is answered again names the holds that it was granted at first.
func TestAHoldIsNotedOnce(t *testing.T) {
	inv := newStock()
	rs, r := newRoomOf(t, inv, wide())
	joinMany(t, rs, 1, 0, 2, 0)
	for n := uint32(1); n <= 2; n++ {
		if _, err := rs.Enter(1, Pass{0, n}, 0); err != nil {
			t.Fatal(err)
		}
	}
	inv.held[holdAt{0, 9}] = true
	rs.Took(Pass{0, 1}, 0, 9)
	sum := rs.Digest()
	rs.Took(Pass{0, 1}, 0, 9)
	rs.Took(Pass{0, 2}, 0, 9)
	if err := rs.Check(); err != nil || rs.Digest() != sum {
		t.Fatalf("a hold that is noted again changes the room: %v", err)
	}
	delete(inv.held, holdAt{0, 9})
	rs.Booked(2, 0, 9)
	if s, _, _ := r.State(1); s != Finished {
		t.Fatalf("who booked all is in state %d", s)
	}
	if s, _, _ := r.State(2); s != InShop {
		t.Fatalf("who booked nothing is in state %d", s)
	}
}
