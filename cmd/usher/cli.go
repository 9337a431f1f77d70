package main

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"

	"github.com/alecthomas/kong"
)

// runner is a command, its flags filled in.
type runner interface {
	Run(ctx context.Context, t *term) error
}

// cli is the command line: kong makes flags, USHER_… variables and help of it.
type cli struct {
	Serve serveCmd `cmd:"" help:"Run one durable node: the API, the page, and the operations listener."`
	Demo  demoCmd  `cmd:"" help:"Show a stadium on sale: three replicas in this process, and simulated buyers."`
	Chart struct {
		Import chartImportCmd `cmd:"" help:"Store a seat map on a server."`
	} `cmd:"" help:"Seat maps."`
	Event struct {
		Create eventCreateCmd `cmd:"" help:"Put an event on sale."`
	} `cmd:"" help:"Events."`
	Bench struct {
		Claims   benchClaimsCmd   `cmd:"" help:"Measure claims of seats through the engine's own path."`
		Lease    benchLeaseCmd    `cmd:"" help:"Measure short leases of seats drawn at random, with renewals and late holders."`
		Queue    benchQueueCmd    `cmd:"" help:"Measure a waiting room: joins, the draw, places."`
		Onsale   benchOnsaleCmd   `cmd:"" help:"Hold an on-sale from the first arrival to sold out, with and without the waiting room."`
		Patterns benchPatternsCmd `cmd:"" help:"Hold the same flash sale of a stadium by each pattern of allocation, side by side."`
	} `cmd:"" help:"Measure this machine."`
	Cluster clusterCmd    `cmd:"" help:"Operate a cluster."`
	Check   checkCmd      `cmd:"" help:"Verify a data folder that no node has open."`
	Backup  backupCmd     `cmd:"" help:"Copy all that a running server has into a file."`
	Restore restoreCmd    `cmd:"" help:"Make a data folder of a backup, or verify one."`
	Verify  verifyDrawCmd `cmd:"" name:"verify-draw" help:"Make the draw of a waiting room again, and hold it against what was published."`
	Cert    certCmd       `cmd:"" help:"Make a small CA and the certificates that nodes of a first cluster talk with."`

	Version kong.VersionFlag `help:"Print the version." env:"-"`
}

const about = `Usher sells each seat exactly once, while a stadium's worth of buyers tries at the same instant.

Every flag can also be set by an environment variable: --log-level is USHER_LOG_LEVEL.`

// exited is what kong's Exit throws: kong expects it not to return.
type exited int

// parse gives the command to run; done says that there is none, and code is the exit
// code then.
func parse(args []string, t *term) (r runner, code int, done bool) {
	defer func() {
		if p := recover(); p != nil {
			status, ok := p.(exited)
			if !ok {
				panic(p)
			}
			r, code, done = nil, int(status), true
		}
	}()
	var flags cli
	parser, err := kong.New(&flags,
		kong.Name("usher"), kong.Description(about), kong.DefaultEnvars("USHER"),
		kong.Writers(t.out, t.err), kong.Exit(func(status int) { panic(exited(status)) }),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, WrapUpperBound: 100}),
		kong.Vars{"version": version()},
	)
	if err != nil {
		panic(err) // the struct above is wrong
	}
	ctx, err := parser.Parse(args)
	if err != nil {
		t.complain(usageError(err))
		return nil, exitUsage, true
	}
	return ctx.Selected().Target.Addr().Interface().(runner), 0, false
}

// usageError adds where help is to be had.
func usageError(err error) error {
	command := "usher"
	var bad *kong.ParseError
	if errors.As(err, &bad) && bad.Context != nil {
		for _, step := range bad.Context.Path {
			if step.Command != nil {
				command += " " + step.Command.Name
			}
		}
	}
	return fmt.Errorf("%w (see %s --help)", err, command)
}

func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "usher (unknown version)"
	}
	revision := ""
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" && len(s.Value) >= 12 {
			revision = ", commit " + s.Value[:12]
		}
	}
	return fmt.Sprintf("usher %s%s, %s", info.Main.Version, revision, info.GoVersion)
}
