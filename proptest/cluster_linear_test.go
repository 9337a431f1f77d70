package proptest_test

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"
)

// seatOp is what a call wants of one of its seats, or, with the verb doRead, what was seen of it.
type seatOp struct {
	verb  verb
	token uint64
	call  *clusterCall // for people
}

// doRead is a look at a seat; its result is the status that was seen. A refusal that names a
// seat is one, and so is the map of a cluster at rest.
const doRead verb = "read"

// seatResult is the outcome; of a hold that was granted with its token.
type seatResult struct {
	verdict verdict
	token   uint64
	status  string
}

// seatState is a seat: free, or of a token's hold. Holds of these tests do not run out.
type seatState struct {
	status string // available, held, booked
	token  uint64 // of the hold that has it; 0: of one that nobody was told of
	last   uint64 // highest token ever granted
}

// seatModel is what one seat may do. A call of unknown outcome is open to the end: it may have
// been applied at any moment after it began, or never, which is the same as after all else.
var seatModel = porcupine.Model{
	Init: func() any { return seatState{status: "available"} },
	Step: func(state, input, output any) (bool, any) {
		return seatStep(state.(seatState), input.(seatOp), output.(seatResult))
	},
	DescribeOperation: func(input, output any) string { return fmt.Sprint(input, output) },
}

func seatStep(s seatState, op seatOp, r seatResult) (bool, seatState) {
	next, can := seatNext(s, op, r.token)
	switch {
	case op.verb == doRead:
		return s.status == r.status, s
	case r.verdict == wasDone:
		return can, next
	case can: // of unknown outcome
		return true, next
	}
	return true, s
}

// seatNext is the seat after a verb, and whether it can be done.
func seatNext(s seatState, op seatOp, granted uint64) (seatState, bool) {
	mine := s.token == op.token && op.token != 0
	switch op.verb {
	case doHold:
		if granted == 0 { // an answer that nobody has: the token is above all others, but not known
			return seatState{"held", 0, s.last}, s.status == "available"
		}
		return seatState{"held", granted, granted}, s.status == "available" && granted > s.last
	case doExtend:
		return s, s.status == "held" && mine
	case doRelease:
		return seatState{"available", 0, s.last}, s.status == "held" && mine
	case doBook:
		return seatState{"booked", s.token, s.last}, s.status == "held" && mine
	case doCancel:
		return seatState{"available", 0, s.last}, s.status == "booked" && mine
	}
	return s, false
}

// never is when calls end whose end is not known.
const never = math.MaxInt64

// operations turns calls into what happened to each seat, by event and seat.
func operations(calls []*clusterCall) map[string][]porcupine.Operation {
	out := map[string][]porcupine.Operation{}
	add := func(c *clusterCall, seat string, op seatOp, r seatResult, from, to time.Duration) {
		op.call = c
		key := c.event + " " + seat
		out[key] = append(out[key], porcupine.Operation{ClientId: c.client, Input: op, Output: r, Call: int64(from), Return: int64(to)})
	}
	for _, c := range calls {
		first, last := &c.tries[0], c.last()
		for _, seat := range c.seats {
			op := seatOp{verb: c.verb, token: c.token}
			if c.verb == doHold {
				op.token = 0
			}
			switch {
			case last.verdict == wasDone:
				add(c, seat, op, seatResult{verdict: wasDone, token: c.token}, first.start, last.end)
			case last.verdict == unknown, first.verdict == unknown:
				// A refusal that followed says nothing of what may still be under way.
				add(c, seat, op, seatResult{verdict: unknown}, first.start, never)
			}
			if status, ok := c.taken[seat]; ok {
				add(c, seat, seatOp{verb: doRead}, seatResult{status: status}, last.start, last.end)
			}
		}
	}
	return out
}

// linearize wants each seat's calls, and the look at it when all was over, to be those of one
// seat that did one thing after the other.
func (h *history) linearize(t *testing.T, final map[string]string) {
	t.Helper()
	at := int64(h.now())
	all := operations(h.all())
	for key, status := range final {
		all[key] = append(all[key], porcupine.Operation{Input: seatOp{verb: doRead}, Output: seatResult{status: status}, Call: at, Return: at + 1})
	}
	for key, ops := range all {
		switch porcupine.CheckOperationsTimeout(seatModel, ops, time.Minute) {
		case porcupine.Ok:
		case porcupine.Illegal:
			t.Errorf("no order of what happened to seat %s explains the answers:\n%s", key, describe(ops))
		default:
			t.Errorf("seat %s: %d calls were not checked in a minute", key, len(ops))
		}
	}
}

func describe(ops []porcupine.Operation) string {
	slices.SortFunc(ops, func(a, b porcupine.Operation) int { return int(min(max(a.Call-b.Call, -1), 1)) })
	var b strings.Builder
	for _, o := range ops {
		op, r := o.Input.(seatOp), o.Output.(seatResult)
		if op.call == nil {
			fmt.Fprintf(&b, "at the end it is %s\n", r.status)
			continue
		}
		fmt.Fprintf(&b, "%s %v: %v\n", op.verb, r, op.call)
	}
	return b.String()
}
