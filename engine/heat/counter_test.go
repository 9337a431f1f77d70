package heat

import (
	"testing"
	"time"
)

// TestCounter: it counts what Heat counts, also when the event cooled in between.
func TestCounter(t *testing.T) {
	h, shape := newHeat(t, Config{}), stadium(t, 1000)
	c := h.Counter(Key{1, 1}, shape)
	for range 3 {
		c.Attempt([]uint32{5}, false)
		h.Attempt(Key{1, 1}, shape, []uint32{5}, true)
		h.Tick(0)
		if p := h.Pulse(Key{1, 1}); p.Attempts != 2 || p.Lost != 1 {
			t.Errorf("pulse %+v", p)
		}
		for range 3 {
			h.Tick(time.Hour)
		}
		if h.Stats().Events != 0 {
			t.Fatal("the event is still warm")
		}
	}
}
