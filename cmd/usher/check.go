package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/usherhq/usher/raftfsm"
)

// checkCmd reads a node's folder that is not in use.
type checkCmd struct {
	Data []string `required:"" sep:"none" placeholder:"DIR" help:"Data folder of serve, demo or bench; nothing in it is changed. Repeated: folders of nodes of one cluster, which are compared."`
	JSON bool     `name:"json" help:"Report as one line of JSON."`
}

// Run reports, and fails if anything is wrong.
func (c *checkCmd) Run(ctx context.Context, t *term) error {
	var dirs []string
	for _, data := range c.Data {
		some, err := replicaDirs(data)
		if err != nil {
			return err
		}
		dirs = append(dirs, some...)
	}
	rep, err := raftfsm.Inspect(ctx, dirs...)
	if err != nil {
		return err
	}
	if c.JSON {
		err = t.json(struct {
			OK bool `json:"ok"`
			*raftfsm.Report
		}{len(rep.Problems) == 0, rep})
	} else {
		err = printReport(t, rep)
	}
	if err == nil && len(rep.Problems) > 0 {
		err = fmt.Errorf("%s: %s found, first: %s", strings.Join(c.Data, ", "), counted(len(rep.Problems), "problem"), rep.Problems[0])
	}
	return err
}

// replicaDirs are the folders of the replicas in a data folder: itself, or those that
// several replicas in one process keep below it.
func replicaDirs(dir string) ([]string, error) {
	if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s does not exist", dir)
	}
	dirs, err := filepath.Glob(filepath.Join(dir, "replica-*"))
	if err != nil {
		return nil, fmt.Errorf("--data %q: %w", dir, err)
	}
	if len(dirs) == 0 {
		return []string{dir}, nil
	}
	sort.Strings(dirs)
	return dirs, nil
}

func printReport(t *term, rep *raftfsm.Report) error {
	for _, r := range rep.Replicas {
		t.printf("%s\n", r.Dir)
		w := tabwriter.NewWriter(t.out, 0, 0, 2, ' ', 0)
		fmt.Fprintln(w, "  group\tlog\tentries\tsnapshot\tat entry\tlog time\tdigest\tevents\tseats\tavailable\theld\tbooked\tblocked\tholds\tbookings")
		for i := range r.Groups {
			fmt.Fprintln(w, "  "+strings.Join(groupRow(&r.Groups[i]), "\t"))
		}
		if err := w.Flush(); err != nil {
			return err
		}
		for i := range r.Groups {
			printRooms(t, r.Groups[i].Group, &r.Groups[i].Totals)
		}
		printTails(t, r.Groups)
	}
	if n := len(rep.Compared); n > 0 && len(rep.Problems) == 0 {
		t.printf("%s of %d replicas compared, each at an entry that all have: equal.\n", counted(n, "group"), len(rep.Replicas))
	}
	for _, p := range rep.Problems {
		t.printf("PROBLEM: %s\n", p)
	}
	if len(rep.Problems) == 0 {
		t.printf("Every checksum and every invariant holds.\n")
	}
	return nil
}

func groupRow(g *raftfsm.GroupReport) []string {
	snapshot := "-"
	if g.Snapshot != nil {
		snapshot = fmt.Sprintf("at %d", g.Snapshot.Index)
	}
	row := []string{groupName(g.Group), string(g.LogStore), fmt.Sprint(g.Entries), snapshot, fmt.Sprint(g.Applied)}
	if g.Digest == "" {
		return append(row, "-", "-") // it could not be replayed; a problem says why
	}
	row = append(row, time.UnixMilli(g.Time).UTC().Format(time.RFC3339), g.Digest, fmt.Sprint(g.Events))
	for _, n := range []uint64{g.Seats, g.Available, g.Held, g.Booked, g.Blocked, g.Holds, g.Bookings} {
		row = append(row, fmt.Sprint(n))
	}
	return row
}

// printRooms says what waits before a group's seats, if it has waiting rooms.
func printRooms(t *term, group int, n *raftfsm.Totals) {
	if n.Rooms > 0 {
		t.printf("  Group %d has %s: %s, %d waiting, %d admitted.\n", group, counted(n.Rooms, "waiting room"), counted(int(n.Tickets), "ticket"), n.Waiting, n.Admitted)
	}
}

// groupName is a group's number as people are told it.
func groupName(no int) string {
	if no == 0 {
		return "0 (directory)"
	}
	return fmt.Sprint(no)
}

// printTails says how much of what was replayed may never have been committed.
func printTails(t *term, groups []raftfsm.GroupReport) {
	var tails []string
	for _, g := range groups {
		if g.Applied > g.Known {
			tails = append(tails, fmt.Sprintf("%d in group %d", g.Applied-g.Known, g.Group))
		}
	}
	if len(tails) > 0 {
		t.printf("  Replayed to the end of the log. Entries behind the last one known to be committed, which may never have been acknowledged: %s.\n", strings.Join(tails, ", "))
	}
}

// counted is "1 problem" or "2 problems".
func counted(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
