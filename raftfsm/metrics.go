package raftfsm

import (
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Metrics are the figures of all groups of a process, by group.
type Metrics struct {
	commands, entries, refusals, bytes, failures *prometheus.CounterVec
	commit, store                                *prometheus.HistogramVec
	leader                                       *prometheus.GaugeVec
	forwards                                     *forwardMetrics
}

// NewMetrics registers the figures; a nil registerer makes them count for nobody.
func NewMetrics(reg prometheus.Registerer) (*Metrics, error) {
	group := []string{"group"}
	counter := func(name, help string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: "usher", Name: name, Help: help}, group)
	}
	seconds := prometheus.ExponentialBuckets(0.0001, 2, 18)
	m := &Metrics{
		commands: counter("log_commands_total", "Commands proposed in log entries."),
		entries:  counter("log_entries_total", "Log entries proposed; commands by entries is the batch size."),
		refusals: counter("refused_from_memory_total", "Claims refused from committed state without a log entry."),
		bytes:    counter("log_bytes_total", "Bytes of the log entries proposed."),
		failures: counter("log_entry_failures_total", "Proposed entries that failed or whose outcome is unknown."),
		commit: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Namespace: "usher", Name: "commit_seconds", Help: "From the proposal of an entry to its result.", Buckets: seconds}, group),
		store: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Namespace: "usher", Name: "log_store_seconds", Help: "Time to make entries durable.", Buckets: seconds}, group),
		leader: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Namespace: "usher", Name: "group_leader", Help: "1 while a replica of this process leads the group."}, group),
		forwards: newForwardMetrics(),
	}
	if reg == nil {
		return m, nil
	}
	for _, c := range append(m.forwards.collectors(), m.commands, m.entries, m.refusals, m.bytes, m.failures, m.commit, m.store, m.leader) {
		if err := reg.Register(c); err != nil {
			return nil, err
		}
	}
	return m, nil
}

// groupMetrics are one group's.
type groupMetrics struct {
	commands, entries, refusals, bytes, failures prometheus.Counter
	commit, store                                prometheus.Observer
	leads                                        prometheus.Gauge
}

func (m *Metrics) group(no int) *groupMetrics {
	l := strconv.Itoa(no)
	return &groupMetrics{
		commands: m.commands.WithLabelValues(l), entries: m.entries.WithLabelValues(l),
		refusals: m.refusals.WithLabelValues(l), bytes: m.bytes.WithLabelValues(l),
		failures: m.failures.WithLabelValues(l), commit: m.commit.WithLabelValues(l),
		store: m.store.WithLabelValues(l), leads: m.leader.WithLabelValues(l),
	}
}

func (g *groupMetrics) refused(n int) { g.refusals.Add(float64(n)) }

func (g *groupMetrics) entry(bytes, commands int) {
	g.entries.Inc()
	g.commands.Add(float64(commands))
	g.bytes.Add(float64(bytes))
}

func (g *groupMetrics) landed(d time.Duration, err error) {
	if err != nil {
		g.failures.Inc()
		return
	}
	g.commit.Observe(d.Seconds())
}

func (g *groupMetrics) stored(d time.Duration, _, _ int) { g.store.Observe(d.Seconds()) }
