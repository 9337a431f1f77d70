package heat

import (
	"math"
	"time"
)

// decay is what becomes of counts in a tick.
type decay struct {
	all    float32 // what was there
	window float32 // what has come since, in the middle of it on average
}

func decayOver(elapsed, halfLife time.Duration) decay {
	f := math.Exp2(-max(elapsed, 0).Seconds() / halfLife.Seconds())
	return decay{float32(f), float32(math.Sqrt(f))}
}

// Tick lets time pass: decays all counts, folds in what has come since the last tick, and
// drops what is forgotten. What is quiet costs a glance a page.
func (m *Map) Tick(elapsed time.Duration) {
	d := decayOver(elapsed, m.halfLife)
	m.mu.Lock()
	defer m.mu.Unlock()
	clear(m.sections)
	for i := range m.pages {
		p := m.pages[i].Load()
		if p == nil {
			continue
		}
		p.tick(d)
		if p.warm {
			m.addUp(i, p)
		} else if p.idle() {
			m.dropPage(i)
		}
	}
	m.total = sum{}
	for _, s := range m.sections {
		m.total.won += s.won
		m.total.lost += s.lost
	}
	m.tickClaims(d, elapsed)
}

// addUp adds a page's attempts to its sections.
func (m *Map) addUp(i int, p *page) {
	at, end := i*pageSeats, min((i+1)*pageSeats, m.shape.seats)
	for section := m.shape.section(uint32(at)); at < end; section++ {
		_, to := m.shape.span(section)
		s := &m.sections[section]
		for ; at < min(to, end); at++ {
			s.won += float64(p.won[at%pageSeats])
			s.lost += float64(p.lost[at%pageSeats])
		}
	}
}

func (m *Map) tickClaims(d decay, elapsed time.Duration) {
	won, lost := m.takeClaims()
	m.thinOut(won+lost, elapsed)
	fold := func(have *float64, more float64) { *have = *have*float64(d.all) + more*float64(d.window) }
	fold(&m.claimed.won, won)
	fold(&m.claimed.lost, lost)
	fold(&m.seconds, elapsed.Seconds())
	if m.claimed.attempts() < forgotten {
		m.claimed = sum{}
	}
	m.pulse.Store(newPulse(m.claimed, m.seconds, m.viewers))
}
