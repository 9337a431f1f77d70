package engine

import (
	"errors"
	"sync"

	"github.com/prometheus/client_golang/prometheus"
)

// metrics count what became of claims; those of the log are raftfsm's.
type metrics struct {
	granted, unavailable, refused, failed prometheus.Counter
}

func newMetrics(reg prometheus.Registerer) (*metrics, error) {
	v := prometheus.NewCounterVec(prometheus.CounterOpts{
		Namespace: "usher", Name: "claims_total",
		Help: "Claims of seats by what became of them: granted, unavailable (seats were taken), refused (otherwise), failed (no quorum, overload, unknown).",
	}, []string{"result"})
	if reg != nil {
		if err := reg.Register(v); err != nil {
			return nil, err
		}
	}
	return &metrics{
		granted: v.WithLabelValues("granted"), unavailable: v.WithLabelValues("unavailable"),
		refused: v.WithLabelValues("refused"), failed: v.WithLabelValues("failed"),
	}, nil
}

func (m *metrics) claim(err error) {
	switch {
	case err == nil:
		m.granted.Inc()
	case errors.Is(err, ErrSeatsUnavailable):
		m.unavailable.Inc()
	case errors.Is(err, ErrNoQuorum), errors.Is(err, ErrOverloaded), OutcomeOf(err) == OutcomeUnknown:
		m.failed.Inc()
	default:
		m.refused.Inc()
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

func (r *registered) forget() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, c := range r.list {
		r.Unregister(c)
	}
	r.list = nil
}
