package engine

import (
	"errors"

	"github.com/prometheus/client_golang/prometheus"
)

// roomMetrics count what became of joins, and of admissions that were shown.
type roomMetrics struct {
	fresh, known, refused, failed prometheus.Counter
	admissions                    map[string]prometheus.Counter
}

// admissionResults are the refusals by name, beside granted and failed.
var admissionResults = []struct {
	name string
	err  error
}{
	{"required", ErrAdmissionRequired}, {"invalid", ErrAdmissionInvalid}, {"foreign", ErrAdmissionForeign},
	{"expired", ErrAdmissionExpired}, {"replayed", ErrAdmissionReplayed},
}

func newRoomMetrics(reg *registered) (m roomMetrics, err error) {
	joins := prometheus.NewCounterVec(prometheus.CounterOpts{
		Namespace: "usher", Name: "queue_joins_total",
		Help: "Joins of waiting rooms by what became of them: new, known (the holder had a place), refused (closed, full, malformed), failed (no quorum, overload, unknown).",
	}, []string{"result"})
	shown := prometheus.NewCounterVec(prometheus.CounterOpts{
		Namespace: "usher", Name: "admissions_shown_total",
		Help: "Admissions shown where a waiting room asks for them, by what was said: granted, required (there was none), invalid, foreign, expired, replayed, failed.",
	}, []string{"result"})
	if err := reg.add(joins, shown); err != nil {
		return m, err
	}
	m = roomMetrics{
		fresh: joins.WithLabelValues("new"), known: joins.WithLabelValues("known"),
		refused: joins.WithLabelValues("refused"), failed: joins.WithLabelValues("failed"),
		admissions: map[string]prometheus.Counter{"granted": shown.WithLabelValues("granted"), "failed": shown.WithLabelValues("failed")},
	}
	for _, r := range admissionResults {
		m.admissions[r.name] = shown.WithLabelValues(r.name)
	}
	return m, nil
}

// joined counts n joins with one fate, of which some were new.
func (m *roomMetrics) joined(n, fresh int, err error) {
	switch {
	case err == nil:
		m.fresh.Add(float64(fresh))
		m.known.Add(float64(n - fresh))
	case errors.Is(err, ErrNoQuorum), errors.Is(err, ErrOverloaded), OutcomeOf(err) == OutcomeUnknown:
		m.failed.Add(float64(n))
	default:
		m.refused.Add(float64(n))
	}
}

// admission counts what an admission was told.
func (m *roomMetrics) admission(err error) {
	result := "granted"
	if err != nil {
		result = "failed"
	}
	for _, r := range admissionResults {
		if errors.Is(err, r.err) {
			result = r.name
		}
	}
	m.admissions[result].Inc()
}
