package proptest

import (
	"fmt"
	"slices"
	"testing"

	"github.com/usherhq/usher/shard"
)

// reachable is every answer that the generators must bring about: a proof by chance
// proves nothing about what chance does not reach. What is missing here cannot happen:
// four billion holds (ErrTooManyHolds), and a bad chunk, which shard's own tests send.
var reachable = map[string][]error{
	"*shard.Hold": {
		nil, shard.ErrUnknownEvent, shard.ErrUnknownSeat, shard.ErrDuplicateSeat, shard.ErrBadRequest, shard.ErrSeatsUnavailable,
		shard.ErrNotOnSale, shard.ErrIdempotencyMismatch, shard.ErrIdempotencyFull, shard.ErrUnknownArea, shard.ErrAdmissionRequired,
		shard.ErrLimitExceeded, shard.ErrOrphanSeats,
	},
	"*shard.Claim": {
		nil, shard.ErrUnknownEvent, shard.ErrUnknownSeat, shard.ErrDuplicateSeat, shard.ErrBadRequest, shard.ErrSeatsUnavailable,
		shard.ErrNotOnSale, shard.ErrIdempotencyMismatch, shard.ErrIdempotencyFull, shard.ErrUnknownArea, shard.ErrAdmissionRequired,
		shard.ErrLimitExceeded, shard.ErrOrphanSeats, shard.ErrNoPlan, shard.ErrUnknownChannel, shard.ErrVersionConflict,
		shard.ErrUnknownBundle, shard.ErrBundleEnded,
	},
	"*shard.Extend": {
		nil, shard.ErrUnknownEvent, shard.ErrUnknownHold, shard.ErrBadRequest, shard.ErrHoldExpired, shard.ErrHoldReleased,
		shard.ErrAlreadyBooked, shard.ErrStaleFencingToken, shard.ErrIdempotencyMismatch, shard.ErrIdempotencyFull,
	},
	"*shard.Release": {
		nil, shard.ErrUnknownHold, shard.ErrAlreadyBooked, shard.ErrStaleFencingToken, shard.ErrIdempotencyMismatch, shard.ErrIdempotencyFull,
		shard.ErrTokenRequired,
	},
	"*shard.Book": {
		nil, shard.ErrUnknownHold, shard.ErrBadRequest, shard.ErrHoldExpired, shard.ErrHoldReleased, shard.ErrTokenRequired,
		shard.ErrAlreadyBooked, shard.ErrStaleFencingToken, shard.ErrIdempotencyMismatch, shard.ErrIdempotencyFull,
	},
	"*shard.Cancel": {nil, shard.ErrUnknownBooking, shard.ErrIdempotencyMismatch, shard.ErrIdempotencyFull},
	"*shard.Block": {
		nil, shard.ErrUnknownSeat, shard.ErrDuplicateSeat, shard.ErrBadRequest, shard.ErrSeatsUnavailable,
		shard.ErrIdempotencyMismatch, shard.ErrIdempotencyFull, shard.ErrUnknownArea,
	},
	"*shard.Allot": {
		nil, shard.ErrUnknownSeat, shard.ErrDuplicateSeat, shard.ErrBadRequest, shard.ErrSeatsUnavailable,
		shard.ErrIdempotencyMismatch, shard.ErrIdempotencyFull,
	},
	"*shard.Begin":       {nil, shard.ErrBadRequest, shard.ErrIdempotencyMismatch, shard.ErrIdempotencyFull},
	"*shard.Decide":      {nil, shard.ErrBadRequest, shard.ErrUnknownBundle, shard.ErrBundleEnded, shard.ErrIdempotencyFull},
	"*shard.Resolve":     {nil, shard.ErrBadRequest},
	"*shard.Ack":         {nil, shard.ErrUnknownBundle},
	"*shard.CreateEvent": {nil, shard.ErrBadRequest, shard.ErrEventExists, shard.ErrUnknownChart, shard.ErrBadPlan},
	"*shard.Expire":      {nil},
}

// outcomes are what else has to come about, see count.
var outcomes = []string{
	"replays", "lazy expiry by a claim", "forgotten holds", "forgotten answers", "swept holds", "cut sweeps", "cancelled bookings",
	"granted: several events", "granted: any, not the first", "granted: the same on all", "granted: the best", "granted: apart",
	"granted: substitutes", "granted: wanted with fan", "granted: areas", "granted: a lease", "granted: by a channel", "granted: as read",
	"granted: for a bundle here", "granted: for a bundle elsewhere", "suggested", "undecided conflicts", "a bundle's claim again",
	"bundle open", "bundle held", "bundle ended", "bundle booked", "bundle cancelled", "guest held", "guest booked", "guest cancelled",
	"forgotten bundles", "acknowledged", "old news", "granted after a restore", "used over a restore",
}

// often is how many times in reachRuns runs each of them must come about.
const (
	reachRuns = 200
	often     = 5
)

