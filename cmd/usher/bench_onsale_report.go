package main

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"text/tabwriter"
)

// onsaleReport is both sales side by side.
type onsaleReport struct {
	Bench        string        `json:"bench"`
	Scenario     string        `json:"scenario"`
	Scale        float64       `json:"scale"`
	Speed        float64       `json:"speed"`
	Seed         uint64        `json:"seed"`
	Nodes        int           `json:"nodes"`
	LogStore     string        `json:"log_store"`
	Seats        int           `json:"seats"`
	MaxActive    int           `json:"max_active"`
	NewPerMinute int           `json:"new_per_minute"`
	With         *onsaleColumn `json:"with,omitempty"`
	Without      *onsaleColumn `json:"without,omitempty"`
}

// onsaleColumn is one sale. Times are of the log, but for latencies and real_s.
type onsaleColumn struct {
	Ended        string  `json:"ended"`
	People       int64   `json:"people"` // who came before it ended
	PeakArrivals int     `json:"peak_arrivals_per_second"`
	Admitted     int64   `json:"admitted"`
	AdmittedPeak int     `json:"admitted_peak_per_second"`
	AdmittedMean float64 `json:"admitted_mean_per_second"`
	MinuteMost   int     `json:"admitted_most_in_60_s"`
	InsideMost   int     `json:"inside_most"`
	OverActive   int     `json:"over_max_active"`
	OverMinute   int     `json:"over_new_per_minute"`
	P50          float64 `json:"hold_p50_ms"`
	P99          float64 `json:"hold_p99_ms"`
	Attempts     int64   `json:"attempts"`
	Refused      int64   `json:"refused"`
	Sold         []int   `json:"sold"` // by night
	Buyers       int64   `json:"buyers"`
	Doubles      int64   `json:"double_allocations"`
	Lost         int64   `json:"lost_grants"`
	ETAs         int     `json:"etas"`
	ETAsWithin   float64 `json:"etas_within_20_percent"` // share
	ETAMedian    float64 `json:"eta_median_error"`       // told too much: positive; a share of what was waited
	LeftLobby    int64   `json:"left_lobby"`
	LeftLine     int64   `json:"left_line"`
	Lapsed       int64   `json:"lapsed"`          // admitted, and did not come in time
	Wasted       int64   `json:"left_shop_empty"` // came in, and bought nothing
	NoSeats      int64   `json:"nothing_left"`    // of those, because nothing was left
	NoneFree     float64 `json:"none_free_s"`     // since the opening: the first time that no seat was free; 0: never
	SoldOut      float64 `json:"sold_out_s"`      // since the opening: the last seat was booked; 0: never
	Real         float64 `json:"real_s"`
}

// column sums the sale up.
func (s *onsale) column() *onsaleColumn {
	c := &onsaleColumn{
		Ended: s.ended, People: s.people, Admitted: s.admitted, InsideMost: s.insideMost, OverActive: s.overActive,
		P50: quantile(s.latency, 50), P99: quantile(s.latency, 99), Attempts: s.attempts, Refused: s.refused,
		Sold: s.sold[:], Buyers: s.buyers, Doubles: s.doubles, Lost: s.lost, ETAs: s.etas,
		LeftLobby: s.leftLobby, LeftLine: s.leftLine, Lapsed: s.lapsed, Wasted: s.wasted, NoSeats: s.noSeats,
		NoneFree: float64(s.noneFree) / 1000, SoldOut: float64(s.soldOut) / 1000, Real: s.elapsed.Seconds(),
	}
	for _, n := range s.perSec {
		c.PeakArrivals = max(c.PeakArrivals, n)
	}
	if s.etas > 0 {
		slices.Sort(s.etaErrors)
		c.ETAsWithin = float64(s.etasWithin) / float64(s.etas)
		c.ETAMedian = s.etaErrors[len(s.etaErrors)/2]
	}
	slices.Sort(s.admits)
	c.AdmittedPeak, c.MinuteMost = mostWithin(s.admits, second), mostWithin(s.admits, minute)
	if n := len(s.admits); n > 1 {
		c.OverMinute = max(c.MinuteMost-s.room.NewPerMinute, 0)
		c.AdmittedMean = float64(n) / (float64(max(s.admits[n-1]-s.admits[0], 1)) / 1000)
	}
	return c
}

// mostWithin is how many of the sorted times lie in a span that is open at its end, wherever it
// begins.
func mostWithin(times []int64, span int64) (most int) {
	from := 0
	for i, t := range times {
		for times[from] <= t-span {
			from++
		}
		most = max(most, i-from+1)
	}
	return most
}

// verdict is an error if anything was wrong.
func (r *onsaleReport) verdict() error {
	var errs []error
	for _, c := range []*onsaleColumn{r.With, r.Without} {
		switch {
		case c == nil:
		case c.Doubles > 0:
			errs = append(errs, fmt.Errorf("%d seats were allocated twice", c.Doubles))
		case c.Lost > 0:
			errs = append(errs, fmt.Errorf("%d seats are sold in the buyers' ledger or on the map only", c.Lost))
		case c.OverActive > 0:
			errs = append(errs, fmt.Errorf("%d more people than max_active were inside", c.OverActive))
		case c.OverMinute > 0:
			errs = append(errs, fmt.Errorf("%d more people than new_per_minute were admitted in 60 s", c.OverMinute))
		}
	}
	return errors.Join(errs...)
}

