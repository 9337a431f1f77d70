package router

import (
	"slices"
	"time"
)

// Inputs is what a decision is made of.
type Inputs struct {
	// Of the event: the signals. They alone move its State.

	Contention  float64       // share of recent attempts that lost, 0…1
	Window      time.Duration // what recent is, for the explanation; 0: not told
	AttemptRate float64       // attempts a second
	Left        float64       // share of the seats that is available, 0…1
	LatencyP99  time.Duration // of booking, on this node: what claims of mode auto take

	// Of the event: what it is.

	Free        int  // seats that are available
	ShowTime    bool // its identity has one; a hotel's night has not
	Series      bool // it is part of one
	SeriesShows int  // shows of the series in the week around, itself included
	WaitingRoom bool // it has one

	// Of the request.

	Tier       string // of the holder; "" for none
	Nights     int    // events that it is about, at once
	Party      int    // seats in each of them
	NamedSeats bool   // it names its seats; else the best available are looked for
	Accept     string // Exact, Suggest, Substitute
}

func (in *Inputs) priority(t *Table) bool { return slices.Contains(t.Queue.PriorityTiers, in.Tier) }

// accepts tells that other seats are welcome, or at least proposals.
func (in *Inputs) accepts() bool { return in.Accept == Substitute || in.Accept == Suggest }

// run tells a show that runs for long.
func (in *Inputs) run(t *Table) bool { return in.Series && in.SeriesShows >= t.SkipLocked.RunShows }

// residency tells a show of a series, unlike nights of a stay.
func (in *Inputs) residency() bool { return in.Series && in.ShowTime }
