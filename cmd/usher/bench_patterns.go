package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/usherhq/usher/engine"
)

// benchPatternsCmd holds the same flash sale of a real stadium once by each pattern of
// allocation, with buyers who behave as Help says.
type benchPatternsCmd struct {
	benchReplicas

	Buyers     int           `default:"18000" placeholder:"N" help:"Who come; they want 2.3 seats on average."`
	Clients    int           `default:"1024" placeholder:"N" help:"Of them at once."`
	Inside     int           `default:"64" placeholder:"N" help:"Of them at once behind the waiting room, in the sale that has one."`
	Tries      int           `default:"5" placeholder:"N" help:"After so many attempts a buyer gives up."`
	Stale      time.Duration `default:"10ms" placeholder:"D" help:"How old the seat map may be that a buyer chooses from."`
	Over       time.Duration `default:"12s" placeholder:"D" help:"How long the two sales that compare buyers with and without heat take; 0s: none."`
	HeatChance float64       `default:"0.6" placeholder:"P" help:"Buyers who look at the heat prefer other seats to those with a smaller chance."`
	Rounds     int           `default:"1" placeholder:"N" help:"How often all sales are held, one after the other; medians are told."`
}

// Help states how the buyers behave: without that, the figures mean nothing.
func (*benchPatternsCmd) Help() string {
	return `The house is the stadium of usher demo: 39,616 seats in 1,453 rows. Each sale is a new event, and the same crowd comes to it: buyer 7 wants the same in all.

A buyer wants 1 seat (20 %), 2 (50 %), 3 (10 %) or 4 (20 %), side by side. Rows are ranked by their distance from the middle of the pitch, the dear categories nearer than they are (premium 3 times, side 1.6 times); a row is drawn with a probability of 1/(rank + 20), up to 8 times, until one has room on the buyer's map, then the next one in rank that has. In the row, seats toward the middle are likelier. The map is at most --stale old.

Who is refused reads the map as it is after that, chooses again, and gives up after --tries attempts; who finds no room for the party leaves. In between a buyer thinks: 1 to 8 times somebody else has the turn. Who gets seats pays at once.

direct asks for exactly these seats. skip_locked accepts others. optimistic asks for them at the version of the map. lease has them for 1 s, renews once, thinks, then pays; who is too slow for it tries again. queue has a waiting room that lets --inside buyers in at a time, with a signed token each. The others come --clients at once.

Heat counts by the second, and a flood is over before. So the two sales about heat have buyers who come evenly over --over, think for 50 to 150 ms, and look at the seats they think about. One crowd takes what it has chosen. The other reads the heat: it leaves out sections with less than --heat-chance, asks how likely the seats are that it looks at, and looks at up to 8 places for one that is likely enough, else takes the likeliest.`
}

// Run measures and reports; it fails on any error and on any seat sold twice.
func (c *benchPatternsCmd) Run(ctx context.Context, t *term) error {
	if err := c.validate(); err != nil {
		return err
	}
	gate := newTurnstile()
	var rep *patternsReport
	err := c.with(ctx, c.Clients, engine.Config{Admission: gate}, func(e *engine.Engine) (err error) {
		rep, err = c.profiled(ctx, e, gate)
		return err
	})
	if err != nil {
		return err
	}
	return c.report(t, rep)
}

func (c *benchPatternsCmd) validate() error {
	switch {
	case c.Buyers < 1 || c.Buyers > 1_000_000:
		return fmt.Errorf("--buyers %d: possible are 1 to 1000000", c.Buyers)
	case c.Clients < 1 || c.Clients > maxClients:
		return fmt.Errorf("--clients %d: possible are 1 to %d", c.Clients, maxClients)
	case c.Inside < 1 || c.Inside > c.Clients:
		return fmt.Errorf("--inside %d: possible are 1 to the %d --clients", c.Inside, c.Clients)
	case c.Tries < 1 || c.Tries > 100:
		return fmt.Errorf("--tries %d: possible are 1 to 100", c.Tries)
	case c.Stale < 0 || c.Stale > time.Minute:
		return fmt.Errorf("--stale %v: possible is up to 1m", c.Stale)
	case c.Over < 0 || c.Over > maxBench:
		return fmt.Errorf("--over %v: possible is up to %v", c.Over, maxBench)
	case !(c.HeatChance >= 0 && c.HeatChance <= 1):
		return fmt.Errorf("--heat-chance %v: possible are 0 to 1", c.HeatChance)
	case c.Rounds < 1 || c.Rounds > 100:
		return fmt.Errorf("--rounds %d: possible are 1 to 100", c.Rounds)
	}
	return c.benchReplicas.validate()
}

// saleKinds are the sales of a round, in their order.
func (c *benchPatternsCmd) saleKinds() []saleKind {
	kinds := []saleKind{
		{name: "direct", mode: engine.ModeDirect},
		{name: "skip_locked", mode: engine.ModeSkipLocked},
		{name: "optimistic", mode: engine.ModeOptimistic},
		{name: "lease", mode: engine.ModeLease},
		{name: "queue", mode: engine.ModeQueue},
	}
	if c.Over > 0 {
		kinds = append(kinds,
			saleKind{name: "without heat", mode: engine.ModeDirect, over: c.Over},
			saleKind{name: "with heat", mode: engine.ModeDirect, over: c.Over, heat: true})
	}
	return kinds
}

func (c *benchPatternsCmd) profiled(ctx context.Context, e *engine.Engine, gate *turnstile) (*patternsReport, error) {
	stop, err := startProfile(c.CPUProfile)
	if err != nil {
		return nil, err
	}
	rep, err := c.measure(ctx, e, gate)
	return rep, errors.Join(err, stop())
}

// measure holds all sales, round by round: what the machine does besides then hits all
// kinds alike.
func (c *benchPatternsCmd) measure(ctx context.Context, e *engine.Engine, gate *turnstile) (*patternsReport, error) {
	house, err := newPatternHouse(ctx, e)
	if err != nil {
		return nil, err
	}
	kinds := c.saleKinds()
	held := make([][]saleResult, len(kinds))
	for round := range c.Rounds {
		for i, k := range kinds {
			s, err := house.open(ctx, c, k, round, gate)
			if err != nil {
				return nil, err
			}
			r, err := s.run(ctx)
			if err = errors.Join(err, e.Err(), ctx.Err(), problems(e)); err != nil {
				return nil, fmt.Errorf("%s: %w", k.name, err)
			}
			held[i] = append(held[i], r)
		}
	}
	return c.sumUp(house, kinds, held), nil
}
