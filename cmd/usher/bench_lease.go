package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/usherhq/usher/engine"
)

// benchLeaseCmd measures short leases: many callers, one event, seats drawn at random,
// and holders that give back early, renew, and come back too late.
type benchLeaseCmd struct {
	benchReplicas

	Attempts int64 `required:"" placeholder:"N" help:"Lease attempts; it ends after them, or after 10 minutes."`
	Clients  int   `default:"4096" placeholder:"N" help:"Callers, each with one call at a time."`
	Seats    int   `default:"90000" placeholder:"N" help:"Seats of the event."`
}

// leaseReport is what was measured.
type leaseReport struct {
	Bench             string  `json:"bench"`
	AttemptsPerSecond float64 `json:"attempts_per_second"`
	WinsPerSecond     float64 `json:"wins_per_second"`
	P50               float64 `json:"p50_ms"` // of a granted lease
	P99               float64 `json:"p99_ms"`
	AllP50            float64 `json:"all_p50_ms"` // of all attempts, refused ones included
	AllP99            float64 `json:"all_p99_ms"`
	Max               float64 `json:"max_ms"`
	DoubleAllocations int64   `json:"double_allocations"` // see leaseLedger
	LostGrants        int64   `json:"lost_grants"`        // tokens that no client was told of
	LateBelieved      int64   `json:"late_believed"`      // old tokens that the log took for good
	StuckSeats        int64   `json:"stuck_seats"`        // not available though every lease has ended
	Attempts          int64   `json:"attempts"`
	Wins              int64   `json:"wins"`
	Refused           int64   `json:"refused"`
	Renewed           int64   `json:"renewed"`
	Released          int64   `json:"released"`
	LateRefused       int64   `json:"late_refused"` // extensions with an old token that were refused
	LateIgnored       int64   `json:"late_ignored"` // releases of what had ended: they change nothing, and are no error
	Errors            int64   `json:"errors"`
	FirstError        string  `json:"first_error,omitempty"`
	Nodes             int     `json:"nodes"`
	Clients           int     `json:"clients"`
	Seats             int     `json:"seats"`
	LeaseMS           int64   `json:"lease_ms"`
	LogStore          string  `json:"log_store"`
	Duration          float64 `json:"duration_s"`
}

const (
	leaseTTL         = time.Second
	maxLeaseAttempts = 1_000_000_000
)

// leaseRequest is what every attempt asks for: the one place to say how.
func leaseRequest(event, holder string, seat []string) engine.HoldRequest {
	return engine.HoldRequest{EventID: event, SeatIDs: seat, HolderID: holder, TTL: leaseTTL, Mode: engine.ModeLease}
}

// Run measures and reports; it fails on any error, on a double allocation, and on a late
// holder that was believed.
func (c *benchLeaseCmd) Run(ctx context.Context, t *term) error {
	if err := c.validate(); err != nil {
		return err
	}
	var rep *leaseReport
	err := c.with(ctx, c.Clients, engine.Config{}, func(e *engine.Engine) (err error) {
		rep, err = c.measure(ctx, e)
		return err
	})
	if err != nil {
		return err
	}
	return c.report(t, rep)
}

func (c *benchLeaseCmd) validate() error {
	switch {
	case c.Attempts < 1 || c.Attempts > maxLeaseAttempts:
		return fmt.Errorf("--attempts %d: possible are 1 to %d", c.Attempts, maxLeaseAttempts)
	case c.Clients < 1 || c.Clients > maxClients:
		return fmt.Errorf("--clients %d: possible are 1 to %d", c.Clients, maxClients)
	case c.Seats < 1 || c.Seats > 1_000_000:
		return fmt.Errorf("--seats %d: possible are 1 to 1000000", c.Seats)
	}
	return c.benchReplicas.validate()
}

// measure sets up, runs, and judges what the clients recorded.
func (c *benchLeaseCmd) measure(ctx context.Context, e *engine.Engine) (*leaseReport, error) {
	stage, err := newBenchStage(ctx, e, c.Seats, 1)
	if err != nil {
		return nil, err
	}
	stop, err := startProfile(c.CPUProfile)
	if err != nil {
		return nil, err
	}
	load := newLeaseLoad(stage, c.Clients, c.Attempts)
	load.run(ctx, stop)
	if err := errors.Join(load.profile, e.Err(), ctx.Err(), problems(e)); err != nil {
		return nil, err
	}
	rep := load.report()
	rep.Nodes, rep.LogStore = c.Nodes, c.LogStore
	rep.StuckSeats, err = stage.stuck(ctx)
	return rep, err
}

// problems is what the replicas say is wrong with them.
func problems(e *engine.Engine) error {
	var errs []error
	for _, s := range e.Status() {
		if s.Problem != "" {
			errs = append(errs, fmt.Errorf("replica %d, group %d: %s", s.Replica, s.Group, s.Problem))
		}
	}
	return errors.Join(errs...)
}

// stuck counts the seats that are not available once every lease has ended.
func (s *benchStage) stuck(ctx context.Context) (int64, error) {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	none := newLedger(len(s.ids))
	return settled(ctx, time.Now().Add(2*leaseTTL+settle), func(ctx context.Context) (int64, error) {
		m, err := s.engine.SeatMap(ctx, s.events[0], 0)
		if err != nil {
			return 0, err
		}
		return none.differs(m, unavailable), nil
	})
}

func (c *benchLeaseCmd) report(t *term, r *leaseReport) error {
	if err := c.tell(t, r, r.print); err != nil {
		return err
	}
	switch {
	case r.DoubleAllocations > 0:
		return fmt.Errorf("%d leases were granted while another one held the seat", r.DoubleAllocations)
	case r.LateBelieved > 0:
		return fmt.Errorf("%d holders were believed after their lease had ended", r.LateBelieved)
	case r.Errors > 0:
		return fmt.Errorf("%d calls failed, the first with: %s", r.Errors, r.FirstError)
	case r.LostGrants > 0:
		return fmt.Errorf("%d grants were told to nobody", r.LostGrants)
	case r.StuckSeats > 0:
		return fmt.Errorf("%d seats did not come back", r.StuckSeats)
	}
	return nil
}

func (r *leaseReport) print(t *term) {
	t.printf("%d clients, %d nodes, log store %s, %.2f s\n", r.Clients, r.Nodes, r.LogStore, r.Duration)
	t.printf("  leases of %d ms on one event of %d seats, drawn at random\n", r.LeaseMS, r.Seats)
	t.printf("  attempts  %12.0f /s  (%d)\n", r.AttemptsPerSecond, r.Attempts)
	t.printf("  wins      %12.0f /s  (%d; refused %d, failed %d)\n", r.WinsPerSecond, r.Wins, r.Refused, r.Errors)
	t.printf("  latency   of a granted lease p50 %.3f ms, p99 %.3f ms\n", r.P50, r.P99)
	t.printf("            of all attempts    p50 %.3f ms, p99 %.3f ms, max %.3f ms\n", r.AllP50, r.AllP99, r.Max)
	t.printf("  renewed %d, released early %d\n", r.Renewed, r.Released)
	t.printf("  came back late: refused %d, without effect %d, believed %d\n", r.LateRefused, r.LateIgnored, r.LateBelieved)
	t.printf("  double allocations %d, lost grants %d, stuck seats %d\n", r.DoubleAllocations, r.LostGrants, r.StuckSeats)
}
