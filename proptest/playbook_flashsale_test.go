package proptest

import (
	"slices"
	"testing"
	"time"

	"github.com/usherhq/usher/engine"
)

// TestPlaybookFlashSale: a stadium goes on sale to a flood, behind a waiting room. Nobody
// passes without admission, the router comes to queue, and every seat is sold exactly
// once.
func TestPlaybookFlashSale(t *testing.T) {
	door := newDoor(40)
	s := openStage(t, engine.Config{Admission: door}, "metalist", stadiumChart(t))
	final := s.show(engine.EventSpec{
		VenueID: "metalist", ChartID: "metalist", EventDate: "2027-05-29", ShowTime: "21:00", Strategy: engine.ModeAuto,
		WaitingRoom: &engine.WaitingRoom{MaxActive: 40, NewPerMinute: 60_000},
	})
	door.event = final
	var house []string
	for i := range s.house.Len() {
		house = append(house, s.house.ID(uint32(i)))
	}
	front := s.block("west-2", 200)

	// Ten o'clock. Two thousand scripts know the address of the API, and not of the queue.
	crashers := s.comes(buyers{name: "crasher", count: 2000, wants: seatsOf(final, front, engine.AcceptExact)})
	crashers.served(0, engine.ErrAdmissionRequired)

	// The queue lets shoppers in, forty at once. All want the front: most lose, and this is
	// what makes a flood of it.
	rush := s.comes(buyers{name: "rush", count: 4000, door: door, wants: seatsOf(final, front, engine.AcceptExact)})
	rush.served(100, engine.ErrSeatsUnavailable).routed(engine.ModeDirect, "of attempts lost", "below 15 %")
	s.wordSpreads(final, 1000)

	// From now on each claim says that the queue decided it. What is left of the house goes
	// in parties of eight at most, two parties after each block of seats.
	rest := parties(without(house, front), 8)
	crowd := s.comes(buyers{name: "fan", count: 2 * len(rest), door: door, wants: func(i int) engine.HoldRequest {
		return engine.HoldRequest{EventID: final, SeatIDs: rest[i%len(rest)], TTL: time.Hour}
	}})
	crowd.served(len(rest), engine.ErrSeatsUnavailable).routed(engine.ModeQueue, "attempts")

	// Every seat is sold, once; and what remains of the crowd's tokens opens nothing.
	if n := s.books.count(final); n != len(house) {
		t.Errorf("%d of %d seats are sold", n, len(house))
	}
	s.closeBooks()
	s.refusesTokens(door, final, front)
	if door.most > door.room {
		t.Errorf("%d shoppers were inside at once, %d are allowed", door.most, door.room)
	}
}

// refusesTokens shows the gate what is no admission.
func (s *stage) refusesTokens(d *door, event string, seats []string) {
	s.t.Helper()
	good, _ := d.enter("ada")
	forged := []byte(good)
	forged[len(forged)-1] ^= 1
	for _, x := range []struct {
		what, holder, token string
		want                error
	}{
		{"none", "ada", "", engine.ErrAdmissionRequired},
		{"somebody else's", "bob", good, engine.ErrAdmissionInvalid},
		{"a forged one", "ada", string(forged), engine.ErrAdmissionInvalid},
		{"another event's", "ada", d.sign("other:2027-05-29", "ada"), engine.ErrAdmissionInvalid},
		{"a good one of the house that is sold out", "ada", good, engine.ErrSeatsUnavailable},
	} {
		s.refused(x.what, x.want, func() error {
			_, err := s.engine.Hold(s.ctx, engine.HoldRequest{EventID: event, SeatIDs: seats[:1], HolderID: x.holder, AdmissionToken: x.token})
			return err
		})
	}
	d.leave("ada")
	s.refused("one whose session is over", engine.ErrAdmissionInvalid, func() error {
		_, err := s.engine.Hold(s.ctx, engine.HoldRequest{EventID: event, SeatIDs: seats[:1], HolderID: "ada", AdmissionToken: good})
		return err
	})
}

// parties cuts a list into groups of n; the last may be smaller.
func parties(seats []string, n int) [][]string { return slices.Collect(slices.Chunk(seats, n)) }

func without(all, some []string) (rest []string) {
	gone := make(map[string]bool, len(some))
	for _, id := range some {
		gone[id] = true
	}
	for _, id := range all {
		if !gone[id] {
			rest = append(rest, id)
		}
	}
	return rest
}
