package raftfsm

import (
	"fmt"
	"slices"

	"github.com/usherhq/usher/shard"
)

// checkBundles looks at what groups say of each other's reservations. Of several voters
// one replica's groups may be at different moments, so this is for nodes that are alone.
func (in *inspection) checkBundles() {
	for _, r := range in.replicas {
		if len(r.groups) == 0 || voters(r.groups[0].config) != 1 {
			continue
		}
		states := make([]*shard.State, len(r.groups))
		for i, g := range r.groups {
			if m, ok := g.m.(*shardMachine); ok {
				states[i] = m.state
			}
		}
		for _, p := range bundleProblems(states) {
			in.problem("%s%s", r.label, p)
		}
	}
}

// bundleProblems holds the bundles of all groups against each other; states are by group
// number, nil where there is none.
func bundleProblems(states []*shard.State) (problems []string) {
	for group, s := range states {
		if s == nil {
			continue
		}
		for n := uint32(1); n <= s.Bundles(); n++ {
			b, ok := s.Bundle(n)
			if !ok {
				continue
			}
			var why string
			if b.Home == 0 {
				why = homeProblem(states, group, &b)
			} else {
				why = guestProblem(states, group, &b)
			}
			if why != "" {
				problems = append(problems, fmt.Sprintf("group %d: bundle %d: %s", group, n, why))
			}
		}
	}
	return problems
}

// homeProblem wants a bundle that stands to be prepared in all its groups.
func homeProblem(states []*shard.State, home int, b *shard.BundleInfo) string {
	if b.State != shard.BundleHeld && b.State != shard.BundleBooked {
		return ""
	}
	for _, p := range b.Parts {
		if p.Group == 0 || int(p.Group) >= len(states) || states[p.Group] == nil {
			continue
		}
		joined, ok := states[p.Group].Joined(shard.Txn{Home: uint16(home), Bundle: b.Number})
		has := ok && slices.ContainsFunc(joined.Parts, func(q shard.Part) bool { return q.Event == p.Event && q.Hold == p.Hold })
		if !has {
			return fmt.Sprintf("it stands, but group %d does not have hold %d of event %d", p.Group, p.Hold, p.Event)
		}
	}
	return ""
}

// guestProblem wants a bundle to be as its home says, or its home to know that it has not
// been told.
func guestProblem(states []*shard.State, group int, b *shard.BundleInfo) string {
	if int(b.Home) >= len(states) || states[b.Home] == nil {
		return ""
	}
	home, ok := states[b.Home].Bundle(b.At)
	switch {
	case !ok && b.State != shard.BundleOpen && b.State != shard.BundleEnded:
		return fmt.Sprintf("it stands, and group %d, which decides, knows nothing of it", b.Home)
	case !ok, b.State == home.State, slices.Contains(home.Pending, uint16(group)) && b.State <= shard.BundleHeld:
		return ""
	case b.State == shard.BundleBooked && slices.Contains(home.Pending, uint16(group)) && home.State == shard.BundleCancelled:
		return ""
	case home.State == shard.BundleEnded && b.State == shard.BundleOpen:
		return "" // prepared after it was given up: it will be asked for
	case home.State == shard.BundleCancelled && b.State == shard.BundleEnded:
		return ""
	}
	return fmt.Sprintf("it is in state %d, and in state %d at group %d, which decides", b.State, home.State, b.Home)
}
