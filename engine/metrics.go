package engine

import (
	"errors"

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
