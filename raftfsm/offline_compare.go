package raftfsm

import (
	"context"
	"slices"

	"github.com/hashicorp/raft"
)

// compare holds the replicas of each group against each other: entry by entry where
// their logs overlap, then digest by digest at the last entry that all of them have.
func (in *inspection) compare(ctx context.Context) error {
	if len(in.replicas) < 2 {
		return nil
	}
	groups := len(in.replicas[0].groups)
	for _, r := range in.replicas[1:] {
		if len(r.groups) != groups {
			in.problem("%s has %d groups, %s has %d: these are not replicas of one cluster", r.dir, len(r.groups), in.replicas[0].dir, groups)
			return nil
		}
	}
	for no := range groups {
		same := make([]*offlineGroup, len(in.replicas))
		for i, r := range in.replicas {
			same[i] = r.groups[no]
		}
		if err := in.compareGroup(ctx, same); err != nil {
			return err
		}
	}
	return nil
}

func (in *inspection) compareGroup(ctx context.Context, same []*offlineGroup) error {
	if slices.ContainsFunc(same, func(g *offlineGroup) bool { return g.m == nil }) {
		return nil // its problem has been told
	}
	index := in.common(same)
	if index == 0 {
		return nil
	}
	c := Comparison{Group: same[0].no, Index: index}
	for _, g := range same {
		m, err := g.at(ctx, index)
		if err != nil {
			return err
		}
		if m == nil {
			return nil // it has gone on from a later snapshot: there is nothing to compare with
		}
		c.Digests = append(c.Digests, hexDigest(m.digest()))
	}
	in.report.Compared = append(in.report.Compared, c)
	if len(slices.Compact(slices.Clone(c.Digests))) > 1 {
		in.problem("group %d: the replicas differ at entry %d: %v", c.Group, index, c.Digests)
	}
	return nil
}

// at is the state at an entry; nil when the snapshots and the log do not go back there.
func (g *offlineGroup) at(ctx context.Context, index uint64) (machine, error) {
	if index == g.report.Applied {
		return g.m, nil
	}
	past := *g // what it notes belongs to another moment
	past.problems = nil
	return past.replay(ctx, index)
}

// common is the last entry up to which all logs are the same, as far as can be told: the
// ends of logs may differ as long as they were never committed. 0: there is none.
func (in *inspection) common(same []*offlineGroup) uint64 {
	low, high, known := uint64(1), same[0].report.Last, uint64(0)
	for _, g := range same {
		low = max(low, g.first)
		high = min(high, g.report.Last)
		known = max(known, g.report.Known)
	}
	agreed := uint64(0)
	for i := high; i >= low && i > 0; i-- {
		equal, sameTerm, all := marksAt(same, i)
		if agreed == 0 && (sameTerm || !all) {
			agreed = i // by log matching, everything before it is the same as well
		}
		if !all || equal {
			continue
		}
		if i <= known || i <= agreed {
			in.problem("group %d: the replicas have different entries at %d, which was committed or precedes one they share", same[0].no, i)
			return 0
		}
	}
	return agreed
}

// marksAt compares the entries at one index. all is false when a log does not have it,
// because a snapshot took its place: then it was committed.
func marksAt(same []*offlineGroup, i uint64) (equal, sameTerm, all bool) {
	first, ok := same[0].mark(i)
	equal, sameTerm, all = true, true, ok
	for _, g := range same[1:] {
		m, ok := g.mark(i)
		all = all && ok
		equal = equal && m == first
		sameTerm = sameTerm && m.term == first.term
	}
	return equal, sameTerm, all
}

// crossCheck looks at what groups say of each other: an event that the directory calls
// active is in its group. On one replica of several the directory may be ahead of the
// other groups, so this needs a majority of the voters.
func (in *inspection) crossCheck() {
	for _, r := range in.replicas {
		if len(r.groups) == 0 || 2*len(in.replicas) <= voters(r.groups[0].config) {
			continue
		}
		d, ok := r.groups[0].m.(*directoryMachine)
		if !ok {
			continue
		}
		for _, p := range d.dir.events {
			if p.Active && in.lacks(d.dir, p) {
				in.problem("%sgroup 0: event %s is active, but group %d does not have it", r.label, p.Create.ID, p.Group)
			}
		}
	}
}

func voters(c raft.Configuration) int {
	n := 0
	for _, s := range c.Servers {
		if s.Suffrage == raft.Voter {
			n++
		}
	}
	return n
}

// lacks tells that no replica's group has the event, as it was placed.
func (in *inspection) lacks(d *Directory, p *Placement) bool {
	for _, r := range in.replicas {
		if int(p.Group) >= len(r.groups) {
			continue
		}
		m, ok := r.groups[p.Group].m.(*shardMachine)
		if !ok {
			return false // it could not be read, and that has been told
		}
		if no, ok := m.state.Find(p.Create.ID); ok {
			e := m.state.Event(no)
			return e.Chart() != p.Create.Chart || !d.founded(p, e)
		}
	}
	return true
}
