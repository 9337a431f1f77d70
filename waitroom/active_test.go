package waitroom

import "testing"

// TestActive: each admission is told of once, with its end, whether or not it has begun.
func TestActive(t *testing.T) {
	rs := New(newStock())
	c := testConfig()
	c.MaxActive, c.NewPerMinute, c.FirstUse, c.Session, c.OpensAt = 300, 6_000_000, 1000, 5000, 0
	no, err := rs.Open(1, &OpenRoom{ID: "event/a", Event: 1, Config: c})
	if err != nil {
		t.Fatal(err)
	}
	const people = 400
	join := &Join{Room: no}
	for n := range uint64(people) {
		join.Entrants = append(join.Entrants, Entrant{ID: ident(n)})
	}
	if _, err := rs.Join(10, join); err != nil {
		t.Fatal(err)
	}
	for rs.Due(10) {
		rs.Step(10, people)
	}
	r := rs.Room(no)
	seen := func() (ends map[uint32]int64, begun int) {
		ends = map[uint32]int64{}
		r.Active(func(ticket uint32, deadline int64, started bool) {
			if _, twice := ends[ticket]; twice {
				t.Errorf("ticket %d twice", ticket)
			}
			ends[ticket] = deadline
			if info, _ := r.Ticket(ticket); info.Deadline != deadline || (info.State == InShop) != started {
				t.Errorf("ticket %d ends at %d, started %v: %+v", ticket, deadline, started, info)
			}
			if started {
				begun++
			}
		})
		return ends, begun
	}
	ends, begun := seen()
	if len(ends) != 300 || begun != 0 {
		t.Fatalf("%d admissions, %d begun", len(ends), begun)
	}
	for ticket, end := range ends {
		if end != 1010 {
			t.Fatalf("ticket %d has until %d", ticket, end)
		}
		if ticket%3 == 0 {
			if _, err := rs.Enter(20, Pass{no, ticket}, 1); err != nil {
				t.Fatal(err)
			}
		}
		if ticket%3 == 1 {
			if err := rs.Leave(20, &Leave{no, ticket}); err != nil {
				t.Fatal(err)
			}
		}
	}
	if ends, begun = seen(); begun != 100 || uint32(len(ends)) != r.inside() {
		t.Errorf("%d admissions, %d begun, %d inside", len(ends), begun, r.inside())
	}
}
