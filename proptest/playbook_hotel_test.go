package proptest

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/usherhq/usher/engine"
	"github.com/usherhq/usher/engine/chart"
)

// TestPlaybookHotel: a month of nights, each an event without a show time, spread over
// groups. Guests read the rooms, ask for one at the versions they read, and are told when
// somebody was quicker. Nobody ever has half a stay.
func TestPlaybookHotel(t *testing.T) {
	s := openStage(t, engine.Config{Groups: 4}, "grand", hotelChart())
	june := hotelNights(s, 30)

	// Six guests look at room 801 from the 5th, for stays of two to seven nights, all on the
	// same page. The first to ask has it. The others are told which nights have changed, and
	// of the nights that had not they have nothing.
	page := s.reads(june)
	six := s.comes(buyers{name: "six", count: 6, wants: func(i int) engine.HoldRequest { return stay(page, "801", 4, 2+i) }})
	six.served(1, engine.ErrVersionConflict).routed(engine.ModeOptimistic, "nights at once: ", "of attempts lost")
	for _, err := range six.refusals {
		var conflict *engine.VersionConflictError
		if !errors.As(err, &conflict) || len(conflict.Seats) != 1 || conflict.Seats[0].SeatID != "801" || conflict.Seats[0].Version == 0 {
			t.Errorf("a conflict that does not say what has changed: %+v", err)
		}
	}
	s.closeBooks()

	// What was refused is felt: the floor of room 801 is where one loses.
	s.wordSpreads(june[4], 3)
	if top, garden := s.chance(june[4], "floor-8"), s.chance(june[4], "floor-1"); top >= garden {
		t.Errorf("chance on floor 8 %.2f, on floor 1 %.2f", top, garden)
	}

	// The season opens. Guests want the sea; who is refused reads again and takes what is
	// left. With heat, and with most claims winning, it stays optimistic.
	guests := newGuests(s, june, 240)
	season := s.comes(buyers{name: "guest", count: guests.count, wants: guests.first, again: guests.again})
	season.routed(engine.ModeOptimistic, "nights at once: ", "below 50 %")
	if len(season.holds) < guests.count*2/3 {
		t.Errorf("%d of %d guests have a room", len(season.holds), guests.count)
	}
	s.closeBooks()

	// Half of them pay. A night is booked if and only if its whole stay is.
	for _, h := range season.holds[:len(season.holds)/2] {
		b, err := s.engine.Book(s.ctx, engine.BookRequest{HoldID: h.HoldID, FencingTokens: tokens(h), PaymentMethod: "sandbox"})
		s.must("a stay is paid", err)
		if len(b.Items) != len(h.Items) {
			t.Errorf("a booking of %d nights for a stay of %d", len(b.Items), len(h.Items))
		}
	}
	s.closeBooks()
}

// hotelChart has 15 rooms on each of 8 floors: garden, city, and on top the sea.
func hotelChart() *chart.Chart {
	c := &chart.Chart{Name: "Grand Hotel", Categories: []chart.Category{{Name: "garden"}, {Name: "city"}, {Name: "sea"}}}
	for floor := 1; floor <= 8; floor++ {
		row := chart.Row{Name: "corridor"}
		for room := 1; room <= 15; room++ {
			id := fmt.Sprintf("%d%02d", floor, room)
			row.Seats = append(row.Seats, chart.Seat{SeatID: id, Number: id, Category: c.Categories[min(floor/3, 2)].Name})
		}
		c.Sections = append(c.Sections, chart.Section{Name: fmt.Sprintf("floor-%d", floor), Rows: []chart.Row{row}})
	}
	return c
}

func hotelNights(s *stage, n int) (nights []string) {
	for day := 1; day <= n; day++ {
		nights = append(nights, s.show(engine.EventSpec{
			VenueID: "grand-hotel", ChartID: "grand", EventDate: fmt.Sprintf("2027-06-%02d", day), Strategy: engine.ModeAuto,
		}))
	}
	return nights
}

// reads is the rooms of all nights, as a guest's page has them.
func (s *stage) reads(nights []string) []*engine.SeatMap {
	maps := make([]*engine.SeatMap, len(nights))
	for i, id := range nights {
		m, err := s.engine.SeatMap(s.ctx, id, 0)
		if err != nil {
			s.t.Error(err)
		}
		maps[i] = m
	}
	return maps
}

// stay asks for a room as it was read, from a night on.
func stay(page []*engine.SeatMap, room string, from, nights int) engine.HoldRequest {
	r := engine.HoldRequest{TTL: time.Hour}
	for _, m := range page[from : from+nights] {
		r.Items = append(r.Items, engine.ItemRequest{EventID: m.EventID, SeatIDs: []string{room}, IfVersion: &m.Version})
	}
	return r
}

func (s *stage) chance(event, section string) float64 {
	r, err := s.engine.Heat(s.ctx, event, 0)
	s.must("heat", err)
	for _, x := range r.Sections {
		if x.Section == section {
			return x.Chance
		}
	}
	s.t.Fatalf("no section %s", section)
	return 0
}

// guests are a season's: each has dates in mind, and rather the sea than not.
type guests struct {
	s      *stage
	nights []string
	count  int
	dice   []*rand.Rand // one a guest
}

func newGuests(s *stage, nights []string, n int) *guests {
	g := &guests{s: s, nights: nights, count: n}
	for i := range n {
		g.dice = append(g.dice, rand.New(rand.NewPCG(uint64(i), 6)))
	}
	return g
}

func (g *guests) first(i int) engine.HoldRequest {
	r, _ := g.look(i)
	return r
}

// again reads anew, up to ten times.
func (g *guests) again(i, try int, _ error) (engine.HoldRequest, bool) {
	if try == 10 {
		return engine.HoldRequest{}, false
	}
	return g.look(i)
}

// look reads the rooms and picks one that is free on all nights of a stay of two to nine;
// with no such room, the guest thinks of other dates.
func (g *guests) look(i int) (engine.HoldRequest, bool) {
	dice := g.dice[i]
	page := g.s.reads(g.nights)
	for range 50 {
		nights := 2 + dice.IntN(8)
		from := dice.IntN(len(g.nights) - nights + 1)
		if rooms := g.free(page[from : from+nights]); len(rooms) > 0 {
			return stay(page, rooms[dice.IntN(len(rooms))], from, nights), true
		}
	}
	return stay(page, "101", 0, 2), false
}

// free are the rooms that can be had on all of the nights, with the sea if enough can.
func (g *guests) free(page []*engine.SeatMap) (rooms []string) {
	var sea []string
	for i := range g.s.house.Len() {
		vacant := true
		for _, m := range page {
			vacant = vacant && m.Status(i) == engine.SeatAvailable
		}
		switch {
		case vacant && g.s.house.Category(uint32(i)) == "sea":
			sea = append(sea, g.s.house.ID(uint32(i)))
		case vacant:
			rooms = append(rooms, g.s.house.ID(uint32(i)))
		}
	}
	if len(sea) >= 10 {
		return sea
	}
	return append(rooms, sea...)
}
