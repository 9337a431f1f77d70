package main

import (
	"context"
	"fmt"

	"github.com/usherhq/usher/engine"
	"github.com/usherhq/usher/raftfsm"
)

// recoverCmd makes a data folder of what one stopped node has left.
type recoverCmd struct {
	Data string `required:"" placeholder:"DIR" help:"Data folder of a stopped node of the old cluster; nothing in it is changed."`
	Into string `required:"" placeholder:"DIR" help:"Data folder to make; it must not exist, or be empty."`
	JSON bool   `name:"json" help:"Report as one line of JSON."`
	newNodeFlags
}

// Run recovers, and says what may be missing.
func (c *recoverCmd) Run(ctx context.Context, t *term) error {
	dirs, err := replicaDirs(c.Data)
	if err != nil {
		return err
	}
	if len(dirs) > 1 {
		return fmt.Errorf("--data %s has %d replicas: choose one, such as %s", c.Data, len(dirs), dirs[0])
	}
	rep, err := engine.Recover(ctx, dirs[0], c.Into, c.options())
	if err != nil {
		return err
	}
	if c.JSON {
		return t.json(rep)
	}
	t.printf("%s: what %s had, for one node in a new cluster.\n", c.Into, rep.From)
	totals := make([]raftfsm.GroupTotals, len(rep.Groups))
	for i, g := range rep.Groups {
		totals[i] = g.GroupTotals
	}
	if err := printTotals(t, totals); err != nil {
		return err
	}
	for _, w := range rep.Warnings {
		t.printf("WARNING: %s\n", w)
	}
	t.printf("Never start another node of the old cluster beside it.\n")
	return nil
}
