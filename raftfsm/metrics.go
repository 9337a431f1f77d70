package raftfsm

import (
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Metrics are the figures of all groups of a process, by group.
type Metrics struct {
	commands, entries, refusals, bytes, failures *prometheus.CounterVec
	changes, installs, checksums                 *prometheus.CounterVec
	commit, store, size, snapshots               *prometheus.HistogramVec
	leader, snapshotBytes                        *prometheus.GaugeVec
	forwards                                     *forwardMetrics
	replicas                                     *replicaFigures
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
		changes:  counter("leader_changes_total", "Times that another leader, or the same one anew, was seen to lead."),
		installs: counter("snapshot_installs_total", "Snapshots that other nodes sent to install."),
		checksums: prometheus.NewCounterVec(prometheus.CounterOpts{
			Namespace: "usher", Name: "checksum_comparisons_total", Help: "Comparisons of a group's replicas that this node made as its leader, by what they came to."}, []string{"group", "result"}),
		size: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Namespace: "usher", Name: "log_entry_bytes", Help: "Size of the log entries proposed.", Buckets: prometheus.ExponentialBuckets(64, 4, 8)}, group),
		snapshots: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Namespace: "usher", Name: "snapshot_seconds", Help: "Time to write a snapshot out.", Buckets: prometheus.ExponentialBuckets(0.001, 4, 10)}, group),
		snapshotBytes: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Namespace: "usher", Name: "snapshot_bytes", Help: "Size of the last snapshot written, compressed."}, group),
		leader: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Namespace: "usher", Name: "group_leader", Help: "1 while a replica of this process leads the group."}, group),
		forwards: newForwardMetrics(),
		replicas: newReplicaFigures(),
	}
	if reg == nil {
		return m, nil
	}
	for _, c := range append(m.forwards.collectors(), m.commands, m.entries, m.refusals, m.bytes, m.failures, m.commit, m.store, m.leader,
		m.changes, m.installs, m.checksums, m.size, m.snapshots, m.snapshotBytes, m.replicas) {
		if err := reg.Register(c); err != nil {
			return nil, err
		}
	}
	return m, nil
}

// groupMetrics are one group's.
type groupMetrics struct {
	commands, entries, refusals, bytes, failures prometheus.Counter
	changes, installs                            prometheus.Counter
	commit, store, size, snapshots               prometheus.Observer
	leads, snapshotBytes                         prometheus.Gauge
	checksums                                    map[string]prometheus.Counter // by result
}

func (m *Metrics) group(no int) *groupMetrics {
	l := strconv.Itoa(no)
	g := &groupMetrics{
		commands: m.commands.WithLabelValues(l), entries: m.entries.WithLabelValues(l),
		refusals: m.refusals.WithLabelValues(l), bytes: m.bytes.WithLabelValues(l),
		failures: m.failures.WithLabelValues(l), commit: m.commit.WithLabelValues(l),
		store: m.store.WithLabelValues(l), leads: m.leader.WithLabelValues(l),
		changes: m.changes.WithLabelValues(l), installs: m.installs.WithLabelValues(l), size: m.size.WithLabelValues(l),
		snapshots: m.snapshots.WithLabelValues(l), snapshotBytes: m.snapshotBytes.WithLabelValues(l),
		checksums: make(map[string]prometheus.Counter),
	}
	for _, result := range checksumResults {
		g.checksums[result] = m.checksums.WithLabelValues(l, result)
	}
	return g
}

// show and hide say which replicas there are to be read off.
func (m *Metrics) show(g *Group) { m.replicas.add(g) }
func (m *Metrics) hide(g *Group) { m.replicas.remove(g) }

func (g *groupMetrics) checksum(result string) { g.checksums[result].Inc() }

func (g *groupMetrics) snapshot(d time.Duration, bytes int64) {
	g.snapshots.Observe(d.Seconds())
	g.snapshotBytes.Set(float64(bytes))
}

func (g *groupMetrics) refused(n int) { g.refusals.Add(float64(n)) }

func (g *groupMetrics) entry(bytes, commands int) {
	g.entries.Inc()
	g.commands.Add(float64(commands))
	g.bytes.Add(float64(bytes))
	g.size.Observe(float64(bytes))
}

func (g *groupMetrics) landed(d time.Duration, err error) {
	if err != nil {
		g.failures.Inc()
		return
	}
	g.commit.Observe(d.Seconds())
}

func (g *groupMetrics) stored(d time.Duration, _, _ int) { g.store.Observe(d.Seconds()) }
