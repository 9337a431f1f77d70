package shard

import (
	"slices"
	"testing"
)

func (w *world) area(i int, held, booked uint32) {
	w.Helper()
	if a := w.event().Area(i); a.Held != held || a.Booked != booked {
		w.Fatalf("area %d is %+v, want %d held, %d booked", i, a, held, booked)
	}
}

func TestAreaCodes(t *testing.T) {
	for _, c := range [][2]uint32{{0, 1}, {1, MaxSeatsPerHold}, {MaxPlanAreas - 1, 7}} {
		code := AreaCode(c[0], c[1])
		if no, n, ok := SplitCode(code); !ok || no != c[0] || n != c[1] || code < MaxSeats {
			t.Errorf("%v: %d, %d, %v", c, no, n, ok)
		}
	}
	if _, _, ok := SplitCode(MaxSeats); ok {
		t.Error("a seat passes for an area")
	}
}

// A place in an area goes the way of a seat: held, booked, and free again.
func TestAreaIsCounted(t *testing.T) {
	w := theatre(t, Rules{}, 1, "....")
	a := w.ok(w.hold(0, AreaCode(0, 4), AreaCode(1, 3)))
	w.area(0, 4, 0)
	w.area(1, 3, 0)
	if v := w.event().Area(1).Version; v != 3 || a.Version != 3 {
		t.Fatalf("area at version %d, answer %+v", v, a)
	}
	w.ok(w.book(w.ok(w.hold(AreaCode(0, 2))).Number, 0))
	w.area(0, 4, 2)
	w.ok(w.release(a.Number, a.Token))
	w.area(0, 0, 2)
	w.area(1, 0, 0)
	w.reload()
	w.ok(w.cancel(1))
	w.area(0, 0, 0)
}

// What is left of an area that is too full is told; all or nothing is granted.
func TestAreaIsFull(t *testing.T) {
	w := theatre(t, Rules{}, 1, "....")
	w.ok(w.hold(AreaCode(1, 2)))
	w.unchanged(func() {
		out := w.refused(ErrSeatsUnavailable, w.hold(0, AreaCode(1, 2)))
		w.inTheWay(out, AreaCode(1, 1))
	})
	w.ok(w.hold(0, AreaCode(1, 1)))
}

// Nobody can tell whose places have lapsed: a claim ends all holds that have.
func TestAreaOfALapsedHold(t *testing.T) {
	w := theatre(t, Rules{}, 1, "....")
	w.ok(w.holdFor(MinTTL, 0, AreaCode(1, 3)))
	w.later(MinTTL - 1)
	w.refused(ErrSeatsUnavailable, w.hold(AreaCode(1, 1)))
	w.later(1)
	w.ok(w.hold(AreaCode(1, 3)))
	w.holdState(1, HoldExpired)
	w.seats("0")
}

func TestAreaRefusals(t *testing.T) {
	w := theatre(t, Rules{}, 1, "....")
	for _, c := range []struct {
		seats []uint32
		want  error
	}{
		{[]uint32{AreaCode(2, 1)}, ErrUnknownArea},
		{[]uint32{0, AreaCode(0, 0)}, ErrBadRequest},
		{[]uint32{AreaCode(0, 1), AreaCode(0, 2)}, ErrDuplicateSeat},
		{[]uint32{4, AreaCode(0, 1)}, ErrUnknownSeat},
		{[]uint32{AreaCode(0, MaxSeatsPerHold+1)}, ErrBadRequest},
		{[]uint32{AreaCode(0, 1), 0}, ErrBadRequest},
	} {
		w.unchanged(func() { w.refused(c.want, w.hold(c.seats...)) })
	}
	w.unchanged(func() { w.refused(ErrUnknownSeat, w.block("", AreaCode(0, 1))) })
	newWorld(t, 4).refused(ErrUnknownArea, newWorld(t, 4).hold(AreaCode(0, 1)))
}

func TestAreasChangedSince(t *testing.T) {
	w := theatre(t, Rules{}, 1, "....")
	w.ok(w.hold(AreaCode(1, 1)))
	v := w.ok(w.hold(0, 1)).Version
	w.ok(w.hold(AreaCode(0, 1)))
	if got := w.event().AreasChangedSince(0, nil); !slices.Equal(got, []uint32{0, 1}) {
		t.Errorf("since 0: %v", got)
	}
	if got := w.event().AreasChangedSince(v, nil); !slices.Equal(got, []uint32{0}) {
		t.Errorf("since %d: %v", v, got)
	}
	if got := w.event().ChangedSince(0, nil); len(got) != 2 {
		t.Errorf("seats changed: %v", got)
	}
}

// Left is true while a seat or a place may be claimed.
func TestLeft(t *testing.T) {
	w := theatre(t, Rules{}, 1, "..") // and areas of some places
	left := func(want bool) {
		t.Helper()
		if got := w.event().Left(); got != want {
			t.Errorf("left: %v, of %+v and %d areas", got, w.event().Counts(), w.event().Areas())
		}
	}
	left(true)
	seats := w.ok(w.hold(0, 1))
	left(true)
	var all []uint32
	for i := range w.event().Areas() {
		all = append(all, AreaCode(uint32(i), w.event().Area(i).Capacity))
	}
	places := w.ok(w.hold(all...))
	left(false)
	w.ok(w.release(places.Number, places.Token))
	left(true)
	w.ok(w.hold(all...))
	w.ok(w.release(seats.Number, seats.Token))
	left(true)
}
