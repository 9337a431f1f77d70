package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/usherhq/usher/engine"
)

const (
	demoListen = "127.0.0.1:8080"
	demoStart  = 2 * time.Minute
	demoStatus = 10 * time.Second
)

// demoCmd shows Usher at work.
type demoCmd struct {
	Listen          string        `default:"127.0.0.1:8080" placeholder:"ADDR" help:"Address of the page and the API. If the default is taken, another port is chosen."`
	AdminListen     string        `default:"127.0.0.1:9090" placeholder:"ADDR" help:"Address for operators, likewise. \"off\" for none."`
	Data            string        `placeholder:"DIR" help:"Keep the data here, and go on from it the next time. Default: a temporary folder."`
	BuyersPerSecond float64       `default:"30" placeholder:"N" help:"How many buyers come a second on average, after the first rush, up to 1000. They slow down when the whole demo needs more than about one core."`
	NoBuyers        bool          `help:"No simulated buyers: the stadium is yours."`
	Duration        time.Duration `placeholder:"D" help:"End by itself after so long; 0 means at ctrl-c."`
	JSON            bool          `name:"json" help:"Report at the end as one line of JSON on standard output; the rest goes to standard error."`
}

// Run shows the demo until ctx ends or its time is up.
func (c *demoCmd) Run(ctx context.Context, t *term) error {
	if err := c.validate(); err != nil {
		return err
	}
	dir, remove := c.Data, func() {}
	if dir == "" {
		var err error
		if dir, remove, err = temporary("usher-demo-"); err != nil {
			return err
		}
	}
	defer remove()
	talk := t.out
	if c.JSON {
		talk = t.err
	}
	s, err := c.open(dir, talk, t)
	if err != nil {
		return err
	}
	d := &demo{cmd: c, site: s, say: &demoVoice{w: talk}, dir: dir}
	err = errors.Join(d.run(ctx), s.engine.Close())
	if err == nil && c.JSON {
		err = t.json(d.report())
	}
	return err
}

func (c *demoCmd) validate() error {
	local, err := isLoopback(c.Listen)
	switch {
	case err != nil:
		return fmt.Errorf("--listen: %w", err)
	case !local:
		return fmt.Errorf("--listen %s can be reached from other machines; the demo is for this one only", c.Listen)
	case c.BuyersPerSecond < 0 || c.BuyersPerSecond > 1000:
		return fmt.Errorf("--buyers-per-second %v: possible are 0 to 1000", c.BuyersPerSecond)
	case c.Duration < 0:
		return fmt.Errorf("--duration %v is negative", c.Duration)
	}
	return nil
}

// open opens listeners and the engine.
func (c *demoCmd) open(dir string, talk *stickyWriter, t *term) (*site, error) {
	ln, err := listenNear("--listen", c.Listen, demoListen, talk)
	if err != nil {
		return nil, err
	}
	ops, err := listenAdmin(c.AdminListen, talk)
	if err != nil {
		closeListeners(ln)
		return nil, err
	}
	log := slog.New(slog.NewTextHandler(t.err, &slog.HandlerOptions{Level: slog.LevelError}))
	s := &site{log: log, ln: ln, ops: ops}
	// The engine gets no logger: what ends it comes back as its error, and Raft's own talk
	// of elections is not for those who watch a demo.
	return s, s.open(context.Background(), engine.Config{Dir: dir, Replicas: 3})
}

// demo is one demonstration under way.
type demo struct {
	cmd    *demoCmd
	site   *site
	say    *demoVoice
	dir    string
	budget budget
	crowd  *crowd // nil without buyers
	shows  []*show
}

// run serves, and lets the buyers in once the stadium is on sale.
func (d *demo) run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var behind sync.WaitGroup
	failed := make(chan error, 1)
	behind.Go(func() {
		if err := d.act(ctx); err != nil && ctx.Err() == nil {
			failed <- err
		}
		cancel() // its time is up, or it failed
	})
	err := d.site.serve(ctx)
	cancel()
	behind.Wait()
	select {
	case e := <-failed:
		err = errors.Join(err, e)
	default:
	}
	return err
}

// act prepares the stage, tells what there is to see, and lets buyers buy until ctx
// ends.
func (d *demo) act(ctx context.Context) error {
	ready, cancel := context.WithTimeout(ctx, demoStart)
	defer cancel()
	if err := d.site.engine.WaitReady(ready); err != nil {
		return err
	}
	var err error
	if d.shows, err = openShows(ready, d.site.engine); err != nil {
		return err
	}
	d.say.welcome(d)
	if d.cmd.Duration > 0 {
		var end context.CancelFunc
		ctx, end = context.WithTimeout(ctx, d.cmd.Duration)
		defer end()
	}
	d.budget.start()
	var crowd sync.WaitGroup
	if !d.cmd.NoBuyers && d.cmd.BuyersPerSecond > 0 {
		d.crowd = newCrowd(d.site.engine, d.shows, d.cmd.BuyersPerSecond)
		crowd.Go(func() { d.crowd.run(ctx) })
	}
	d.watch(ctx)
	crowd.Wait()
	return nil
}

// watch keeps the budget, and tells from time to time how it goes.
func (d *demo) watch(ctx context.Context) {
	second := time.NewTicker(time.Second)
	defer second.Stop()
	told := time.Now()
	for {
		select {
		case <-ctx.Done():
			return
		case <-second.C:
		}
		pace := d.budget.measure()
		if d.crowd != nil {
			d.crowd.setPace(pace)
		}
		if time.Since(told) >= demoStatus {
			told = time.Now()
			d.say.status(ctx, d)
		}
	}
}

// demoReport is what happened.
type demoReport struct {
	Demo     string  `json:"demo"`
	Duration float64 `json:"duration_s"`
	Cores    float64 `json:"cores"` // used by the whole process, on average
	crowdCounts
}

func (d *demo) report() demoReport {
	r := demoReport{Demo: "stadium"}
	r.Duration, r.Cores = d.budget.total()
	if d.crowd != nil {
		r.crowdCounts = d.crowd.counts()
	}
	return r
}
