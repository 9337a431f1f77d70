package raftfsm

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"

	"github.com/hashicorp/raft"
)

// Report is what Inspect found in the data folders of one cluster's replicas.
type Report struct {
	Replicas []ReplicaReport `json:"replicas"`
	// Compared has, for each group of several replicas, the digests at an entry that all
	// of them have.
	Compared []Comparison `json:"compared,omitempty"`
	// Problems are what is wrong, each with its place; empty means that all is well.
	Problems []string `json:"problems"`
}

// ReplicaReport is one data folder.
type ReplicaReport struct {
	Dir    string        `json:"dir"`
	Groups []GroupReport `json:"groups"`
}

// GroupReport is one group's log, and the state that its newest good snapshot and the
// log lead to.
type GroupReport struct {
	Group    int          `json:"group"`
	LogStore LogStoreKind `json:"log_store"`
	Term     uint64       `json:"term"` // of the stable store
	First    uint64       `json:"first_index"`
	Last     uint64       `json:"last_index"` // of the log or the snapshot, whichever reaches further
	Entries  int          `json:"entries"`    // read and verified
	// Known is the last entry that is known to be committed. What follows it was
	// replayed as well, but may never have been acknowledged to anybody.
	Known    uint64          `json:"known_committed_index"`
	Snapshot *SnapshotReport `json:"snapshot,omitempty"` // that the replay began with
	Voters   []string        `json:"voters"`
	Applied  uint64          `json:"applied_index"`
	Time     int64           `json:"log_time_ms"`
	Digest   string          `json:"digest"` // 16 hex digits, of the state at Applied
	Totals
}

// SnapshotReport is one snapshot on disk.
type SnapshotReport struct {
	ID    string `json:"id"`
	Index uint64 `json:"index"`
	Term  uint64 `json:"term"`
	Bytes int64  `json:"bytes"`
}

// Totals count what is in a group's state: the directory has charts and placed events,
// the others the rest.
type Totals struct {
	Charts    int    `json:"charts"`
	Events    int    `json:"events"`
	Seats     uint64 `json:"seats"`
	Available uint64 `json:"available"`
	Held      uint64 `json:"held"`
	Booked    uint64 `json:"booked"`
	Blocked   uint64 `json:"blocked"`
	Holds     uint64 `json:"holds"`    // held
	Bookings  uint64 `json:"bookings"` // not cancelled
	Cancelled uint64 `json:"cancelled_bookings"`
	Keys      uint64 `json:"idempotency_keys"`
	Rooms     int    `json:"waiting_rooms"`
	Tickets   uint64 `json:"tickets"`  // of all rooms, ever
	Waiting   uint64 `json:"waiting"`  // with those in the lobby
	Admitted  uint64 `json:"admitted"` // unused, or in session
}

// Comparison is one group's digests, in the order of Report.Replicas, at an entry that
// all replicas have.
type Comparison struct {
	Group   int      `json:"group"`
	Index   uint64   `json:"index"`
	Digests []string `json:"digests"`
}

var groupFolder = regexp.MustCompile(`^[0-9]{2}$`)

// Inspect reads the data folders of one cluster's replicas, as many as there are at
// hand, without changing what is in them: it takes their locks, verifies every entry and
// every snapshot, replays, checks all invariants, and compares the replicas. What is
// wrong with the data is in Report.Problems. An error means that it could not look: no
// such folder, *ErrDirInUse, ctx ended.
func Inspect(ctx context.Context, dirs ...string) (*Report, error) {
	in := &inspection{report: &Report{Problems: []string{}}}
	defer in.close()
	for _, dir := range dirs {
		if err := in.open(dir); err != nil {
			return nil, err
		}
	}
	for _, r := range in.replicas {
		if err := in.replica(ctx, r); err != nil {
			return nil, err
		}
	}
	if err := in.compare(ctx); err != nil {
		return nil, err
	}
	in.crossCheck()
	in.checkBundles()
	return in.report, nil
}

// inspection is an Inspect under way.
type inspection struct {
	report   *Report
	replicas []*offlineReplica
}

// offlineReplica is one data folder, locked.
type offlineReplica struct {
	dir    string
	label  string // before a problem's place, when there are several
	lock   *DirLock
	groups []*offlineGroup
}

