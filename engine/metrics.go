package engine

import (
	"errors"
	"sync"

	"github.com/prometheus/client_golang/prometheus"
)

// metrics count what became of claims, by pattern; those of the log are raftfsm's.
type metrics struct {
	claims [len(modes)]claimCounters   // by number of the mode: a look-up in a map is dear to a crowd
	routes map[Mode]prometheus.Counter // what the router chose
	roomMetrics
}

type claimCounters struct{ granted, unavailable, refused, failed prometheus.Counter }

func newMetrics(reg *registered) (*metrics, error) {
	v := prometheus.NewCounterVec(prometheus.CounterOpts{
		Namespace: "usher", Name: "claims_total",
		Help: "Claims of seats by pattern and by what became of them: granted, unavailable (seats were taken or had changed), refused (otherwise), failed (no quorum, overload, unknown).",
	}, []string{"pattern", "result"})
	routed := prometheus.NewCounterVec(prometheus.CounterOpts{
		Namespace: "usher", Name: "routed_total", Help: "Requests of mode auto by the pattern that the router chose.",
	}, []string{"pattern"})
	if err := reg.add(v, routed); err != nil {
		return nil, err
	}
	m := &metrics{routes: make(map[Mode]prometheus.Counter)}
	var err error
	if m.roomMetrics, err = newRoomMetrics(reg); err != nil {
		return nil, err
	}
	for _, mode := range modes {
		by := func(result string) prometheus.Counter { return v.WithLabelValues(string(mode), result) }
		m.routes[mode] = routed.WithLabelValues(string(mode))
		m.claims[mode.number()] = claimCounters{by("granted"), by("unavailable"), by("refused"), by("failed")}
	}
	return m, nil
}

func (m *metrics) routed(mode Mode) { m.routes[mode].Inc() }

func (m *metrics) claim(mode Mode, err error) {
	c := &m.claims[mode.number()]
	switch {
	case err == nil:
		c.granted.Inc()
	case errors.Is(err, ErrSeatsUnavailable), errors.Is(err, ErrVersionConflict):
		c.unavailable.Inc()
	case errors.Is(err, ErrNoQuorum), errors.Is(err, ErrOverloaded), OutcomeOf(err) == OutcomeUnknown:
		c.failed.Inc()
	default:
		c.refused.Inc()
	}
}

// registered remembers what an engine gave its embedder's registerer, to take it back at
// the end: who opens an engine again must be able to hand in the same one.
type registered struct {
	prometheus.Registerer
	mu   sync.Mutex
	list []prometheus.Collector
}

func newRegistered(reg prometheus.Registerer) *registered { return &registered{Registerer: reg} }

// registerer is nil when the embedder has none.
func (r *registered) registerer() prometheus.Registerer {
	if r.Registerer == nil {
		return nil
	}
	return r
}

func (r *registered) Register(c prometheus.Collector) error {
	err := r.Registerer.Register(c)
	if err == nil {
		r.mu.Lock()
		r.list = append(r.list, c)
		r.mu.Unlock()
	}
	return err
}

// add registers, if the embedder has a registerer.
func (r *registered) add(all ...prometheus.Collector) error {
	if r.Registerer == nil {
		return nil
	}
	for _, c := range all {
		if err := r.Register(c); err != nil {
			return err
		}
	}
	return nil
}

func (r *registered) forget() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, c := range r.list {
		r.Unregister(c)
	}
	r.list = nil
}
