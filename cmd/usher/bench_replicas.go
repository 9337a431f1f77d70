package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/usherhq/usher/engine"
)

// benchReplicas is what every bench command takes: the replicas that it measures, and how
// it tells of them.
type benchReplicas struct {
	Nodes      int    `default:"3" placeholder:"N" help:"Replicas in this process: 1, 3 or 5."`
	LogStore   string `enum:"wal,bolt" default:"wal" help:"Where the log is kept: wal or bolt."`
	Dir        string `placeholder:"DIR" help:"A new or empty folder on the disk to measure; kept. Default: a temporary one."`
	CPUProfile string `name:"cpuprofile" placeholder:"FILE" help:"Write a CPU profile of the measured time."`
	JSON       bool   `name:"json" help:"Report as one line of JSON."`
}

func (b *benchReplicas) validate() error {
	if b.Nodes != 1 && b.Nodes != 3 && b.Nodes != 5 {
		return fmt.Errorf("--nodes %d: possible are 1, 3 and 5", b.Nodes)
	}
	return nil
}

// with opens an engine for so many callers at once, lets measure use it, and closes it.
// The engine has no logger: what ends it comes back as its error.
func (b *benchReplicas) with(ctx context.Context, clients int, cfg engine.Config, measure func(*engine.Engine) error) error {
	dir, remove, err := benchFolder(b.Dir)
	if err != nil {
		return err
	}
	defer remove()
	cfg.Dir, cfg.Replicas, cfg.LogStore = dir, b.Nodes, engine.LogStore(b.LogStore)
	cfg.MaxInFlight = max(1<<16, 2*clients)
	e, err := engine.Open(ctx, cfg)
	if err != nil {
		return err
	}
	return errors.Join(measure(e), e.Close())
}

// tell writes a report: v as JSON, or print for people.
func (b *benchReplicas) tell(t *term, v any, print func(*term)) error {
	if b.JSON {
		return t.json(v)
	}
	print(t)
	return nil
}

// benchFolder is where the replicas store, and what removes it if it is temporary: want
// is a new or empty folder, or "".
func benchFolder(want string) (dir string, remove func(), err error) {
	if want != "" {
		list, err := os.ReadDir(want)
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			return "", nil, err
		}
		if len(list) > 0 {
			return "", nil, fmt.Errorf("--dir %s is not empty", want)
		}
		return want, func() {}, nil
	}
	return temporary("usher-bench-")
}

// temporary makes a folder that remove removes.
func temporary(prefix string) (dir string, remove func(), err error) {
	dir, err = os.MkdirTemp("", prefix)
	return dir, func() { _ = os.RemoveAll(dir) }, err
}
