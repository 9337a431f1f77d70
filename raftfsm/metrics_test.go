package raftfsm

import (
	"testing"

	"github.com/prometheus/client_golang/prometheus"
)

// figures reads everything that a registry shows, by name, and by name and group.
func figures(t *testing.T, r *prometheus.Registry) map[string]float64 {
	t.Helper()
	all, err := r.Gather()
	if err != nil {
		t.Fatal(err)
	}
	out := make(map[string]float64)
	for _, f := range all {
		for _, m := range f.Metric {
			key := f.GetName()
			for _, l := range m.Label {
				key += " " + l.GetValue()
			}
			switch {
			case m.Histogram != nil:
				out[key] = float64(m.Histogram.GetSampleCount())
			case m.Counter != nil:
				out[key] = m.Counter.GetValue()
			default:
				out[key] = m.Gauge.GetValue()
			}
		}
	}
	return out
}

// TestFigures: what OPERATIONS.md names is there, and tells what has happened.
func TestFigures(t *testing.T) {
	t.Parallel()
	reg := prometheus.NewRegistry()
	m, err := NewMetrics(reg)
	if err != nil {
		t.Fatal(err)
	}
	c := newTestClusterOf(t, 3, 1, LogStoreWAL, func(cfg *Config) { cfg.Metrics, cfg.ChecksumEvery = m, -1 })
	c.event(1, "a:2026-01-01", 100)
	leader := c.leader(1)
	if err := compareNow(t, leader); err != nil {
		t.Fatal(err)
	}
	if err := leader.Snapshot(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "all has been applied", func() bool { return figures(t, reg)["usher_group_apply_lag_entries 1"] == 0 })
	got := figures(t, reg)
	for name, atLeast := range map[string]float64{
		"usher_log_entry_bytes 1": 3, "usher_snapshot_seconds 1": 1, "usher_snapshot_bytes 1": 1, "usher_group_term 1": 1,
		"usher_group_voters 1": 3, "usher_checksum_comparisons_total 1 equal": 1, "usher_log_store_seconds 1": 1,
	} {
		if got[name] < atLeast {
			t.Errorf("%s is %v, want at least %v", name, got[name], atLeast)
		}
	}
	for _, name := range []string{
		"usher_group_halted 1", "usher_snapshot_installs_total 1",
		"usher_checksum_comparisons_total 1 diverged", "usher_checksum_comparisons_total 1 split", "usher_group_apply_lag_entries 0",
	} {
		if v, there := got[name]; !there || v != 0 {
			t.Errorf("%s: %v, there: %v", name, v, there)
		}
	}
	// On a busy machine leaders may have changed by themselves.
	changes, there := figures(t, reg)["usher_leader_changes_total 1"]
	if !there {
		t.Error("changes of leaders are not counted")
	}
	c.close(c.nodeOf(leader))
	next := c.leader(1)
	eventually(t, "the change of leaders is counted", func() bool { return figures(t, reg)["usher_leader_changes_total 1"] > changes })
	next.halt(divergence(1, 1, nil))
	if figures(t, reg)["usher_group_halted 1"] != 1 {
		t.Error("a replica that has stopped is not shown")
	}
	for i := range c.nodes {
		c.close(i)
	}
	if _, there := figures(t, reg)["usher_group_term 1"]; there {
		t.Error("closed replicas are shown")
	}
}
