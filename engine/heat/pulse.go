package heat

// Pulse is an event's contention in a few numbers, for the router: of claims, not seats.
type Pulse struct {
	Attempts float64 // decayed: won and lost
	Lost     float64
	// Contention is the share of attempts that lost, 0…1, taken for less while there are
	// few of them: lost / (attempts + PriorStrength).
	Contention float64
	Rate       float64 // attempts a second
	Viewers    int
}

func newPulse(claims sum, seconds float64, viewers int) *Pulse {
	return &Pulse{
		Attempts:   claims.attempts(),
		Lost:       claims.lost,
		Contention: claims.lost / (claims.attempts() + PriorStrength),
		Rate:       claims.attempts() / max(seconds, 1), // in its first second an event has no rate yet
		Viewers:    viewers,
	}
}

// Pulse is the event's, as of the last tick.
func (m *Map) Pulse() Pulse { return *m.pulse.Load() }
