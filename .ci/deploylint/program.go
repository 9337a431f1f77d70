package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strings"
)

// ask gives what usher prints with these arguments.
type ask func(args ...string) (string, error)

// runner asks the binary, with no settings of whoever runs this.
func runner(ctx context.Context, binary string) ask {
	return func(args ...string) (string, error) {
		cmd := exec.CommandContext(ctx, binary, args...)
		cmd.Stderr = os.Stderr
		cmd.Env = []string{"HOME=/", "COLUMNS=200"}
		out, err := cmd.Output()
		if err != nil {
			return "", fmt.Errorf("%s %s: %w", binary, strings.Join(args, " "), err)
		}
		return string(out), nil
	}
}

// options are the flags and the variables of one command.
type options struct{ flags, variables map[string]bool }

// program is usher's command line, as its help tells it.
type program struct {
	commands  map[string]options
	variables map[string]bool // of all commands
}

var (
	commandLine = regexp.MustCompile(`(?m)^  ([a-z]+(?: [a-z]+)?)   *\S`)
	flagLine    = regexp.MustCompile(`(?m)^ +(?:-\w, )?--(?:\[no-\])?([a-z][a-z0-9-]*)`)
	variable    = regexp.MustCompile(`\$(USHER_[A-Z0-9_]*[A-Z0-9])`)
)

func newProgram(help ask) (*program, error) {
	top, err := help("--help")
	if err != nil {
		return nil, err
	}
	_, list, _ := strings.Cut(top, "Commands:\n")
	p := &program{commands: map[string]options{}, variables: map[string]bool{}}
	for _, m := range commandLine.FindAllStringSubmatch(list, -1) {
		text, err := help(append(strings.Fields(m[1]), "--help")...)
		if err != nil {
			return nil, err
		}
		o := options{flags: matches(flagLine, text), variables: matches(variable, text)}
		p.commands[m[1]] = o
		for v := range o.variables {
			p.variables[v] = true
		}
	}
	if len(p.commands["serve"].flags) == 0 || len(p.variables) == 0 {
		return nil, fmt.Errorf("the help names no flags of usher serve:\n%s", top)
	}
	return p, nil
}

func matches(pattern *regexp.Regexp, text string) map[string]bool {
	all := map[string]bool{}
	for _, m := range pattern.FindAllStringSubmatch(text, -1) {
		all[m[1]] = true
	}
	return all
}

// command finds which one the arguments begin with, the longest there is.
func (p *program) command(args []string) (string, bool) {
	for n := min(2, len(args)); n > 0; n-- {
		name := strings.Join(args[:n], " ")
		if _, ok := p.commands[name]; ok {
			return name, true
		}
	}
	return "", false
}

// check wants the call's flags and variables to be the command's.
func (p *program) check(l *findings, c call) {
	name, ok := p.command(c.args)
	if !ok {
		l.add(c.where, "usher has no command %q", c.args)
		return
	}
	has := p.commands[name]
	for _, arg := range c.args {
		flag, isFlag := strings.CutPrefix(arg, "--")
		if !isFlag {
			continue
		}
		flag, _, _ = strings.Cut(flag, "=")
		l.flags++
		if !has.flags[flag] {
			l.add(c.where, "usher %s has no flag --%s", name, flag)
		}
	}
	for v := range c.env {
		if !strings.HasPrefix(v, "USHER_") {
			continue
		}
		l.variables++
		if !has.variables[v] {
			l.add(c.where, "usher %s reads no variable %s", name, v)
		}
	}
}
