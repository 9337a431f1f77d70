package heat

import (
	"testing"
	"time"
)

// TestLooks: what a viewer is told is what the report says of the same seats and sections.
func TestLooks(t *testing.T) {
	h, shape := newHeat(t, Config{}), stadium(t, 1000)
	event := Key{1, 1}
	on := func(seats ...uint32) Focus {
		f, err := shape.OnSeats(seats)
		if err != nil {
			t.Fatal(err)
		}
		return f
	}
	second, err := shape.OnSection(1)
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		h.Viewer(event, shape).Look(on(5, 6))
	}
	h.Viewer(event, shape).Look(on(6))
	h.Viewer(event, shape).Look(second)
	h.Attempt(event, shape, []uint32{5}, false)
	h.Tick(time.Second)
	free := func(s uint32) bool { return s != 7 }
	looks, viewers := h.Looks(event, shape, []Focus{on(5), on(6, 5), on(7, 6), second, {}}, free)
	report := h.Report(event, shape, 0, free)
	seats := h.Seats(event, shape, []uint32{5, 6, 7}, free)
	want := []Look{
		{3, seats[0].Chance},
		{4, min(seats[0].Chance, seats[1].Chance)},
		{4, 0},
		{report.Sections[1].Viewers, report.Sections[1].Chance},
		{5, report.Chance},
	}
	for i, l := range looks {
		if l != want[i] {
			t.Errorf("look %d: %+v, want %+v", i, l, want[i])
		}
	}
	if viewers != 5 {
		t.Errorf("%d viewers", viewers)
	}
	if looks, viewers := h.Looks(Key{1, 2}, shape, []Focus{on(5)}, nil); looks[0] != (Look{0, 1}) || viewers != 0 {
		t.Errorf("of a quiet event: %+v, %d", looks, viewers)
	}
}