func TestGeneratorsReachEverything(t *testing.T) {
	t.Parallel()
	told := map[string]int{}
	for seed := range uint64(reachRuns) {
		reach(t, seed, told)
	}
	for op, errs := range reachable {
		for _, err := range errs {
			least := often
			if op == "*shard.Decide" && err == shard.ErrIdempotencyFull {
				least = 1 // the table has filled between begin and commit
			}
			if n := told[answerName(op, err)]; n < least {
				t.Errorf("%s came about %d times in %d runs", answerName(op, err), n, reachRuns)
			}
		}
	}
	for _, what := range outcomes {
		if told[what] < often {
			t.Errorf("%s: %d in %d runs", what, told[what], reachRuns)
		}
	}
	var lines []string
	for what, n := range told {
		lines = append(lines, fmt.Sprintf("%6d %s", n, what))
	}
	slices.Sort(lines)
	for _, l := range lines {
		t.Log(l)
	}
}

func answerName(op string, err error) string { return fmt.Sprintf("%s → %v", op, err) }

// reach plays one run and counts what came about.
func reach(t *testing.T, seed uint64, told map[string]int) {
	t.Helper()
	x, err := NewRun(Seeded(seed), NewReal(), nil)
	if err != nil {
		t.Fatal(err)
	}
	x.OnTold = func(op Op, out shard.Result) { x.count(op, out, told) }
	for range 300 {
		keys := x.answers()
		if err := x.Step(); err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		told["forgotten answers"] += max(0, keys-x.answers())
	}
	for _, e := range x.m.Events {
		for _, h := range e.Holds {
			told["forgotten holds"] += one(h.Forgotten)
		}
		for _, b := range e.Books {
			told["cancelled bookings"] += one(b.Cancelled)
		}
	}
	for _, b := range x.m.Bundles {
		told["bundle "+stateNames[b.State]] += one(b.Home == 0)
		told["forgotten bundles"] += one(b.Forgotten)
	}
}

var stateNames = []string{"", "open", "held", "ended", "booked", "cancelled"}

func one(yes bool) int {
	if yes {
		return 1
	}
	return 0
}

// count notes what a command came to.
func (x *Run) count(op Op, out shard.Result, told map[string]int) {
	told[answerName(fmt.Sprintf("%T", op), out.Err)]++
	told["replays"] += one(out.Replayed)
	for _, f := range out.Conflicts {
		told["undecided conflicts"] += one(f.Undecided)
	}
	told["granted after a restore"] += one(out.Err == nil && !out.Replayed && x.grantedNow(op, out))
	told["used over a restore"] += one(out.Err == nil && !out.Replayed && x.usedOver(op))
	switch c := op.(type) {
	case *shard.Expire:
		told["swept holds"] += int(out.Count)
		told["cut sweeps"] += one(out.More)
	case *shard.Hold:
		told["lazy expiry by a claim"] += one(out.Err == nil && !out.Replayed && int(out.Version)-len(c.Seats) > x.versionBefore)
	case *shard.Claim:
		countClaim(c, out, told)
	case *shard.Resolve:
		told["guest "+stateNames[out.Bundle]] += one(out.Bundle == c.State)
	case *shard.Ack:
		told["acknowledged"] += one(out.Err == nil && out.Bundle == c.State)
		told["old news"] += one(out.Err == nil && out.Bundle != c.State)
	}
}

// grantedNow tells of a grant in an era that is not the first.
func (x *Run) grantedNow(op Op, out shard.Result) bool {
	_, hold := op.(*shard.Hold)
	return hold && len(x.m.Events[out.Event].Eras) > 0
}

// usedOver tells of a hold that is extended or booked in a later era than its own.
func (x *Run) usedOver(op Op) bool {
	var no, hold uint32
	switch c := op.(type) {
	case *shard.Extend:
		no, hold = c.Event, c.Hold
	case *shard.Book:
		no, hold = c.Event, c.Hold
	default:
		return false
	}
	eras := x.m.Events[no].Eras
	return len(eras) > 0 && int(hold) <= eras[len(eras)-1].Holds
}

func countClaim(c *shard.Claim, out shard.Result, told map[string]int) {
	if out.Err != nil {
		told["suggested"] += one(len(out.Granted) > 0)
		return
	}
	if out.Replayed {
		told["a bundle's claim again"] += one(c.Txn != shard.Txn{})
		return
	}
	told["granted: several events"] += one(len(out.Granted) > 1)
	told["granted: any, not the first"] += one(c.Any && out.Count > 0)
	told["granted: the same on all"] += one(c.Same && len(out.Granted) > 1)
	told["granted: a lease"] += one(c.Lease)
	told["granted: for a bundle here"] += one(c.Txn != shard.Txn{} && c.Txn.Home == 0)
	told["granted: for a bundle elsewhere"] += one(c.Txn.Home != 0)
	if c.Any {
		return
	}
	for i, g := range out.Granted {
		it, seats := &c.Items[i], seatsIn(g.Seats)
		told["granted: areas"] += one(len(seats) < len(g.Seats))
		told["granted: by a channel"] += one(it.Channel != [16]byte{})
		told["granted: as read"] += one(it.IfSince || it.Versions != nil)
		told["granted: the best"] += one(it.Best != nil)
		told["granted: apart"] += one(it.Best != nil && int(seats[len(seats)-1]-seats[0]) >= len(seats))
		told["granted: substitutes"] += one(it.Fan != shard.FanNone && !slices.Equal(g.Seats, it.Seats))
		told["granted: wanted with fan"] += one(it.Fan != shard.FanNone && slices.Equal(g.Seats, it.Seats))
	}
}

func (x *Run) answers() (n int) {
	for _, e := range x.m.Events {
		n += len(e.Answers)
	}
	return n
}
