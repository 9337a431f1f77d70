package raftfsm

import (
	"slices"
	"strconv"
	"sync"

	"github.com/prometheus/client_golang/prometheus"
)

// replicaFigures are what can be read off replicas when somebody asks, by group: of several
// replicas of one process the worst lag, the newest term, and the voters that the leader knows.
type replicaFigures struct {
	lag, term, voters, halted, certificate *prometheus.Desc
	rooms                                  roomFigures

	mu     sync.Mutex
	groups []*Group // those that are open
}

func newReplicaFigures() *replicaFigures {
	desc := func(name, help string, labels ...string) *prometheus.Desc {
		return prometheus.NewDesc(prometheus.BuildFQName("usher", "", name), help, labels, nil)
	}
	return &replicaFigures{
		lag:         desc("group_apply_lag_entries", "Entries that are committed, as far as this replica knows, and not in its state.", "group"),
		term:        desc("group_term", "The group's term.", "group"),
		voters:      desc("group_voters", "Nodes that vote in the group, as the leader knows it; nothing where this process does not lead.", "group"),
		halted:      desc("group_halted", "1 once a replica of this process has stopped for good.", "group"),
		certificate: desc("peer_certificate_end_seconds", "Unix time at which this node's certificate for its peers, or its CA, ends."),
		rooms:       newRoomFigures(),
	}
}

func (f *replicaFigures) add(g *Group) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.groups = append(f.groups, g)
}

func (f *replicaFigures) remove(g *Group) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.groups = slices.DeleteFunc(f.groups, func(x *Group) bool { return x == g })
}

// Describe names the figures.
func (f *replicaFigures) Describe(out chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{f.lag, f.term, f.voters, f.halted, f.certificate} {
		out <- d
	}
	f.rooms.describe(out)
}

// seenReplicas is what the replicas of one group come to.
type seenReplicas struct {
	lag, term, halted uint64
	voters            int // −1: none leads
	rooms             roomTotals
}

// Collect reads them. No replica is asked for anything that could wait for its disk.
func (f *replicaFigures) Collect(out chan<- prometheus.Metric) {
	f.mu.Lock()
	groups := slices.Clone(f.groups)
	f.mu.Unlock()
	seen := make(map[int]*seenReplicas)
	for _, g := range groups {
		s := seen[g.no]
		if s == nil {
			s = &seenReplicas{voters: -1}
			seen[g.no] = s
		}
		s.add(g)
	}
	gauge := func(d *prometheus.Desc, v float64, labels ...string) {
		out <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	for no, s := range seen {
		l := strconv.Itoa(no)
		gauge(f.lag, float64(s.lag), l)
		gauge(f.term, float64(s.term), l)
		gauge(f.halted, float64(s.halted), l)
		if s.voters >= 0 {
			gauge(f.voters, float64(s.voters), l)
		}
		f.rooms.collect(out, l, &s.rooms)
	}
	for _, g := range groups {
		if end, ok := g.node.certificateEnd(); ok {
			gauge(f.certificate, float64(end.Unix()))
			return
		}
	}
}

func (s *seenReplicas) add(g *Group) {
	s.lag = max(s.lag, g.lag.Load())
	s.term = max(s.term, g.Term())
	if g.fsm.haltedErr() != nil {
		s.halted = 1
	}
	if g.IsLeader() {
		s.voters = len(g.voterIDs())
		s.rooms = g.roomTotals()
	}
}
