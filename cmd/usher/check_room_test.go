package main

import (
	"bytes"
	"strings"
	"testing"

	"github.com/usherhq/usher/raftfsm"
)

// TestRoomsAreReported: a line for each group that has waiting rooms, none for others.
func TestRoomsAreReported(t *testing.T) {
	var out bytes.Buffer
	tm := &term{out: &stickyWriter{w: &out}}
	groups := []raftfsm.GroupTotals{{Group: 0}, {Group: 1, Totals: raftfsm.Totals{Rooms: 1, Tickets: 1200, Waiting: 900, Admitted: 20}}, {Group: 2}}
	if err := printTotals(tm, groups); err != nil {
		t.Fatal(err)
	}
	want := "  Group 1 has 1 waiting room: 1200 tickets, 900 waiting, 20 admitted.\n"
	if got := out.String(); !strings.HasSuffix(got, want) || strings.Count(got, "waiting room") != 1 {
		t.Errorf("%q, want %q at its end", got, want)
	}
	out.Reset()
	rep := &raftfsm.Report{Replicas: []raftfsm.ReplicaReport{{Dir: "x", Groups: []raftfsm.GroupReport{{Group: 1, Totals: groups[1].Totals}}}}}
	if err := printReport(tm, rep); err != nil || strings.Count(out.String(), want) != 1 {
		t.Errorf("%v: %q", err, out.String())
	}
}
