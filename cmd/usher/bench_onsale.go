package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/usherhq/usher/engine"
)

// benchOnsaleCmd holds an on-sale with a simulated crowd and the real engine, once with the
// waiting room and once without.
type benchOnsaleCmd struct {
	benchReplicas

	Scenario string        `enum:"coldplay" default:"coldplay" help:"What is on: coldplay, three nights of 90,000 seats, and 5.5 million people."`
	Scale    float64       `default:"0.01" placeholder:"S" help:"Seats, people and pace are so many times the scenario's: above 0, up to 1."`
	Speed    float64       `default:"10" placeholder:"X" help:"How much faster than real time the sale goes, 1 to 40. The room is looked after 20 times in a second of real time and carries over no more than a second of its own: the faster, the fewer it lets in, most of all above 20."`
	Seed     uint64        `default:"1" placeholder:"N" help:"Of the crowd."`
	MaxTime  time.Duration `default:"8m" placeholder:"D" help:"A sale that takes longer, in real time, is ended; up to 1h."`
	Only     string        `enum:"both,with,without" default:"both" help:"Which of the two sales: both, with or without."`
}

// Help says what is simulated.
func (*benchOnsaleCmd) Help() string {
	return `The engine is real: its replicas, disks, and log. The crowd is a model, described with its numbers in docs/ONSALE.md. Log time goes --speed times as fast as time; Raft's own timers do not, and before the opening time is stepped as fast as joins are answered.

Three nights of one series have one waiting room. 2.1, 1.8 and 1.6 million people want night 1, 2, 3 first; 35 % would take any, 15 % one other. 65 % come in the 45 minutes before the opening, 15 % within seconds of it, 20 % later. The room lets in enough people a minute for the sale to take about half an hour. Then the same crowd comes to three nights without a waiting room: everybody tries for seats at once, and again while the map shows free ones.

hold p50 and p99 are real time as a caller measures it, of at most 512 callers at once. arrivals and admissions are counted in seconds and minutes of log time. eta: what people were told a minute after they knew their place, held against what they then waited, where that was a minute or more.

It fails on any seat that was given twice, on any difference between the buyers' ledger and the seat map, and when more people were inside than max_active, or more were admitted in any 60 s than new_per_minute.`
}

// Run holds the sales and reports.
func (c *benchOnsaleCmd) Run(ctx context.Context, t *term) error {
	if err := c.validate(); err != nil {
		return err
	}
	clock := newBenchClock(time.Now())
	var rep *onsaleReport
	err := c.with(ctx, errandRunners, engine.Config{Clock: clock}, func(e *engine.Engine) (err error) {
		rep, err = c.measure(ctx, e, clock)
		return errors.Join(err, e.Err())
	})
	if err != nil {
		return err
	}
	if err := c.tell(t, rep, rep.print); err != nil {
		return err
	}
	return rep.verdict()
}

func (c *benchOnsaleCmd) validate() error {
	switch {
	case !(c.Scale > 0 && c.Scale <= 1):
		return fmt.Errorf("--scale %v: possible is above 0, up to 1", c.Scale)
	case !(c.Speed >= 1 && c.Speed <= 40):
		return fmt.Errorf("--speed %v: possible are 1 to 40", c.Speed)
	case c.MaxTime <= 0 || c.MaxTime > time.Hour:
		return fmt.Errorf("--max-time %v: possible is up to 1h", c.MaxTime)
	}
	return c.benchReplicas.validate()
}

func (c *benchOnsaleCmd) seats() int { return int(math.Ceil(onsaleSeats * c.Scale)) }

// roomOf is the waiting room: about 5,500 admissions a minute at scale 1, seven tenths of
// which buy 2.6 seats, sell 270,000 in less than half an hour; who is inside stays for some minutes.
func (c *benchOnsaleCmd) roomOf() engine.WaitingRoom {
	perMinute := int(math.Ceil(5500 * c.Scale))
	return engine.WaitingRoom{
		MaxActive: 5 * perMinute, NewPerMinute: perMinute, SessionSeconds: session, FirstUseSeconds: firstUse,
		Tiers: map[string]string{"gold": "3:1", "platinum": "1:1"},
	}
}

func (c *benchOnsaleCmd) measure(ctx context.Context, e *engine.Engine, clock *benchClock) (*onsaleReport, error) {
	stop, err := startProfile(c.CPUProfile)
	if err != nil {
		return nil, err
	}
	clock.run(c.Speed)
	rep := &onsaleReport{
		Bench: "onsale", Scenario: c.Scenario, Scale: c.Scale, Speed: c.Speed, Seed: c.Seed, Nodes: c.Nodes, LogStore: c.LogStore,
		Seats: onsaleNights * c.seats(), MaxActive: c.roomOf().MaxActive, NewPerMinute: c.roomOf().NewPerMinute,
	}
	for _, kind := range []struct {
		name string
		to   **onsaleColumn
	}{{"with", &rep.With}, {"without", &rep.Without}} {
		if err != nil || c.Only != "both" && c.Only != kind.name {
			continue
		}
		var s *onsale
		if s, err = newOnsale(ctx, e, clock, c, kind.name == "with"); err == nil {
			err = s.run(ctx)
			*kind.to = s.column()
		}
		if err != nil {
			err = fmt.Errorf("%s the waiting room: %w", kind.name, err)
		}
	}
	return rep, errors.Join(err, stop())
}
