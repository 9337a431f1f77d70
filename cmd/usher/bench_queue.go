package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/usherhq/usher/engine"
)

// benchQueueCmd measures a waiting room: people join its lobby, places are drawn, some are
// admitted, more people join the line.
type benchQueueCmd struct {
	benchReplicas

	Tickets int `required:"" placeholder:"N" help:"People who come before the opening, up to 50000000. A tenth as many come after the draw."`
}

// Help says what the figures mean.
func (*benchQueueCmd) Help() string {
	return `All join by engine.JoinMany, 16,384 a call, four calls at once, each join under a name of its own. joins_per_second counts from the first call to the last answer; an answered join stands in the log of a majority. line_joins_per_second is the same behind the drawn, while people are admitted.

The opening is a step of the clock. draw_ms is from there until every place is drawn, first_admission_ms until somebody is let in.

bytes_per_ticket is what the heap has grown by, collected before and after, with Raft's caches of the newest entries, for each ticket and replica; structure_bytes_per_ticket is what the line counts itself. position_ns is one look at a random ticket as a page does it that asks alone; position_shared_ns as a hub does it that asks for many at one moment.

It fails when somebody who joins again gets another ticket (a sample), when there are more or fewer tickets than people, when replicas disagree about a place (a sample of 100,000), and when the draw that the published list gives is not the one that was made.`
}

// queueReport is what was measured.
type queueReport struct {
	Bench           string  `json:"bench"`
	JoinsPerSecond  float64 `json:"joins_per_second"`
	BytesPerTicket  float64 `json:"bytes_per_ticket"`
	PositionNS      float64 `json:"position_ns"`
	DrawMS          float64 `json:"draw_ms"`
	FirstAdmission  float64 `json:"first_admission_ms"`
	LineJoins       float64 `json:"line_joins_per_second"`
	StructureBytes  float64 `json:"structure_bytes_per_ticket"`
	PositionShared  float64 `json:"position_shared_ns"`
	VerifySeconds   float64 `json:"verify_s"`
	Tickets         int     `json:"tickets"`
	LineTickets     int     `json:"line_tickets"`
	SecondTickets   int     `json:"second_tickets"`     // of who joined again
	Disagreeing     int     `json:"disagreeing_places"` // of replicas
	UnknownTickets  int     `json:"unknown_tickets"`    // more or fewer than people
	DrawDisagrees   string  `json:"draw_disagrees,omitempty"`
	Sampled         int     `json:"sampled"`
	Nodes           int     `json:"nodes"`
	LogStore        string  `json:"log_store"`
	JoiningSeconds  float64 `json:"joining_s"`
	AdmittedAtCheck int     `json:"admitted"`
}

const (
	maxQueueTickets = 50_000_000
	lineShare       = 10 // one in so many comes after the draw as well
	queueLead       = time.Hour
	// queueTime bounds the whole run, queueRate what is expected of the slowest machine.
	queueTime = 2 * time.Minute
	queueRate = 100_000 // tickets a second
	// Few are admitted, so that what is measured are lines, and for long, so that the line
	// stands still while replicas are compared.
	queueActive    = 20_000
	queuePerMinute = 60_000
)

// Run measures and reports; it fails on any error and on any false place.
func (c *benchQueueCmd) Run(ctx context.Context, t *term) error {
	if err := c.validate(); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, queueTime+time.Duration(c.Tickets)*time.Second/queueRate)
	defer cancel()
	clock := newBenchClock(time.Now())
	var rep *queueReport
	err := c.with(ctx, queueCallers, engine.Config{Clock: clock}, func(e *engine.Engine) (err error) {
		rep, err = c.measure(ctx, e, clock)
		return errors.Join(err, e.Err())
	})
	if err != nil {
		return err
	}
	return c.report(t, rep)
}

func (c *benchQueueCmd) validate() error {
	if c.Tickets < 1 || c.Tickets > maxQueueTickets {
		return fmt.Errorf("--tickets %d: possible are 1 to %d", c.Tickets, maxQueueTickets)
	}
	return c.benchReplicas.validate()
}

// measure goes from the first join to the last comparison.
func (c *benchQueueCmd) measure(ctx context.Context, e *engine.Engine, clock *benchClock) (*queueReport, error) {
	q, err := newQueueStage(ctx, e, clock)
	if err != nil {
		return nil, err
	}
	rep := &queueReport{Bench: "queue", Tickets: c.Tickets, LineTickets: c.Tickets / lineShare, Nodes: c.Nodes, LogStore: c.LogStore}
	stop, err := startProfile(c.CPUProfile)
	if err != nil {
		return nil, err
	}
	err = errors.Join(q.run(ctx, rep), stop())
	return rep, err
}

// run fills in the report, in the order in which things happen.
func (q *queueStage) run(ctx context.Context, rep *queueReport) error {
	empty := heapInUse()
	took, err := q.join(ctx, 0, rep.Tickets)
	if err != nil {
		return err
	}
	rep.JoiningSeconds, rep.JoinsPerSecond = took.Seconds(), float64(rep.Tickets)/took.Seconds()
	for _, step := range []func(context.Context, *queueReport) error{q.again, q.open, q.joinLine, q.pause} {
		if err := step(ctx, rep); err != nil {
			return err
		}
	}
	q.weigh(rep, empty)
	for _, step := range []func(context.Context, *queueReport) error{q.timePositions, q.compare, q.redraw} {
		if err := step(ctx, rep); err != nil {
			return err
		}
	}
	return nil
}

func (c *benchQueueCmd) report(t *term, r *queueReport) error {
	if err := c.tell(t, r, r.print); err != nil {
		return err
	}
	switch {
	case r.SecondTickets > 0:
		return fmt.Errorf("%d of %d who joined again got another ticket", r.SecondTickets, r.Sampled)
	case r.UnknownTickets != 0:
		return fmt.Errorf("there are %+d tickets more than people", r.UnknownTickets)
	case r.Disagreeing > 0:
		return fmt.Errorf("replicas disagree about %d places", r.Disagreeing)
	case r.DrawDisagrees != "":
		return fmt.Errorf("the draw cannot be made again: %s", r.DrawDisagrees)
	}
	return nil
}

func (r *queueReport) print(t *term) {
	t.printf("%d people in the lobby, %d behind them, %d nodes, log store %s\n", r.Tickets, r.LineTickets, r.Nodes, r.LogStore)
	t.printf("  joins     %12.0f /s in the lobby, %.0f /s behind the drawn\n", r.JoinsPerSecond, r.LineJoins)
	t.printf("  memory    %12.1f bytes a ticket and replica; %.1f by its own count\n", r.BytesPerTicket, r.StructureBytes)
	t.printf("  position  %12.0f ns; %.0f for one of many\n", r.PositionNS, r.PositionShared)
	t.printf("  draw      %12.1f ms; somebody was let in after %.1f ms\n", r.DrawMS, r.FirstAdmission)
	t.printf("  second tickets %d, tickets without people %d, places that replicas disagree about %d\n", r.SecondTickets, r.UnknownTickets, r.Disagreeing)
	if r.DrawDisagrees == "" {
		t.printf("  The draw was made again from its published list in %.1f s: the same.\n", r.VerifySeconds)
	}
}
