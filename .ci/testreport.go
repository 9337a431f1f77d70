//go:build ignore

// Testreport reads what `go test -json` says and passes it on in short form: a line a
// package, and all that failing tests wrote. It fails when a test failed or was skipped,
// and when a package of -want ran no test: a suite that runs nothing must not pass.
package main

import (
	"bufio"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
)

// allowedSkips are the tests that may be skipped, as "package.Test/sub". There are none.
var allowedSkips = map[string]bool{}

// event is one line of `go test -json`; see `go doc test2json`.
type event struct {
	Action, Package, ImportPath, Test, Output, FailedBuild string
	Elapsed                                                float64
}

type pkg struct {
	passed, subtests int
	failed, skipped  []string
	running          map[string]bool
	output           map[string][]string // by test; "" is the package's own
	ended            string              // pass, fail, skip; "" while it runs
	elapsed          float64
}

type report struct {
	packages map[string]*pkg
	builds   []string // what the compiler said
	noise    []string // lines that are no events
	skips    int
	wrong    int
}

func main() {
	want := flag.String("want", "", "packages, separated by white space, that must run a test")
	flag.Parse()
	r := &report{packages: map[string]*pkg{}}
	in := bufio.NewScanner(os.Stdin)
	in.Buffer(nil, 64<<20)
	for in.Scan() {
		var e event
		if err := json.Unmarshal(in.Bytes(), &e); err != nil || e.Action == "" {
			r.noise = append(r.noise, in.Text())
			continue
		}
		r.take(e)
	}
	if err := in.Err(); err != nil {
		fmt.Println("reading the events:", err)
		r.wrong++
	}
	r.finish(strings.Fields(*want))
	if r.wrong > 0 {
		os.Exit(1)
	}
}

func (r *report) take(e event) {
	if strings.HasPrefix(e.Action, "build-") {
		if e.Action == "build-output" {
			r.builds = append(r.builds, strings.TrimRight(e.Output, "\n"))
		}
		return
	}
	p := r.packages[e.Package]
	if p == nil {
		p = &pkg{running: map[string]bool{}, output: map[string][]string{}}
		r.packages[e.Package] = p
	}
	name := e.Package + "." + e.Test
	switch e.Action {
	case "run":
		p.running[e.Test] = true
	case "output":
		p.output[e.Test] = append(p.output[e.Test], e.Output)
	case "pass", "fail", "skip":
		if e.Test == "" {
			p.ended, p.elapsed = e.Action, e.Elapsed
			r.line(e.Package, p)
			break
		}
		p.count(e, name)
	}
}

func (p *pkg) count(e event, name string) {
	delete(p.running, e.Test)
	switch {
	case e.Action == "fail":
		p.failed = append(p.failed, e.Test)
	case e.Action == "skip" && !allowedSkips[name]:
		p.skipped = append(p.skipped, e.Test)
	case strings.Contains(e.Test, "/"):
		p.subtests++
	default:
		p.passed++
	}
	if e.Action == "pass" {
		delete(p.output, e.Test) // memory
	}
}

// line tells of a package that has ended, at once: a long run should be seen running.
func (r *report) line(name string, p *pkg) {
	if p.ended == "skip" && p.passed == 0 && len(p.failed) == 0 {
		fmt.Printf("  -     %s: no test files\n", name)
		return
	}
	verdict := "ok"
	if p.ended == "fail" || len(p.skipped) > 0 {
		verdict = "FAIL"
	}
	fmt.Printf("  %-5s %s: %d tests, %d subtests, %.1f s\n", verdict, name, p.passed, p.subtests, p.elapsed)
}

func (r *report) finish(want []string) {
	tests, subtests := 0, 0
	for _, line := range append(r.builds, r.noise...) {
		fmt.Println("  " + line)
	}
	names := make([]string, 0, len(r.packages))
	for name := range r.packages {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		p := r.packages[name]
		tests, subtests = tests+p.passed, subtests+p.subtests
		r.judge(name, p)
	}
	for _, name := range want {
		p := r.packages[name]
		if p == nil || p.passed+len(p.failed) == 0 {
			r.complain("%s has test files and ran no test", name)
		}
	}
	if len(names) == 0 {
		r.complain("no package was tested")
	}
	fmt.Printf("  %d tests and %d subtests passed in %d packages, %d skipped\n", tests, subtests, len(names), r.skips)
}

func (r *report) judge(name string, p *pkg) {
	r.skips += len(p.skipped)
	for _, test := range p.skipped {
		r.complain("%s.%s was skipped:\n%s", name, test, p.said(test))
	}
	for _, test := range p.failed {
		r.complain("%s.%s failed:\n%s", name, test, p.said(test))
	}
	for test := range p.running {
		r.complain("%s.%s never ended:\n%s", name, test, p.said(test))
	}
	if p.ended != "pass" && p.ended != "skip" {
		r.complain("%s failed or never ended:\n%s", name, p.said(""))
	}
}

// said is the end of what a test wrote.
func (p *pkg) said(test string) string {
	const most = 80
	lines := p.output[test]
	cut := ""
	if len(lines) > most {
		cut = fmt.Sprintf("(%d lines)\n", len(lines)-most)
		lines = lines[len(lines)-most:]
	}
	return cut + strings.Join(lines, "")
}

func (r *report) complain(format string, args ...any) {
	r.wrong++
	fmt.Printf("  WRONG: "+format+"\n", args...)
}
