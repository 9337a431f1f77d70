package proptest

import (
	"flag"
	"os"
	"strconv"
	"testing"
)

// TestMain gives rapid defaults that suit state machines, unless the command line says
// otherwise: its own 30 steps seldom see an answer forgotten.
func TestMain(m *testing.M) {
	flag.Parse()
	said := map[string]bool{}
	flag.Visit(func(f *flag.Flag) { said[f.Name] = true })
	for name, value := range map[string]string{"rapid.checks": "600", "rapid.steps": "60"} {
		if !said[name] {
			if err := flag.Set(name, value); err != nil {
				panic(err)
			}
		}
	}
	var err error
	if Scratch, err = os.MkdirTemp("", "usher-proptest-"); err != nil {
		panic(err)
	}
	code := m.Run()
	if err := os.RemoveAll(Scratch); err != nil {
		panic(err)
	}
	os.Exit(code)
}

// Scratch is a folder for what several tests share; it goes at the end.
var Scratch string

// envInt is a number from the environment, for longer runs.
func envInt(name string, otherwise int) int {
	if n, err := strconv.Atoi(os.Getenv(name)); err == nil {
		return n
	}
	return otherwise
}
