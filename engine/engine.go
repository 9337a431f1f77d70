package engine

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"sync"
	"sync/atomic"
	"time"

	"github.com/usherhq/usher/engine/heat"
	"github.com/usherhq/usher/engine/payment"
	"github.com/usherhq/usher/engine/router"
	"github.com/usherhq/usher/raftfsm"
)

// Engine is a running node, or several replicas in one process. Its methods may be
// called from any goroutine.
type Engine struct {
	cfg        Config
	nodes      []*raftfsm.Node // the replicas of this process
	late       []atomic.Uint64 // by group: the floor that stale reads wait for no more
	catalogue  catalogue
	watchers   *watcherTable
	checkouts  *checkouts
	crew       *joinCrew
	heat       *heat.Heat // counts nothing with Config.HeatOff
	latency    latencies
	metrics    *metrics
	backups    sync.Mutex // held while one is made
	registered *registered
	sales      sales

	lock   *raftfsm.DirLock // of the data folder, when the nodes have folders of their own
	ctx    context.Context  // ends with Close: owns what goes on behind a call
	cancel context.CancelFunc
	wg     sync.WaitGroup
	opened chan struct{} // closed when nodes is there: a node asks selling before
	done   chan struct{}
	mu     sync.Mutex
	err    error
	closed sync.Once
}

// Open starts an engine and waits until it is ready, or ctx ends.
func Open(ctx context.Context, cfg Config) (*Engine, error) {
	e, err := Start(ctx, cfg)
	if err != nil {
		return nil, err
	}
	if err := e.WaitReady(ctx); err != nil {
		return nil, errors.Join(err, e.Close())
	}
	return e, nil
}

// Start opens the data folder and begins. Until the engine is ready its methods may
// return ErrStarting. A new node of a cluster first waits until it is of one; ctx bounds
// that, and nothing else.
func Start(ctx context.Context, cfg Config) (*Engine, error) {
	if cfg.Dir == "" {
		return nil, &InvalidError{"Dir", "a data folder is needed"}
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	if cfg.Payments == nil {
		cfg.Payments = map[string]payment.Provider{"sandbox": payment.NewSandbox(0)}
	}
	if cfg.MaxInFlight < 0 {
		return nil, &InvalidError{"MaxInFlight", fmt.Sprintf("%d is negative", cfg.MaxInFlight)}
	}
	if cfg.Clock == nil {
		cfg.Clock = raftfsm.SystemClock()
	}
	if cfg.Router == nil {
		cfg.Router = router.DefaultTable()
	}
	if err := cfg.Router.Validate(); err != nil {
		return nil, &InvalidError{"Router", err.Error()}
	}
	if cfg.Cluster != nil {
		if err := cfg.Cluster.check(); err != nil {
			return nil, err
		}
		if cfg.Replicas > 1 {
			return nil, &InvalidError{"Replicas", "a node of a cluster is one replica"}
		}
	}
	cfg.Payments = maps.Clone(cfg.Payments)
	e := &Engine{cfg: cfg, watchers: newWatcherTable(), registered: newRegistered(cfg.Registerer), opened: make(chan struct{}), done: make(chan struct{})}
	e.ctx, e.cancel = context.WithCancel(context.Background())
	e.checkouts = newCheckouts(e)
	e.crew = &joinCrew{e: e}
	e.heat = newHeat()
	if err := e.open(ctx); err != nil {
		return nil, errors.Join(err, e.Close())
	}
	close(e.opened)
	for _, n := range e.nodes {
		e.wg.Go(func() { e.guard(n) })
	}
	e.wg.Go(e.keep)
	e.wg.Go(e.setPaces)
	e.wg.Go(func() { e.heat.Run(e.ctx) })
	return e, nil
}

func (e *Engine) open(ctx context.Context) error {
	var err error
	if e.metrics, err = newMetrics(e.registered); err != nil {
		return fmt.Errorf("usher: metrics: %w", err)
	}
	if err := e.heatMetrics(); err != nil {
		return fmt.Errorf("usher: metrics: %w", err)
	}
	return e.openNodes(ctx)
}

// guard ends the engine when one of its replicas had to stop.
func (e *Engine) guard(n *raftfsm.Node) {
	select {
	case <-n.Done():
		e.end(n.Err())
	case <-e.ctx.Done():
	}
}

// end closes Done with the first reason.
func (e *Engine) end(err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.err == nil {
		e.err = err
		close(e.done)
	}
}

// Done is closed when the engine was closed or had to stop; Err tells why. An engine
// that had to stop still wants to be closed.
func (e *Engine) Done() <-chan struct{} { return e.done }

// Err is nil while the engine runs, ErrClosed after Close, else what ended it.
func (e *Engine) Err() error {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.err
}

// Close stops the engine. What is under way ends with an error that tells its outcome.
// Once any call of Close has returned the data folder is free.
func (e *Engine) Close() (err error) {
	e.closed.Do(func() { err = e.close() })
	return err
}

func (e *Engine) close() error {
	e.end(ErrClosed)
	e.cancel()
	e.checkouts.wait()
	e.crew.wait()
	errs := make([]error, len(e.nodes))
	var wg sync.WaitGroup
	for i, n := range e.nodes {
		wg.Go(func() { errs[i] = n.Close() })
	}
	wg.Wait()
	e.wg.Wait()
	if e.lock != nil {
		errs = append(errs, e.lock.Close())
	}
	e.registered.forget()
	return errors.Join(errs...)
}

// Ready is nil when every group has applied what was committed when the engine started;
// else ErrStarting, or what ended the engine.
func (e *Engine) Ready() error {
	if err := e.Err(); err != nil {
		return err
	}
	for _, n := range e.nodes {
		if err := n.Ready(); err != nil {
			return err
		}
	}
	return nil
}

// WaitReady waits for Ready, for the engine's end, or for ctx.
func (e *Engine) WaitReady(ctx context.Context) error {
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		err := e.Ready()
		if err == nil || !errors.Is(err, ErrStarting) {
			return err
		}
		select {
		case <-tick.C:
		case <-e.done:
		case <-ctx.Done():
			return fmt.Errorf("%w: %w", err, ctx.Err())
		}
	}
}
