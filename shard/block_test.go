package shard

import (
	"slices"
	"testing"
)

func TestBlockAndUnblock(t *testing.T) {
	w := newWorld(t, 5)
	if out := w.ok(w.block("camera", 1, 2)); out.Count != 2 || out.Version != 2 {
		t.Fatalf("answer is %+v", out)
	}
	w.seats("03300")
	if got := w.event().Reason(1); got != "camera" {
		t.Fatalf("reason is %q", got)
	}
	// What is blocked already counts no change, but takes the new reason.
	if out := w.ok(w.block("stage", 2, 3)); out.Count != 1 || out.Version != 3 {
		t.Fatalf("answer is %+v", out)
	}
	if a, b := w.event().Reason(1), w.event().Reason(2); a != "camera" || b != "stage" {
		t.Fatalf("reasons are %q and %q", a, b)
	}
	if out := w.ok(w.unblock(0, 1, 2)); out.Count != 2 || out.Version != 5 {
		t.Fatalf("answer is %+v", out)
	}
	w.seats("00030")
	if a, b := w.event().Reason(1), w.event().Reason(2); a != "" || b != "" {
		t.Fatalf("reasons %q and %q outlived their block", a, b)
	}
}

func TestBlockRefusals(t *testing.T) {
	for name, tc := range map[string]struct {
		c    Block
		want error
		conf []Conflict
	}{
		"unknown event":   {Block{Event: 1, Seats: []uint32{0}}, ErrUnknownEvent, nil},
		"no seats":        {Block{}, ErrBadRequest, nil},
		"too many":        {Block{Seats: upTo(MaxBlockSeats + 1)}, ErrBadRequest, nil},
		"twice":           {Block{Seats: []uint32{2, 2}}, ErrDuplicateSeat, nil},
		"unsorted":        {Block{Seats: []uint32{3, 2}}, ErrBadRequest, nil},
		"unknown seat":    {Block{Seats: []uint32{2, MaxBlockSeats + 2}}, ErrUnknownSeat, nil},
		"reason too long": {Block{Seats: []uint32{2}, Reason: make([]byte, MaxReasonLen+1)}, ErrBadRequest, nil},
		"held and booked": {Block{Seats: []uint32{0, 1, 2}}, ErrSeatsUnavailable, []Conflict{{Seat: 0, Status: Held}, {Seat: 1, Status: Booked}}},
		"unblock held":    {Block{Seats: []uint32{0, 3}, Unblock: true}, ErrSeatsUnavailable, []Conflict{{Seat: 0, Status: Held}}},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, MaxBlockSeats+2)
			w.ok(w.hold(0))
			w.ok(w.book(w.ok(w.hold(1)).Number, 0))
			w.ok(w.block("mine", 3))
			w.unchanged(func() {
				var out Result
				w.s.Block(w.now, &tc.c, &out)
				if w.refused(tc.want, out); !slices.Equal(out.Conflicts, tc.conf) {
					t.Errorf("conflicts are %v, want %v", out.Conflicts, tc.conf)
				}
			})
		})
	}
}

func TestBlockLargest(t *testing.T) {
	w := newWorld(t, MaxBlockSeats)
	w.ok(w.block("all", upTo(MaxBlockSeats)...))
	if c := w.event().Counts(); c.Blocked != MaxBlockSeats {
		t.Fatalf("counts are %+v", c)
	}
}

// A lapsed hold is no obstacle, and is ended by the block.
func TestBlockOverLapsedHold(t *testing.T) {
	w := newWorld(t, 3)
	h := w.ok(w.holdFor(MinTTL, 0, 1))
	w.later(MinTTL)
	if out := w.ok(w.block("", 1)); out.Count != 1 || out.Version != 5 {
		t.Fatalf("answer is %+v", out)
	}
	w.seats("030")
	w.holdState(h.Number, HoldExpired)
}
