// Command deploylint checks the files of deploy/, most of which cannot be started where
// they are checked: that Kubernetes, compose and systemd would understand every field, that
// what refers to something finds it, and that every flag and variable of usher in them is
// one that the binary has.
//
//	deploylint -deploy DIR -usher BINARY
//
// It is a module of its own, so that the libraries it needs are none of the program's.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
)

func main() {
	dir := flag.String("deploy", "", "the folder with the files")
	binary := flag.String("usher", "", "the binary to ask for its flags")
	flag.Parse()
	if *dir == "" || *binary == "" {
		flag.Usage()
		os.Exit(2)
	}
	l, err := lint(context.Background(), *dir, *binary)
	if err != nil {
		fmt.Println("deploylint:", err)
		os.Exit(1)
	}
	fmt.Printf("  %s\n", l.summary())
	if !l.report(os.Stdout) {
		os.Exit(1)
	}
}

// lint looks at everything. An error says that it could not; what is wrong with the files
// is in the findings.
func lint(ctx context.Context, dir, binary string) (*findings, error) {
	binary, err := filepath.Abs(binary)
	if err != nil {
		return nil, err
	}
	p, err := newProgram(runner(ctx, binary))
	if err != nil {
		return nil, err
	}
	l := &findings{}
	calls, err := kubernetes(l, filepath.Join(dir, "kubernetes"))
	if err != nil {
		return nil, err
	}
	for _, look := range []func() ([]call, error){
		func() ([]call, error) { return compose(ctx, l, filepath.Join(dir, "compose.yaml")) },
		func() ([]call, error) { return containerfile(l, filepath.Join(dir, "Containerfile")) },
		func() ([]call, error) { return unit(ctx, l, filepath.Join(dir, "usher.service"), binary) },
		func() ([]call, error) { return text(l, p, dir) },
	} {
		more, err := look()
		if err != nil {
			return nil, err
		}
		calls = append(calls, more...)
	}
	for _, c := range calls {
		p.check(l, c)
	}
	return l, nil
}
