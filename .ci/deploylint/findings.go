package main

import (
	"fmt"
	"io"
)

// findings are what is wrong, and how much was looked at: a check that has looked at
// nothing has not passed.
type findings struct {
	problems  []string
	objects   int // of Kubernetes
	services  int // of compose
	nodes     int // of clusters
	units     int // of systemd
	flags     int // given to usher
	variables int // USHER_…
}

func (l *findings) add(where, format string, args ...any) {
	l.problems = append(l.problems, where+": "+fmt.Sprintf(format, args...))
}

func (l *findings) summary() string {
	return fmt.Sprintf("%d objects of Kubernetes, %d services of compose, %d nodes of clusters, %d units, %d flags, %d variables",
		l.objects, l.services, l.nodes, l.units, l.flags, l.variables)
}

// report tells of the problems, and says whether all is well.
func (l *findings) report(w io.Writer) bool {
	for _, problem := range l.problems {
		fmt.Fprintln(w, "  WRONG:", problem)
	}
	if l.objects == 0 || l.services == 0 || l.nodes == 0 || l.units == 0 || l.flags == 0 || l.variables == 0 {
		fmt.Fprintln(w, "  WRONG: of some kind nothing was found to look at")
		return false
	}
	return len(l.problems) == 0
}
