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
		shard.ErrNotOnSale, shard.ErrIdempotencyMismatch, shard.ErrIdempotencyFull,
	},
	"*shard.Extend": {
		nil, shard.ErrUnknownEvent, shard.ErrUnknownHold, shard.ErrBadRequest, shard.ErrHoldExpired, shard.ErrHoldReleased,
		shard.ErrAlreadyBooked, shard.ErrStaleFencingToken, shard.ErrIdempotencyMismatch, shard.ErrIdempotencyFull,
	},
	"*shard.Release": {
		nil, shard.ErrUnknownHold, shard.ErrAlreadyBooked, shard.ErrStaleFencingToken, shard.ErrIdempotencyMismatch, shard.ErrIdempotencyFull,
	},
	"*shard.Book": {
		nil, shard.ErrUnknownHold, shard.ErrBadRequest, shard.ErrHoldExpired, shard.ErrHoldReleased,
		shard.ErrAlreadyBooked, shard.ErrStaleFencingToken, shard.ErrIdempotencyMismatch, shard.ErrIdempotencyFull,
	},
	"*shard.Cancel": {nil, shard.ErrUnknownBooking, shard.ErrIdempotencyMismatch, shard.ErrIdempotencyFull},
	"*shard.Block": {
		nil, shard.ErrUnknownSeat, shard.ErrDuplicateSeat, shard.ErrBadRequest, shard.ErrSeatsUnavailable,
		shard.ErrIdempotencyMismatch, shard.ErrIdempotencyFull,
	},
	"*shard.CreateEvent": {nil, shard.ErrBadRequest, shard.ErrEventExists, shard.ErrUnknownChart},
	"*shard.Expire":      {nil},
}

// often is how many times in reachRuns runs each of them must come about.
const (
	reachRuns = 40
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
			if n := told[answerName(op, err)]; n < often {
				t.Errorf("%s came about %d times in %d runs", answerName(op, err), n, reachRuns)
			}
		}
	}
	for _, what := range []string{"replays", "lazy expiry by a claim", "forgotten holds", "forgotten answers", "swept holds", "cut sweeps", "cancelled bookings"} {
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
	x.OnTold = func(op Op, out shard.Result) {
		told[answerName(fmt.Sprintf("%T", op), out.Err)]++
		switch c := op.(type) {
		case *shard.Expire:
			told["swept holds"] += int(out.Count)
			if out.More {
				told["cut sweeps"]++
			}
		case *shard.Hold:
			if out.Err == nil && !out.Replayed && int(out.Version)-len(c.Seats) > x.versionBefore {
				told["lazy expiry by a claim"]++
			}
		}
		if out.Replayed {
			told["replays"]++
		}
	}
	for range 300 {
		keys := x.answers()
		if err := x.Step(); err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		told["forgotten answers"] += max(0, keys-x.answers())
	}
	for _, e := range x.m.Events {
		for _, h := range e.Holds {
			if h.Forgotten {
				told["forgotten holds"]++
			}
		}
		for _, b := range e.Books {
			if b.Cancelled {
				told["cancelled bookings"]++
			}
		}
	}
}

func (x *Run) answers() (n int) {
	for _, e := range x.m.Events {
		n += len(e.Answers)
	}
	return n
}
