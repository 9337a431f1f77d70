package engine

import (
	"math"
	"time"

	"github.com/usherhq/usher/waitroom"
)

const (
	// etaMeasures is how long a room must have been admitting before its own rate counts, and
	// etaSettled until that is trusted as well as it will ever be.
	etaMeasures = 5 * time.Second
	etaSettled  = 60 * time.Second
)

// etaFacts is what a wait is estimated from.
type etaFacts struct {
	Position int           // the how-manieth of the next admissions it is, from 1
	Waiting  int           // in the whole line
	Possible int           // of Waiting: those for whom something is left; the others are passed over
	Base     time.Duration // until admission begins
	Admitted int           // in the last minute
	Near     int           // of Waiting: those near the front
	GaveUp   int           // of those near the front, in the last minute
	Measured time.Duration // how much of the last minute Admitted was counted in
	PerMin   float64       // admissions a minute that are tried for
	Free     int           // who may come in before anybody has to go
	Turnover float64       // sessions a minute that end when all that there may be are full
}

// served is how long n admissions take, in seconds. What
// was not measured goes by what is set: as many as are free at the pace, the others as sessions end.
func (f *etaFacts) served(n float64) float64 {
	rate, measured := f.rate()
	if measured {
		return n / rate
	}
	first := min(n, float64(f.Free))
	return first/(f.PerMin/60) + (n-first)/rate
}

// rate is admissions a second, and whether it was measured.
func (f *etaFacts) rate() (perSecond float64, measured bool) {
	if f.Measured >= etaMeasures && f.Admitted > 0 {
		return float64(f.Admitted) / f.Measured.Seconds(), true
	}
	return min(f.PerMin, f.Turnover) / 60, false
}

// eta is how long who is at Position will wait: until admission begins, and then for the line
// that moves at the rate and shrinks by those who give up. With n to go, rate r and
// a share g of the line's front that gives up a second, n' = −r − g·n, so that it is over after
// ln(1+x)/g with x = g·n/r; n/r times ln(1+x)/x in other words. nil when nothing moves.
func (f *etaFacts) eta() *Span {
	rate, measured := f.rate()
	if rate <= 0 || f.Possible == 0 && f.Waiting > 0 {
		return nil
	}
	ahead := float64(f.Position)
	if f.Waiting > 0 {
		ahead *= float64(f.Possible) / float64(f.Waiting)
	}
	t := f.served(ahead)
	if f.GaveUp > 0 && f.Near > 0 {
		if x := float64(f.GaveUp) / 60 / float64(f.Near) * t; x > 0 {
			t *= math.Log1p(x) / x
		}
	}
	low, high := 0.9*t, 1.1*t+5
	if !measured || f.Measured < etaSettled {
		low, high = 0.75*t, 1.5*t+15
	}
	base := f.Base.Seconds() // is known exactly
	return &Span{Low: seconds(math.Floor(base + low)), High: seconds(math.Ceil(base + high))}
}

// seconds bounds what is told: a line that hardly moves has no end to speak of.
func seconds(s float64) int { return int(min(s, 1e9)) }

// etaOf estimates a ticket's wait; nil for who does not wait, and while nobody is admitted. In
// the lobby it is that of all places that the draw may give.
func etaOf(s *standing) *Span {
	t, info := &s.ticket, &s.room
	if info.State == waitroom.Paused || info.State == waitroom.Closed || !t.Possible {
		return nil
	}
	f := etaFacts{
		Waiting: int(info.Waiting), Possible: int(info.Possible), Admitted: int(info.AdmittedMinute), Near: int(info.Near), GaveUp: int(info.GaveUpNear),
		Measured: time.Duration(info.WindowMS) * time.Millisecond, PerMin: float64(info.Pace), Turnover: turnover(&info.Config),
		Free: max(int(info.Config.MaxActive)-int(info.Admitted)-int(info.InShop), 0),
	}
	if info.Phase == waitroom.Before {
		f.Base = max(0, time.Duration(info.Config.OpensAt-s.now)*time.Millisecond)
	}
	switch t.State {
	case waitroom.Waiting:
		f.Position = int(t.Position)
		return f.eta()
	case waitroom.InLobby:
		f.Waiting, f.Possible, f.GaveUp = 0, 0, 0
		f.Position = 1
		first := f.eta()
		f.Position = int(info.InLobby)
		if last := f.eta(); first != nil {
			return &Span{first.Low, last.High}
		}
	}
	return nil
}

// turnover is how many sessions a minute end in a room that is full.
func turnover(c *waitroom.Config) float64 {
	return float64(c.MaxActive) * 60_000 / float64(max(c.Session, 1))
}

// perMinute is what people are told of a room's pace: as measured, else as set.
func perMinute(info *waitroom.RoomInfo) int {
	f := etaFacts{
		Admitted: int(info.AdmittedMinute), Measured: time.Duration(info.WindowMS) * time.Millisecond,
		PerMin: float64(info.Pace), Turnover: turnover(&info.Config),
	}
	rate, _ := f.rate()
	return int(math.Ceil(rate * 60)) // a line that moves does not stand
}
