package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"text/tabwriter"
	"time"

	"github.com/usherhq/usher/engine"
	"github.com/usherhq/usher/raftfsm"
)

// newNodeFlags say what a data folder that is made is.
type newNodeFlags struct {
	NodeID   string `name:"node-id" placeholder:"ID" help:"Name of the one node it is for; by default a fresh one."`
	LogStore string `enum:",wal,bolt" default:"" placeholder:"wal|bolt" help:"Where its logs will be kept."`
}

func (f *newNodeFlags) options() engine.RestoreOptions {
	return engine.RestoreOptions{NodeID: f.NodeID, LogStore: engine.LogStore(f.LogStore)}
}

// restoreCmd makes a data folder of a backup.
type restoreCmd struct {
	File   string `required:"" placeholder:"FILE" help:"A backup."`
	Data   string `placeholder:"DIR" help:"Data folder to make; it must not exist, or be empty."`
	Verify bool   `help:"Only read the backup: every checksum and every invariant."`
	JSON   bool   `name:"json" help:"Report as one line of JSON."`
	newNodeFlags
}

// Run restores, or only verifies.
func (c *restoreCmd) Run(ctx context.Context, t *term) error {
	switch {
	case c.Verify && c.Data != "":
		return errors.New("--verify only reads the backup: it goes without --data")
	case !c.Verify && c.Data == "":
		return errors.New("--data DIR is needed, or --verify")
	}
	f, err := os.Open(c.File)
	if err != nil {
		return fmt.Errorf("--file: %w", err)
	}
	defer f.Close()
	var rep *engine.BackupReport
	if c.Verify {
		rep, err = engine.VerifyBackup(f)
	} else {
		rep, err = engine.Restore(ctx, f, c.Data, c.options())
	}
	if err != nil {
		return fmt.Errorf("%s: %w", c.File, err)
	}
	if c.JSON {
		return t.json(rep)
	}
	made := rep.Manifest.MadeAt.Format(time.RFC3339)
	if c.Verify {
		t.printf("%s: made %s; every checksum and every invariant holds.\n", c.File, made)
	} else {
		t.printf("%s: restored what there was at %s. What was sold after that is not in it.\n", c.Data, made)
	}
	return printTotals(t, rep.Groups)
}

// printTotals is a table of what groups have.
func printTotals(t *term, groups []raftfsm.GroupTotals) error {
	w := tabwriter.NewWriter(t.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "  group\tat entry\tevents\tseats\tavailable\theld\tbooked\tblocked\tholds\tbookings")
	for _, g := range groups {
		fmt.Fprintf(w, "  %s\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%d\t%d\n", groupName(g.Group), g.Index, g.Events, g.Seats, g.Available, g.Held, g.Booked, g.Blocked, g.Holds, g.Bookings)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	for i := range groups {
		printRooms(t, groups[i].Group, &groups[i].Totals)
	}
	return nil
}