// offlineGroup is one group of a folder that is not running.
type offlineGroup struct {
	no       int
	groups   int // shard groups of the node
	dir      string
	stores   *stores
	log      *verifiedLog
	snaps    []*offlineSnapshot // good ones, newest first
	marks    []entryMark        // of entries First…; those that could be read
	first    uint64
	config   raft.Configuration
	report   GroupReport
	m        machine // at report.Applied
	problems []string
}

func (in *inspection) open(dir string) error {
	r := &offlineReplica{dir: dir}
	names, err := groupFolders(dir)
	if err != nil {
		return err
	}
	if r.lock, err = LockDir(dir); err != nil {
		return err
	}
	in.replicas = append(in.replicas, r)
	for _, err := range []error{unfinished(dir), refuseQuarantined(dir)} {
		if err != nil {
			in.problem("%v", err)
		}
	}
	for i, name := range names {
		if no, _ := strconv.Atoi(name); no != i {
			in.problem("%s: the folder of group %d is missing", dir, i)
			break
		}
		r.groups = append(r.groups, &offlineGroup{no: i, dir: filepath.Join(dir, "groups", name)})
	}
	for _, g := range r.groups {
		g.groups = max(len(names)-1, 1)
	}
	return nil
}

// groupFolders are the names of the groups' folders, ascending. It comes before the
// lock, which would make a folder that is not there.
func groupFolders(dir string) ([]string, error) {
	list, err := os.ReadDir(filepath.Join(dir, "groups"))
	if errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("usher: %s is no data folder: it has no folder %q", dir, "groups")
	}
	if err != nil {
		return nil, fmt.Errorf("usher: %w", err)
	}
	var names []string
	for _, e := range list {
		if e.IsDir() && groupFolder.MatchString(e.Name()) {
			names = append(names, e.Name())
		}
	}
	if len(names) == 0 {
		return nil, fmt.Errorf("usher: %s is no data folder: there is no group in it", dir)
	}
	return names, nil
}

// replica reads all groups of one folder. The error is ctx's.
func (in *inspection) replica(ctx context.Context, r *offlineReplica) error {
	if len(in.replicas) > 1 {
		r.label = filepath.Base(r.dir) + ", "
	}
	rep := ReplicaReport{Dir: r.dir}
	for _, g := range r.groups {
		if err := g.inspect(ctx); err != nil {
			return err
		}
		for _, p := range g.problems {
			in.problem("%sgroup %d: %s", r.label, g.no, p)
		}
		rep.Groups = append(rep.Groups, g.report)
	}
	in.report.Replicas = append(in.report.Replicas, rep)
	return nil
}

func (in *inspection) problem(format string, args ...any) {
	in.report.Problems = append(in.report.Problems, fmt.Sprintf(format, args...))
}

func (in *inspection) close() {
	for _, r := range in.replicas {
		for _, g := range r.groups {
			if g.stores != nil {
				_ = g.stores.Close() // only ever read
			}
		}
		_ = r.lock.Close()
	}
}

// inspect reads, replays and checks one group. The error is ctx's; all others are
// problems.
func (g *offlineGroup) inspect(ctx context.Context) error {
	g.report.Group, g.report.Voters = g.no, []string{}
	g.readSnapshots()
	g.openLog()
	if err := g.scan(ctx); err != nil {
		return err
	}
	g.checkEnds()
	m, err := g.replay(ctx, g.report.Last)
	if m == nil || err != nil {
		return err
	}
	g.m = m
	if err := checked(m.check); err != nil {
		g.problem("an invariant does not hold: %v", err)
	}
	g.report.Time, g.report.Digest = m.now(), hexDigest(m.digest())
	g.report.Totals = totalsOf(m)
	for _, s := range g.config.Servers {
		if s.Suffrage != raft.Voter {
			continue
		}
		g.report.Voters = append(g.report.Voters, string(s.ID))
	}
	return nil
}

func (g *offlineGroup) problem(format string, args ...any) {
	g.problems = append(g.problems, fmt.Sprintf(format, args...))
}

func hexDigest(d uint64) string { return Digest(d).String() }

// checked turns a panic into an error: a state that a wrong program wrote may be so
// broken that walking it fails.
func checked(f func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%w: %v", ErrDamaged, p)
		}
	}()
	return f()
}
