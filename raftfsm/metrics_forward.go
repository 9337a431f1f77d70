package raftfsm

import (
	"context"
	"errors"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// forwardMetrics are the figures of commands handed on to other nodes, and of writes whose
// outcome nobody can tell, wherever they were proposed.
type forwardMetrics struct {
	commands, batches, bytes, unknown prometheus.Counter
	failures                          *prometheus.CounterVec
	took                              prometheus.Histogram
}

func newForwardMetrics() *forwardMetrics {
	counter := func(name, help string) prometheus.Counter {
		return prometheus.NewCounter(prometheus.CounterOpts{Namespace: "usher", Name: name, Help: help})
	}
	return &forwardMetrics{
		commands: counter("forwarded_commands_total", "Commands handed on to the nodes that lead their groups."),
		batches:  counter("forwarded_batches_total", "Batches that forwarded commands went in."),
		bytes:    counter("forwarded_bytes_total", "Bytes of the batches of forwarded commands."),
		unknown:  counter("outcomes_unknown_total", "Writes of which it cannot be told whether they were applied."),
		failures: prometheus.NewCounterVec(prometheus.CounterOpts{
			Namespace: "usher", Name: "forward_failures_total", Help: "Forwarded commands that got an error instead of a decision, by its kind."}, []string{"kind"}),
		took: prometheus.NewHistogram(prometheus.HistogramOpts{
			Namespace: "usher", Name: "forward_seconds", Help: "From the sending of a batch of commands to its answer.", Buckets: prometheus.ExponentialBuckets(0.0001, 2, 18)}),
	}
}

func (m *forwardMetrics) collectors() []prometheus.Collector {
	return []prometheus.Collector{m.commands, m.batches, m.bytes, m.unknown, m.failures, m.took}
}

func (m *forwardMetrics) sent(commands, bytes int, took time.Duration) {
	m.commands.Add(float64(commands))
	m.batches.Inc()
	m.bytes.Add(float64(bytes))
	m.took.Observe(took.Seconds())
}

// answered counts what one caller of a forwarded command was told.
func (m *forwardMetrics) answered(err error) {
	if err == nil {
		return
	}
	if OutcomeOf(err) == OutcomeUnknown {
		m.unknown.Inc()
	}
	m.failures.WithLabelValues(failureKind(err)).Inc()
}

func failureKind(err error) string {
	switch {
	case errors.Is(err, ErrNotLeader):
		return "not_leader"
	case errors.Is(err, ErrOverload):
		return "overload"
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return "caller"
	case OutcomeOf(err) == OutcomeUnknown:
		return "lost"
	case errors.Is(err, ErrNoQuorum):
		return "unreachable"
	}
	return "other"
}

// noteUnknown counts a local write whose outcome is unknown.
func (n *Node) noteUnknown(err error) {
	if n != nil && OutcomeOf(err) == OutcomeUnknown {
		n.cfg.Metrics.forwards.unknown.Inc()
	}
}
