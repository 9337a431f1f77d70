package engine

import (
	"testing"
	"time"
)

func TestNextPace(t *testing.T) {
	const slow, quick = paceTarget + 1, paceTarget
	for _, c := range []struct {
		pace, most uint32
		p99        time.Duration
		want       uint32
	}{
		{1000, 1000, quick, 1000}, {1000, 1000, slow, 700}, {700, 1000, 0, 750}, {980, 1000, quick, 1000},
		{60, 1000, slow, 50}, {50, 1000, slow, 50}, {10, 1000, quick, 60}, {3, 10, slow, 2}, {1, 10, slow, 1}, {1, 1, slow, 1},
		{2000, 1000, quick, 1000}, // the most was lowered
	} {
		if got := nextPace(c.pace, c.most, c.p99); got != c.want {
			t.Errorf("after %d of %d, with claims of %v: %d, want %d", c.pace, c.most, c.p99, got, c.want)
		}
	}
}
