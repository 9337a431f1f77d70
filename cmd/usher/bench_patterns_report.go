package main

import (
	"cmp"
	"fmt"
	"math"
	"slices"
)

// patternsReport is what was measured; of several rounds the medians, of what must not
// happen the sum.
type patternsReport struct {
	Bench    string        `json:"bench"`
	Patterns []patternLine `json:"patterns"`
	// FanOut is what replacing seats adds to the share of buyers that leave with seats:
	// skip_locked less direct.
	FanOut float64 `json:"fan_out_adds_conversion"`
	// FanOutFirst is the same for buyers who do not try again.
	FanOutFirst float64 `json:"fan_out_adds_first_try"`
	// Heat are the two sales that take their time; none with --over 0s.
	Heat        []patternLine `json:"heat,omitempty"`
	HeatRetries float64       `json:"heat_takes_retries,omitempty"` // share of the attempts after the first
	HeatAdds    float64       `json:"heat_adds_conversion,omitempty"`

	Buyers  int     `json:"buyers"`
	Seats   int     `json:"seats"`
	Clients int     `json:"clients"`
	Inside  int     `json:"inside"`
	Tries   int     `json:"tries"`
	StaleMS float64 `json:"stale_ms"`
	OverS   float64 `json:"over_s"`
	Chance  float64 `json:"heat_chance"`
	Rounds  int     `json:"rounds"`
	Nodes   int     `json:"nodes"`
	Log     string  `json:"log_store"`
}

// patternLine is one kind of sale.
type patternLine struct {
	Pattern           string  `json:"pattern"`
	AttemptsPerSecond float64 `json:"attempts_per_second"`
	P50               float64 `json:"p50_ms"` // of an attempt, won or lost
	P99               float64 `json:"p99_ms"`
	GrantedP50        float64 `json:"granted_p50_ms"` // of one that won: refusals are often told from memory
	GrantedP99        float64 `json:"granted_p99_ms"`
	Conversion        float64 `json:"conversion"` // share of buyers that leave with seats
	FirstTry          float64 `json:"first_try"`  // share of buyers that had them by the first attempt
	AttemptsPerBuyer  float64 `json:"attempts_per_buyer"`
	Refused           float64 `json:"refused"` // share of attempts
	SeatsSold         float64 `json:"seats_sold"`
	Substituted       float64 `json:"substituted"`   // buyers that left with others than wanted
	GaveUp            float64 `json:"gave_up"`       // buyers that were refused too often
	FoundNothing      float64 `json:"found_nothing"` // buyers that saw no room for their party
	LeasesLost        float64 `json:"leases_lost"`
	Duration          float64 `json:"duration_s"`
	DoubleAllocations int64   `json:"double_allocations"`
	LostGrants        int64   `json:"lost_grants"` // seats that buyers and map say different things of
}

// lineOf is one sale's.
func lineOf(name string, r *saleResult) patternLine {
	took := r.elapsed.Seconds()
	return patternLine{
		Pattern: name, AttemptsPerSecond: float64(r.attempts) / took,
		P50: quantile(r.latency, 50), P99: quantile(r.latency, 99), GrantedP50: quantile(r.granted, 50), GrantedP99: quantile(r.granted, 99),
		Conversion: share(r.seated, r.buyers), FirstTry: share(r.firstTry, r.buyers),
		AttemptsPerBuyer: share(r.attempts, r.buyers), Refused: share(r.refused, r.attempts),
		SeatsSold: float64(r.seats), Substituted: float64(r.substituted), FoundNothing: float64(r.foundNothing),
		GaveUp: float64(r.buyers - r.seated - r.foundNothing), LeasesLost: float64(r.leasesLost), Duration: took,
		DoubleAllocations: r.doubles, LostGrants: r.lost,
	}
}

func share(n, of int64) float64 {
	if of == 0 {
		return 0
	}
	return float64(n) / float64(of)
}

// measured are a line's figures that are medians, with how many decimals they are told.
func (l *patternLine) measured() []struct {
	v        *float64
	decimals int
} {
	return []struct {
		v        *float64
		decimals int
	}{
		{&l.AttemptsPerSecond, 0}, {&l.P50, 3}, {&l.P99, 3}, {&l.GrantedP50, 3}, {&l.GrantedP99, 3}, {&l.Conversion, 4}, {&l.FirstTry, 4}, {&l.AttemptsPerBuyer, 3}, {&l.Refused, 4}, {&l.SeatsSold, 0},
		{&l.Substituted, 0}, {&l.GaveUp, 0}, {&l.FoundNothing, 0}, {&l.LeasesLost, 0}, {&l.Duration, 2},
	}
}

