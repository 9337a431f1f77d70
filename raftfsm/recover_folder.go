package raftfsm

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/usherhq/usher/shard"
)

// RecoverReport is what was taken over from a node's folder.
type RecoverReport struct {
	From     string         `json:"from"`
	LogStore LogStoreKind   `json:"log_store"`
	Voters   []string       `json:"voters"` // of the directory's group, as the folder knows them
	Groups   []RecoverGroup `json:"groups"`
	// Warnings say what may be missing, or stand half.
	Warnings []string `json:"warnings"`
}

// RecoverGroup is one group of it.
type RecoverGroup struct {
	GroupTotals
	// Known is the last entry that the folder knows to be committed; what comes after it
	// was taken as well, though it may never have been acknowledged.
	Known uint64 `json:"known_committed_index"`
	Time  int64  `json:"log_time_ms"`
}

// RecoverFolder makes a data folder of what one stopped node has, for a cluster that has
// lost the majority of its nodes for good: snapshot and log, replayed to the end of the
// log. What other nodes had acknowledged and this one had not heard of is lost, so the
// new folder is in a new era. Nothing is changed in the old one. Damage in it is an error:
// another node's folder, or a backup, has to do. Errors: *ErrDirInUse, ErrDamaged,
// ErrFolderInUse.
func RecoverFolder(ctx context.Context, from string, f NewFolder) (*RecoverReport, error) {
	asked := f.LogStore
	if err := f.fill(); err != nil {
		return nil, err
	}
	if within(from, f.Dir) || within(f.Dir, from) {
		return nil, fmt.Errorf("usher: %s and %s are one inside the other", from, f.Dir)
	}
	in := &inspection{report: &Report{Problems: []string{}}}
	defer in.close()
	if err := in.open(from); err != nil {
		return nil, err
	}
	r := in.replicas[0]
	if err := in.replica(ctx, r); err != nil {
		return nil, err
	}
	if p := in.report.Problems; len(p) > 0 {
		return nil, fmt.Errorf("%w: %s: %s", ErrDamaged, from, strings.Join(p, "; "))
	}
	if len(r.groups) < 2 {
		return nil, fmt.Errorf("%w: %s has no group besides the directory", ErrDamaged, from)
	}
	if asked == "" {
		f.LogStore = r.groups[0].report.LogStore
	}
	rep := recovered(r)
	for _, g := range r.groups {
		if err := f.begin(g.m); err != nil {
			return nil, fmt.Errorf("group %d: %w", g.no, err)
		}
	}
	return rep, f.write(len(r.groups)-1, func() error {
		for _, g := range r.groups {
			if err := ctx.Err(); err != nil {
				return err
			}
			if err := f.group(g.no, max(g.report.Applied, 1), g.m); err != nil {
				return fmt.Errorf("group %d: %w", g.no, err)
			}
		}
		return nil
	})
}

func within(a, b string) bool {
	a, err1 := filepath.Abs(a)
	b, err2 := filepath.Abs(b)
	rel, err3 := filepath.Rel(b, a)
	return errors.Join(err1, err2, err3) == nil && rel != ".." && !strings.HasPrefix(rel, ".."+string(filepath.Separator))
}

func recovered(r *offlineReplica) *RecoverReport {
	rep := &RecoverReport{From: r.dir, LogStore: r.groups[0].report.LogStore, Voters: r.groups[0].report.Voters, Warnings: []string{}}
	states := make([]*shard.State, len(r.groups))
	for i, g := range r.groups {
		rep.Groups = append(rep.Groups, RecoverGroup{GroupTotals{g.no, g.report.Applied, g.report.Totals}, g.report.Known, g.report.Time})
		if m, ok := g.m.(*shardMachine); ok {
			states[i] = m.state
		}
		if n := len(g.report.Voters); n > 1 {
			rep.Warnings = append(rep.Warnings, fmt.Sprintf("group %d had %d voters: what the others acknowledged after entry %d is not here", g.no, n, g.report.Applied))
		}
		if g.report.Applied > g.report.Known {
			rep.Warnings = append(rep.Warnings, fmt.Sprintf("group %d: entries %d to %d are not known to have been committed; they were taken", g.no, g.report.Known+1, g.report.Applied))
		}
	}
	rep.Warnings = append(rep.Warnings, r.dropMissing()...)
	for _, p := range bundleProblems(states) {
		rep.Warnings = append(rep.Warnings, p+"; the reservation over several groups stands half")
	}
	return rep
}

// dropMissing has events made anew that the directory has and their groups have not, as
// the groups of one node may be at different moments, and tells of them.
func (r *offlineReplica) dropMissing() (all []string) {
	m, ok := r.groups[0].m.(*directoryMachine)
	if !ok {
		return nil
	}
	in := &inspection{replicas: []*offlineReplica{r}}
	for i, p := range m.dir.events {
		if p.Active && in.lacks(m.dir, p) {
			placed := *p
			placed.Active = false
			m.dir.events[i] = &placed
			all = append(all, fmt.Sprintf("event %s is placed in group %d, which has not heard of it: it begins anew, and whatever was sold of it is lost", p.Create.ID, p.Group))
		}
	}
	return all
}