func (r *onsaleReport) print(t *term) {
	t.printf("%s at scale %g, seed %d: %d nights, %d seats in all; %g times real time, %d nodes, log store %s\n",
		r.Scenario, r.Scale, r.Seed, onsaleNights, r.Seats, r.Speed, r.Nodes, r.LogStore)
	t.printf("The room admits %d a minute, %d may be inside.\n\n", r.NewPerMinute, r.MaxActive)
	w := tabwriter.NewWriter(t.out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "\twith the room\twithout\t")
	for _, row := range onsaleRows {
		fmt.Fprintf(w, "%s\t%s\t%s\t\n", row.name, r.With.cell(row.of, false), r.Without.cell(row.of, row.room))
	}
	if err := w.Flush(); err != nil {
		return // the sticky writer remembers
	}
	r.With.printEnd(t, "With")
	r.Without.printEnd(t, "Without")
}

func (c *onsaleColumn) printEnd(t *term, name string) {
	if c != nil {
		t.printf("%s the room: %s, after %.1f s of real time.\n", name, c.Ended, c.Real)
	}
}

// cell is a figure of a sale; none of one that was not held, or had no room to measure it in.
func (c *onsaleColumn) cell(of func(*onsaleColumn) string, none bool) string {
	if c == nil || none {
		return "-"
	}
	return of(c)
}

var onsaleRows = []struct {
	name string
	room bool // only of a sale with a waiting room
	of   func(*onsaleColumn) string
}{
	{"people who came", false, func(c *onsaleColumn) string { return fmt.Sprint(c.People) }},
	{"peak arrivals/s", false, func(c *onsaleColumn) string { return fmt.Sprint(c.PeakArrivals) }},
	{"admitted", true, func(c *onsaleColumn) string { return fmt.Sprint(c.Admitted) }},
	{"admitted/s, peak", true, func(c *onsaleColumn) string { return fmt.Sprint(c.AdmittedPeak) }},
	{"admitted/s, mean", true, func(c *onsaleColumn) string { return fmt.Sprintf("%.2f", c.AdmittedMean) }},
	{"admitted in 60 s, most", true, func(c *onsaleColumn) string { return fmt.Sprint(c.MinuteMost) }},
	{"inside, most", true, func(c *onsaleColumn) string { return fmt.Sprint(c.InsideMost) }},
	{"over max_active", true, func(c *onsaleColumn) string { return fmt.Sprint(c.OverActive) }},
	{"over new_per_minute", true, func(c *onsaleColumn) string { return fmt.Sprint(c.OverMinute) }},
	{"hold p50, ms", false, func(c *onsaleColumn) string { return fmt.Sprintf("%.2f", c.P50) }},
	{"hold p99, ms", false, func(c *onsaleColumn) string { return fmt.Sprintf("%.2f", c.P99) }},
	{"attempts", false, func(c *onsaleColumn) string { return fmt.Sprint(c.Attempts) }},
	{"refused", false, func(c *onsaleColumn) string { return fmt.Sprint(c.Refused) }},
	{"sold, night 1", false, func(c *onsaleColumn) string { return fmt.Sprint(c.Sold[0]) }},
	{"sold, night 2", false, func(c *onsaleColumn) string { return fmt.Sprint(c.Sold[1]) }},
	{"sold, night 3", false, func(c *onsaleColumn) string { return fmt.Sprint(c.Sold[2]) }},
	{"buyers", false, func(c *onsaleColumn) string { return fmt.Sprint(c.Buyers) }},
	{"double allocations", false, func(c *onsaleColumn) string { return fmt.Sprint(c.Doubles) }},
	{"lost grants", false, func(c *onsaleColumn) string { return fmt.Sprint(c.Lost) }},
	{"waits told of", true, func(c *onsaleColumn) string { return fmt.Sprint(c.ETAs) }},
	{"of these within 20 %", true, func(c *onsaleColumn) string { return fmt.Sprintf("%.1f %%", 100*c.ETAsWithin) }},
	{"median error of these", true, func(c *onsaleColumn) string { return fmt.Sprintf("%+.0f %%", 100*c.ETAMedian) }},
	{"left the lobby", true, func(c *onsaleColumn) string { return fmt.Sprint(c.LeftLobby) }},
	{"left the line", true, func(c *onsaleColumn) string { return fmt.Sprint(c.LeftLine) }},
	{"did not come in time", true, func(c *onsaleColumn) string { return fmt.Sprint(c.Lapsed) }},
	{"left the shop empty", false, func(c *onsaleColumn) string { return fmt.Sprint(c.Wasted) }},
	{"… as nothing was left", false, func(c *onsaleColumn) string { return fmt.Sprint(c.NoSeats) }},
	{"no seat free after, s", false, func(c *onsaleColumn) string { return after(c.NoneFree) }},
	{"sold out after, s", false, func(c *onsaleColumn) string { return after(c.SoldOut) }},
}

func after(seconds float64) string {
	if seconds == 0 {
		return "never"
	}
	return fmt.Sprint(math.Round(seconds))
}
