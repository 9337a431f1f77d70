package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/usherhq/usher/engine"
)

// benchClaimsCmd measures the engine's own blocking path: engine.Hold, real disks, and
// real sockets between replicas.
type benchClaimsCmd struct {
	benchReplicas

	Clients  int           `default:"4096" placeholder:"N" help:"Callers, each with one claim at a time."`
	Seats    int           `default:"90000" placeholder:"N" help:"Seats of an event. All events are in one series, so in one group; when one is sold out the next goes on sale."`
	Hot      int           `placeholder:"N" help:"Instead: all clients fight over the same N seats, and winners give them back at once."`
	Duration time.Duration `default:"10s" placeholder:"D" help:"How long, up to 10m; it ends earlier when all seats are sold."`
	NoHeat   bool          `name:"no-heat" help:"Count no contention, to measure what counting it costs."`
}

// claimsReport is what was measured.
type claimsReport struct {
	Bench             string  `json:"bench"`
	AttemptsPerSecond float64 `json:"attempts_per_second"`
	WinsPerSecond     float64 `json:"wins_per_second"`
	P50               float64 `json:"p50_ms"` // of all attempts
	P99               float64 `json:"p99_ms"`
	Max               float64 `json:"max_ms"`
	DoubleAllocations int64   `json:"double_allocations"` // seats granted while somebody had them
	LostGrants        int64   `json:"lost_grants"`        // grants that are not in the engine's map at the end
	Attempts          int64   `json:"attempts"`
	Wins              int64   `json:"wins"`
	Refused           int64   `json:"refused"`
	Errors            int64   `json:"errors"`
	FirstError        string  `json:"first_error,omitempty"`
	Nodes             int     `json:"nodes"`
	Clients           int     `json:"clients"`
	Seats             int     `json:"seats"`
	Hot               int     `json:"hot,omitempty"`
	Events            int     `json:"events"`
	LogStore          string  `json:"log_store"`
	Duration          float64 `json:"duration_s"`
	NoHeat            bool    `json:"no_heat,omitempty"`
	SoldOut           bool    `json:"sold_out"` // before the time was up
}

const (
	maxClients = 1 << 16
	maxBench   = 10 * time.Minute
	// benchTTL keeps what was won for longer than any run.
	benchTTL = time.Hour
	// Events are made before the clock starts, enough for the fastest that was ever seen.
	maxClaimRate   = 1_200_000 // a second, of all clients
	maxClientRate  = 20_000    // a second, of one
	maxBenchEvents = 2_000
	maxBenchSeats  = 400_000_000 // of all events: 25 bytes each on each replica
)

// Run measures and reports; it fails on any error or double allocation.
func (c *benchClaimsCmd) Run(ctx context.Context, t *term) error {
	if err := c.validate(); err != nil {
		return err
	}
	var rep *claimsReport
	err := c.with(ctx, c.Clients, engine.Config{HeatOff: c.NoHeat}, func(e *engine.Engine) (err error) {
		rep, err = c.measure(ctx, t, e)
		return err
	})
	if err != nil {
		return err
	}
	return c.report(t, rep)
}

func (c *benchClaimsCmd) validate() error {
	switch {
	case c.Clients < 1 || c.Clients > maxClients:
		return fmt.Errorf("--clients %d: possible are 1 to %d", c.Clients, maxClients)
	case c.Seats < 1 || c.Seats > 1_000_000:
		return fmt.Errorf("--seats %d: possible are 1 to 1000000", c.Seats)
	case c.Hot < 0 || c.Hot > c.Seats:
		return fmt.Errorf("--hot %d: possible are 1 to the %d --seats", c.Hot, c.Seats)
	case c.Duration <= 0 || c.Duration > maxBench:
		return fmt.Errorf("--duration %v: possible is up to %v", c.Duration, maxBench)
	}
	return c.benchReplicas.validate()
}

// events is how many are needed for the whole run.
func (c *benchClaimsCmd) events() int {
	if c.Hot > 0 {
		return 1
	}
	rate := min(float64(c.Clients)*maxClientRate, maxClaimRate)
	n := math.Ceil(rate*c.Duration.Seconds()/float64(c.Seats)) + 1
	return int(min(n, maxBenchEvents, math.Ceil(maxBenchSeats/float64(c.Seats))))
}

// measure sets up, runs, and holds the ledger against the engine's map.
func (c *benchClaimsCmd) measure(ctx context.Context, t *term, e *engine.Engine) (*claimsReport, error) {
	stage, err := newBenchStage(ctx, e, c.Seats, c.events())
	if err != nil {
		return nil, err
	}
	stop, err := startProfile(c.CPUProfile)
	if err != nil {
		return nil, err
	}
	load := &claimLoad{benchStage: stage, clients: c.Clients, hot: c.Hot, shards: newFigures(newClaimShard)}
	elapsed := load.run(ctx, c.Duration)
	if err := errors.Join(stop(), e.Err(), ctx.Err()); err != nil {
		return nil, err
	}
	rep := load.report(elapsed)
	rep.Nodes, rep.Seats, rep.LogStore, rep.NoHeat = c.Nodes, c.Seats, c.LogStore, c.NoHeat
	rep.LostGrants, err = stage.lost(ctx)
	return rep, err
}

func (c *benchClaimsCmd) report(t *term, r *claimsReport) error {
	if err := c.tell(t, r, r.print); err != nil {
		return err
	}
	switch {
	case r.DoubleAllocations > 0:
		return fmt.Errorf("%d seats were allocated twice", r.DoubleAllocations)
	case r.LostGrants > 0:
		return fmt.Errorf("%d grants are not in the engine's seat map", r.LostGrants)
	case r.Errors > 0:
		return fmt.Errorf("%d of %d attempts failed, the first with: %s", r.Errors, r.Attempts, r.FirstError)
	}
	return nil
}

func (r *claimsReport) print(t *term) {
	t.printf("%d clients, %d nodes, log store %s, %.2f s\n", r.Clients, r.Nodes, r.LogStore, r.Duration)
	if r.Hot > 0 {
		t.printf("  all on %d seats; winners give back at once\n", r.Hot)
	} else {
		t.printf("  each claim a free seat, of %d events of %d seats in one group\n", r.Events, r.Seats)
	}
	t.printf("  attempts  %12.0f /s  (%d)\n", r.AttemptsPerSecond, r.Attempts)
	t.printf("  wins      %12.0f /s  (%d; refused %d, failed %d)\n", r.WinsPerSecond, r.Wins, r.Refused, r.Errors)
	t.printf("  latency   p50 %.3f ms, p99 %.3f ms, max %.3f ms\n", r.P50, r.P99, r.Max)
	t.printf("  double allocations %d, lost grants %d\n", r.DoubleAllocations, r.LostGrants)
	if r.SoldOut {
		t.printf("  All seats were sold before the time was up.\n")
	}
}