// medianLine is figure by figure the median of the rounds.
func medianLine(name string, rounds []saleResult) patternLine {
	lines := make([]patternLine, len(rounds))
	out := patternLine{Pattern: name}
	for i := range rounds {
		lines[i] = lineOf(name, &rounds[i])
		out.DoubleAllocations += lines[i].DoubleAllocations
		out.LostGrants += lines[i].LostGrants
	}
	for f, m := range out.measured() {
		var all []float64
		for i := range lines {
			all = append(all, *lines[i].measured()[f].v)
		}
		*m.v = rounded(median(all), m.decimals)
	}
	return out
}

func rounded(x float64, decimals int) float64 {
	p := math.Pow10(decimals)
	return math.Round(x*p) / p
}

func median(x []float64) float64 {
	slices.SortFunc(x, cmp.Compare[float64])
	return (x[(len(x)-1)/2] + x[len(x)/2]) / 2
}

// sumUp makes the report of all rounds.
func (c *benchPatternsCmd) sumUp(h *patternHouse, kinds []saleKind, held [][]saleResult) *patternsReport {
	r := &patternsReport{
		Bench: "patterns", Buyers: c.Buyers, Seats: len(h.ids), Clients: c.Clients, Inside: c.Inside, Tries: c.Tries, StaleMS: float64(c.Stale.Microseconds()) / 1000,
		OverS: c.Over.Seconds(), Chance: c.HeatChance, Rounds: c.Rounds, Nodes: c.Nodes, Log: c.LogStore,
	}
	for i, k := range kinds {
		line := medianLine(k.name, held[i])
		if k.over > 0 {
			r.Heat = append(r.Heat, line)
		} else {
			r.Patterns = append(r.Patterns, line)
		}
	}
	direct, skip := &r.Patterns[0], &r.Patterns[1]
	r.FanOut, r.FanOutFirst = rounded(skip.Conversion-direct.Conversion, 4), rounded(skip.FirstTry-direct.FirstTry, 4)
	if len(r.Heat) == 2 {
		blind, warm := &r.Heat[0], &r.Heat[1]
		if retries := blind.AttemptsPerBuyer - 1; retries > 0 {
			r.HeatRetries = rounded((blind.AttemptsPerBuyer-warm.AttemptsPerBuyer)/retries, 4)
		}
		r.HeatAdds = rounded(warm.Conversion-blind.Conversion, 4)
	}
	return r
}

func (c *benchPatternsCmd) report(t *term, r *patternsReport) error {
	if err := c.tell(t, r, r.print); err != nil {
		return err
	}
	for _, l := range slices.Concat(r.Patterns, r.Heat) {
		switch {
		case l.DoubleAllocations > 0:
			return fmt.Errorf("%s: %d seats were sold twice", l.Pattern, l.DoubleAllocations)
		case l.LostGrants > 0:
			return fmt.Errorf("%s: of %d seats the buyers and the engine's map say different things", l.Pattern, l.LostGrants)
		}
	}
	return nil
}

func (r *patternsReport) print(t *term) {
	t.printf("%d buyers for %d seats, %d at once (%d behind the waiting room), maps up to %v ms old, %d tries; %d nodes, log store %s, rounds %d\n",
		r.Buyers, r.Seats, r.Clients, r.Inside, r.StaleMS, r.Tries, r.Nodes, r.Log, r.Rounds)
	printLines(t, r.Patterns)
	t.printf("  fan-out (skip_locked less direct) adds %.1f points to the buyers that leave with seats, and %.1f to those that have them at once\n", 100*r.FanOut, 100*r.FanOutFirst)
	if len(r.Heat) != 2 {
		return
	}
	t.printf("the same crowd over %v s, by direct; with heat, seats of a chance under %v are left to others\n", r.OverS, r.Chance)
	printLines(t, r.Heat)
	for _, l := range r.Heat {
		if l.Duration > r.OverS+paceSlack {
			t.printf("  %s: the machine could not keep the pace, so buyers came more slowly than they should; take a longer --over\n", l.Pattern)
		}
	}
	t.printf("  heat takes %.0f %% of the attempts after the first, and adds %.1f points to the share that leaves with seats\n", 100*r.HeatRetries, 100*r.HeatAdds)
}

// paceSlack is how many seconds the last buyers may take after the last one came.
const paceSlack = 2

func printLines(t *term, lines []patternLine) {
	t.printf("  %-13s %11s %8s %8s %8s %11s %9s %15s %8s %8s %7s %8s\n", "", "attempts/s", "p50 ms", "p99 ms", "won p50", "with seats", "at once", "attempts/buyer", "refused", "seats", "took s", "doubles")
	for i := range lines {
		l := &lines[i]
		t.printf("  %-13s %11.0f %8.2f %8.2f %8.2f %9.1f %% %7.1f %% %15.2f %6.1f %% %8.0f %7.1f %8d\n",
			l.Pattern, l.AttemptsPerSecond, l.P50, l.P99, l.GrantedP50, 100*l.Conversion, 100*l.FirstTry, l.AttemptsPerBuyer, 100*l.Refused, l.SeatsSold, l.Duration, l.DoubleAllocations)
	}
}
