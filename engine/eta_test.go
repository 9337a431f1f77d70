package engine

import (
	"math"
	"testing"
	"time"

	"github.com/usherhq/usher/waitroom"
)

func TestETA(t *testing.T) {
	line := etaFacts{Position: 600, Waiting: 1000, Possible: 1000, Admitted: 600, Measured: time.Minute, PerMin: 6000, Turnover: 6000}
	with := func(change func(*etaFacts)) etaFacts {
		f := line
		change(&f)
		return f
	}
	for name, c := range map[string]struct {
		f         etaFacts
		low, high int
	}{
		"as measured":                          {line, 54, 71}, // 600 at 10 a second
		"next":                                 {with(func(f *etaFacts) { f.Position = 1 }), 0, 6},
		"half is passed over":                  {with(func(f *etaFacts) { f.Possible = 500 }), 27, 38},
		"measured for a moment":                {with(func(f *etaFacts) { f.Admitted, f.Measured = 100, 10*time.Second }), 45, 105},
		"not measured yet":                     {with(func(f *etaFacts) { f.Admitted, f.Measured = 40, 4*time.Second }), 4, 24},
		"nobody was admitted":                  {with(func(f *etaFacts) { f.Admitted, f.Turnover = 0, 600 }), 45, 105},
		"as many as are free come at the pace": {with(func(f *etaFacts) { f.Admitted, f.Turnover, f.Free, f.Position = 0, 60, 100, 160 }), 45, 107},
		"before it opens":                      {with(func(f *etaFacts) { f.Base = 90 * time.Second }), 144, 161},
	} {
		if got := c.f.eta(); got == nil || *got != (Span{c.low, c.high}) {
			t.Errorf("%s: %v, want %d…%d", name, got, c.low, c.high)
		}
	}
	if got := with(func(f *etaFacts) { f.Possible = 0 }); got.eta() != nil {
		t.Errorf("nothing is left: %v", got.eta())
	}
	if got := with(func(f *etaFacts) { f.Admitted, f.PerMin = 0, 0 }); got.eta() != nil {
		t.Errorf("nobody is admitted: %v", got.eta())
	}
}

// TestETAContention: who gives up ahead shortens the wait, as in a line that is run through
// second by second.
func TestETAContention(t *testing.T) {
	for _, gaveUp := range []int{1, 60, 600, 6000} {
		f := etaFacts{Position: 9000, Waiting: 20_000, Possible: 20_000, Near: 10_000, Admitted: 600, GaveUp: gaveUp, Measured: time.Minute}
		left, seconds, g := 9000.0, 0.0, float64(gaveUp)/60/10_000
		for ; left > 0; seconds += 0.01 {
			left -= (10 + g*left) * 0.01
		}
		want := Span{int(math.Floor(0.9 * seconds)), int(math.Ceil(1.1*seconds + 5))}
		if got := f.eta(); got == nil || max(got.Low-want.Low, want.Low-got.Low, got.High-want.High, want.High-got.High) > 1 {
			t.Errorf("%d give up in a minute: %v, the line takes %v", gaveUp, got, want)
		}
	}
}

func TestETAOfTicket(t *testing.T) {
	s := standing{
		ticket: waitroom.TicketInfo{State: waitroom.Waiting, Position: 601, Possible: true},
		room: waitroom.RoomInfo{
			Waiting: 1000, Possible: 1000, AdmittedMinute: 600, WindowMS: 60_000, Pace: 600, Phase: waitroom.Line,
			Config: waitroom.Config{MaxActive: 1000, Session: 60_000, OpensAt: 90_000},
		},
		now: 60_000,
	}
	if got := etaOf(&s); got == nil || *got != (Span{54, 72}) {
		t.Errorf("in line: %v", got)
	}
	for _, state := range []waitroom.State{waitroom.Paused, waitroom.Closed} {
		stopped := s
		if stopped.room.State = state; etaOf(&stopped) != nil {
			t.Errorf("state %d: %v", state, etaOf(&stopped))
		}
	}
	gone := s
	if gone.ticket.Possible = false; etaOf(&gone) != nil {
		t.Error("nothing is left, and there is an estimate")
	}
	in := s
	if in.ticket.State = waitroom.InShop; etaOf(&in) != nil {
		t.Error("who is in the shop waits")
	}
	lobby := s
	lobby.ticket.State, lobby.ticket.Position = waitroom.InLobby, 0
	lobby.room.Phase, lobby.room.InLobby, lobby.room.AdmittedMinute, lobby.room.WindowMS = waitroom.Before, 601, 0, 0
	if got := etaOf(&lobby); got == nil || *got != (Span{30, 136}) {
		t.Errorf("lobby: %v, want 30 s until it opens and up to 90 s more", got)
	}
}
