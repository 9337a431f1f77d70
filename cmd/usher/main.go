// Command usher sells each seat exactly once: it serves the API and the page, shows
// itself off, measures itself, and checks what it has stored. See usher --help.
package main

import (
	"context"
	"io"
	"os"
	"os/signal"
	"syscall"
	_ "time/tzdata" // events have time zones, also where the machine knows none
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	tuneMemory(ctx)
	// The first signal asks, the second one, no longer caught, ends the process.
	context.AfterFunc(ctx, stop)
	os.Exit(run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// Exit codes: what was asked for failed, or the command line made no sense.
const (
	exitFailed = 1
	exitUsage  = 2
)

// run is the whole program: parse, run, and tell what went wrong in one line.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	t := &term{in: stdin, out: &stickyWriter{w: stdout}, err: &stickyWriter{w: stderr}}
	command, code, done := parse(args, t)
	if done {
		return code
	}
	err := command.Run(ctx, t)
	if err == nil {
		err = t.out.err // a report that could not be written was not made
	}
	if err != nil {
		t.complain(err)
		return exitFailed
	}
	return 0
}
