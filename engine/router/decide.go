package router

import "fmt"

// Decision is a pattern and why it was picked, in a sentence with the numbers that did.
type Decision struct {
	Pattern Pattern `json:"pattern"`
	Because string  `json:"because"`
}

// Decide senses and chooses: the decision for a request at a time (unix milliseconds), and
// the event's next state.
func Decide(in Inputs, prev State, now int64, t *Table) (Decision, State) {
	s := Sense(&in, prev, now, t)
	return Choose(&in, s, t), s
}

// Choose decides a request from the event's state, in the order of the package.
func Choose(in *Inputs, s State, t *Table) Decision {
	flood := flooded(in, &s, t)
	switch {
	case flood != "" && in.WaitingRoom:
		return Decision{Queue, flood}
	case in.Nights >= t.Nights:
		return nights(in, &s, t)
	}
	d := oneNight(in, &s, t)
	if flood != "" {
		d.Because += "; there is no waiting room for the flood: " + flood
	}
	return d
}

// flooded says what makes a flood for this holder; "" if there is none.
func flooded(in *Inputs, s *State, t *Table) string {
	rate, band := s.Flood, t.Queue.Rate
	if in.priority(t) {
		rate, band = s.PriorityFlood, t.Queue.priorityRate()
	}
	switch {
	case rate.On:
		return tell(perSecond, in.AttemptRate, in, band, t)
	case s.Slow.On:
		return tell(slowness, milliseconds(in.LatencyP99), in, t.Queue.Latency, t)
	case s.Crush.On && s.CrushRate.On && !in.priority(t):
		return tell(lost, in.Contention, in, t.Queue.Crush, t) + ", and " + tell(perSecond, in.AttemptRate, in, t.Queue.CrushRate, t)
	}
	return ""
}

// nights decides a request of several.
func nights(in *Inputs, s *State, t *Table) Decision {
	several := fmt.Sprintf("%d nights at once: ", in.Nights)
	contested, band := s.Stay, t.Lease.Stay
	if in.residency() {
		contested, band = s.Series, t.Lease.Series
	}
	because := several + tell(lost, in.Contention, in, band, t)
	switch {
	case contested.On:
		return Decision{Lease, because}
	case in.residency() && s.Scarce.On:
		return Decision{Lease, several + tell(remaining, in.Left, in, t.Lease.SeriesLeft, t)}
	}
	return Decision{Optimistic, several + tellOff(lost, in.Contention, in, band, t)}
}

// oneNight decides a request of one.
func oneNight(in *Inputs, s *State, t *Table) Decision {
	contested, band, which := s.Contested, t.SkipLocked.Contention, ""
	if in.run(t) {
		contested, band = s.Run, t.SkipLocked.Run
		which = fmt.Sprintf(", for a run of %d shows a week", in.SeriesShows)
	}
	if !contested.On {
		return Decision{Direct, tellOff(lost, in.Contention, in, band, t) + which}
	}
	because := tell(lost, in.Contention, in, band, t) + which
	if not := unfit(in, t); not != "" {
		return Decision{Direct, because + "; but " + not}
	}
	if in.Accept == Suggest {
		because += "; other seats are proposed only"
	}
	return Decision{SkipLocked, because}
}

// unfit says why seats of a contested night cannot be replaced; "" if they can.
func unfit(in *Inputs, t *Table) string {
	switch {
	case !in.NamedSeats:
		return "the request names no seats to replace"
	case !in.accepts():
		return "the request accepts no other seats"
	case in.Party > t.SkipLocked.MaxParty:
		return fmt.Sprintf("a party of %d is above %d", in.Party, t.SkipLocked.MaxParty)
	case in.Free < max(in.Party, 1):
		return fmt.Sprintf("%d seats are free for a party of %d", in.Free, in.Party)
	}
	return ""
}
