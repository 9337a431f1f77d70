package router

import (
	"errors"
	"fmt"
	"math"
)

// Validate tells all that is wrong with a table, naming fields as JSON does.
func (t *Table) Validate() error {
	share, most := 1.0, 1e9
	return errors.Join(
		within("dwell_seconds", t.DwellSeconds, 0, 3600),
		atLeast("nights", t.Nights, 2),
		t.Queue.Rate.high("queue.rate", most),
		t.Queue.Crush.high("queue.crush", share),
		t.Queue.CrushRate.high("queue.crush_rate", most),
		t.Queue.Latency.high("queue.latency_ms", most),
		checkTiers(t.Queue.PriorityTiers),
		within("queue.priority_factor", t.Queue.PriorityFactor, 1, 1000),
		t.Lease.Series.high("lease.series", share),
		t.Lease.SeriesLeft.low("lease.series_left", share),
		t.Lease.Stay.high("lease.stay", share),
		t.SkipLocked.Contention.high("skip_locked.contention", share),
		t.SkipLocked.Run.high("skip_locked.run", share),
		atLeast("skip_locked.run_shows", t.SkipLocked.RunShows, 2),
		atLeast("skip_locked.max_party", t.SkipLocked.MaxParty, 1),
	)
}

// high is for a band that is entered from below.
func (b Band) high(name string, most float64) error {
	if !(0 < b.Leave && b.Leave < b.Enter && b.Enter <= most) {
		return fmt.Errorf("router: %s: enter %v and leave %v; 0 < leave < enter ≤ %v is possible", name, b.Enter, b.Leave, most)
	}
	return nil
}

// low is for a band that is entered from above.
func (b Band) low(name string, most float64) error {
	if !(0 < b.Enter && b.Enter < b.Leave && b.Leave <= most) {
		return fmt.Errorf("router: %s: enter %v and leave %v; 0 < enter < leave ≤ %v is possible", name, b.Enter, b.Leave, most)
	}
	return nil
}

func within(name string, x, least, most float64) error {
	if math.IsNaN(x) || x < least || x > most {
		return fmt.Errorf("router: %s is %v; %v…%v is possible", name, x, least, most)
	}
	return nil
}

func atLeast(name string, x, least int) error {
	if x < least {
		return fmt.Errorf("router: %s is %d; at least %d is possible", name, x, least)
	}
	return nil
}

func checkTiers(tiers []string) error {
	for i, tier := range tiers {
		if tier == "" {
			return fmt.Errorf("router: queue.priority_tiers[%d] is empty, which would be everybody without a tier", i)
		}
	}
	return nil
}
