package proptest_test

import (
	"testing"
	"time"

	"github.com/anishathalye/porcupine"
)

// TestSeatModelNoticesEveryMutant gives the checker histories of one seat, right ones and ones
// that a broken cluster would have made.
func TestSeatModelNoticesEveryMutant(t *testing.T) {
	ok := func(v verb, token uint64, from, to int) *clusterCall { return oneTry(v, token, wasDone, from, to) }
	open := func(v verb, token uint64, from int) *clusterCall { return oneTry(v, token, unknown, from, from+1) }
	taken := func(status string, from, to int) *clusterCall {
		c := oneTry(doHold, 0, wasRefused, from, to)
		c.taken = map[string]string{"1-1": status}
		return c
	}
	for _, c := range []struct {
		name  string
		right bool
		calls []*clusterCall
		final string
	}{
		{"held and kept", true, []*clusterCall{ok(doHold, 1, 0, 1)}, "held"},
		{"a whole life", true, []*clusterCall{ok(doHold, 1, 0, 1), ok(doExtend, 1, 2, 3), ok(doBook, 1, 4, 5), ok(doCancel, 1, 6, 7), ok(doHold, 2, 8, 9), ok(doRelease, 2, 10, 11)}, "available"},
		{"two at once, one after the other", true, []*clusterCall{ok(doHold, 1, 0, 5), ok(doRelease, 1, 6, 9), ok(doHold, 2, 7, 10)}, "held"},
		{"a hold of unknown outcome that was", true, []*clusterCall{open(doHold, 0, 0), taken("held", 2, 3)}, "held"},
		{"a hold of unknown outcome that was not", true, []*clusterCall{open(doHold, 0, 0), ok(doHold, 1, 2, 3)}, "held"},
		{"a hold of unknown outcome, applied late", true, []*clusterCall{open(doHold, 0, 0), ok(doHold, 1, 2, 3), ok(doRelease, 1, 4, 5)}, "held"},
		{"a release of unknown outcome", true, []*clusterCall{ok(doHold, 1, 0, 1), open(doRelease, 1, 2), ok(doHold, 2, 4, 5)}, "held"},
		{"a booking of unknown outcome", true, []*clusterCall{ok(doHold, 1, 0, 1), open(doBook, 1, 2), taken("booked", 4, 5)}, "booked"},

		{"sold twice", false, []*clusterCall{ok(doHold, 1, 0, 1), ok(doHold, 2, 2, 3)}, "held"},
		{"sold twice at once", false, []*clusterCall{ok(doHold, 1, 0, 3), ok(doHold, 2, 1, 4)}, "held"},
		{"a hold lost", false, []*clusterCall{ok(doHold, 1, 0, 1)}, "available"},
		{"a booking lost", false, []*clusterCall{ok(doHold, 1, 0, 1), ok(doBook, 1, 2, 3)}, "held"},
		{"a booking lost and sold again", false, []*clusterCall{ok(doHold, 1, 0, 1), ok(doBook, 1, 2, 3), ok(doHold, 2, 4, 5)}, "held"},
		{"a release lost", false, []*clusterCall{ok(doHold, 1, 0, 1), ok(doRelease, 1, 2, 3)}, "held"},
		{"a cancellation lost", false, []*clusterCall{ok(doHold, 1, 0, 1), ok(doBook, 1, 2, 3), ok(doCancel, 1, 4, 5)}, "booked"},
		{"refused though free", false, []*clusterCall{ok(doHold, 1, 0, 1), ok(doRelease, 1, 2, 3), taken("held", 4, 5)}, "available"},
		{"refused from old state", false, []*clusterCall{ok(doHold, 1, 0, 1), ok(doBook, 1, 2, 3), taken("held", 4, 5)}, "booked"},
		{"applied though said not to be", false, []*clusterCall{oneTry(doHold, 0, notApplied, 0, 1)}, "held"},
		{"a token that goes back", false, []*clusterCall{ok(doHold, 2, 0, 1), ok(doRelease, 2, 2, 3), ok(doHold, 1, 4, 5)}, "held"},
		{"a token given twice", false, []*clusterCall{ok(doHold, 1, 0, 1), ok(doRelease, 1, 2, 3), ok(doHold, 1, 4, 5)}, "held"},
		{"an extension of what is somebody else's", false, []*clusterCall{ok(doHold, 1, 0, 1), open(doRelease, 1, 2), ok(doHold, 2, 4, 5), ok(doExtend, 1, 6, 7)}, "held"},
		{"nobody held it", false, nil, "held"},
	} {
		ops := operations(c.calls)["e 1-1"]
		ops = append(ops, porcupine.Operation{Input: seatOp{verb: doRead}, Output: seatResult{status: c.final}, Call: 100, Return: 101})
		if got := porcupine.CheckOperations(seatModel, ops); got != c.right {
			t.Errorf("%s: the checker says %v:\n%s", c.name, got, describe(ops))
		}
	}
}

// TestUnansweredTriesStayOpen: a call that was refused the second time may have been applied by
// the first, later on.
func TestUnansweredTriesStayOpen(t *testing.T) {
	c := oneTry(doHold, 0, wasRefused, 2, 3)
	c.tries = append([]attempt{{start: 0, end: 1, verdict: unknown}}, c.tries...)
	c.taken = map[string]string{"1-1": "held"}
	ops := operations([]*clusterCall{c})["e 1-1"]
	if len(ops) != 2 || ops[0].Return != never || ops[1].Call != 2 || ops[1].Return != 3 {
		t.Errorf("its operations are %+v", ops)
	}
	again := oneTry(doHold, 7, wasDone, 2, 3)
	again.tries = append([]attempt{{start: 0, end: 1, verdict: unknown}}, again.tries...)
	if ops := operations([]*clusterCall{again})["e 1-1"]; len(ops) != 1 || ops[0].Call != 0 || ops[0].Return != 3 {
		t.Errorf("of one that was granted the second time they are %+v", ops)
	}
	given := oneTry(doHold, 0, notApplied, 2, 3)
	given.tries = append([]attempt{{start: 0, end: 1, verdict: unknown}}, given.tries...)
	if given.verdict() != unknown {
		t.Errorf("a call of which the first try may have been applied is %v", given.verdict())
	}
}

func oneTry(v verb, token uint64, is verdict, from, to int) *clusterCall {
	return &clusterCall{verb: v, event: "e", seats: []string{"1-1"}, token: token,
		tries: []attempt{{start: time.Duration(from), end: time.Duration(to), verdict: is}}}
}
