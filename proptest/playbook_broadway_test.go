package proptest

import (
	"fmt"
	"testing"
	"time"

	"github.com/usherhq/usher/engine"
)

// TestPlaybookBroadway: eight shows a week, and buyers who would rather sit elsewhere than
// not at all. The router comes to skip_locked, and says why.
func TestPlaybookBroadway(t *testing.T) {
	s := openStage(t, engine.Config{}, "metalist", stadiumChart(t))
	week := broadwayRun(s, 3)[8:16] // the middle one: people plan weeks ahead and behind
	friday, matinee := week[4], week[5]
	front := s.block("west-2", 200)

	// Tuesday noon, nobody about. Two seats, and they are theirs.
	early := s.comes(buyers{name: "early", count: 1, wants: seatsOf(friday, front, engine.AcceptSubstitute)})
	early.all(nil).routed(engine.ModeDirect, "0 % of attempts lost", "for a run of 8 shows a week")

	// A review appears: 600 pairs of people want the same 100 pairs of seats on Friday.
	// Until this is felt each asks for exactly these seats, and gets them or not.
	rush := s.comes(buyers{name: "rush", count: 600, wants: seatsOf(friday, front, engine.AcceptSubstitute)})
	rush.served(99, engine.ErrSeatsUnavailable) // the early ones have the hundredth
	s.wordSpreads(friday, 200)

	// They come back, all 501. Now what is gone is replaced in the same entry, in the same
	// price category: nobody goes home.
	back := s.comes(buyers{name: "back", count: len(rush.home), wants: seatsOf(friday, front, engine.AcceptSubstitute)})
	back.all(nil).routed(engine.ModeSkipLocked, "of attempts lost", "at least 5 %", "for a run of 8 shows a week")
	if n := back.substituted(); n != len(rush.home) {
		t.Errorf("%d of %d sit elsewhere, though all the front was gone", n, len(rush.home))
	}

	// It is never done to somebody who did not say that it may.
	fussy := s.comes(buyers{name: "fussy", count: 20, wants: seatsOf(friday, front, engine.AcceptExact)})
	fussy.served(0, engine.ErrSeatsUnavailable).routed(engine.ModeDirect, "but the request accepts no other seats")

	// Saturday's matinee is another show: the same seats are free, and nobody fights.
	s.comes(buyers{name: "matinee", count: 100, wants: seatsOf(matinee, front, engine.AcceptSubstitute)}).
		all(nil).routed(engine.ModeDirect, "0 % of attempts lost")
	s.closeBooks()
}

// seatsOf has buyer i ask for the i-th pair.
func seatsOf(event string, seats []string, accept engine.Accept) func(int) engine.HoldRequest {
	return func(i int) engine.HoldRequest {
		return engine.HoldRequest{EventID: event, SeatIDs: pair(seats, i), Accept: accept, TTL: time.Hour}
	}
}

// broadwayRun is Tuesday to Sunday, with matinees on three of the days.
func broadwayRun(s *stage, weeks int) (shows []string) {
	tuesday := time.Date(2027, 5, 4, 0, 0, 0, 0, time.UTC)
	for week := range weeks {
		for _, at := range []struct {
			day  int
			time string
		}{{0, "19:00"}, {1, "14:00"}, {1, "19:30"}, {2, "19:00"}, {3, "19:00"}, {4, "14:00"}, {4, "19:30"}, {5, "15:00"}} {
			shows = append(shows, s.show(engine.EventSpec{
				VenueID: "majestic", ChartID: "metalist", Series: "phantom", ShowTime: at.time,
				EventDate: tuesday.AddDate(0, 0, 7*week+at.day).Format(time.DateOnly), Strategy: engine.ModeAuto,
				Name: fmt.Sprintf("The Phantom, week %d", week+1),
			}))
		}
	}
	return shows
}
