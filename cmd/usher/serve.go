package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"github.com/usherhq/usher/engine"
	"github.com/usherhq/usher/transport"
	"github.com/usherhq/usher/transport/web"
)

// serveCmd runs one durable node.
type serveCmd struct {
	Data          string   `required:"" placeholder:"DIR" help:"Data folder; made if it does not exist."`
	Listen        string   `default:"127.0.0.1:8080" placeholder:"ADDR" help:"Address of the API and the page; port 0 chooses one."`
	AdminListen   string   `default:"127.0.0.1:9090" placeholder:"ADDR" help:"Address for operators: /livez, /readyz, /metrics, /debug/pprof/. \"off\" for none; another port if the usual one is taken."`
	TrustCallers  bool     `help:"Allow a --listen that others can reach, though every caller is trusted with the holder it names."`
	AllowedOrigin []string `placeholder:"ORIGIN" help:"Origin whose pages may call the API and open the websocket, e.g. https://shop.example; repeatable. Default: pages of this host."`
	Groups        int      `placeholder:"N" help:"Number of shard groups, 1 to 64 (8). Fixed when the folder is first used."`
	LogStore      string   `enum:",wal,bolt" default:"" placeholder:"wal|bolt" help:"Where the log is kept (wal). Fixed when the folder is first used."`
	clusterFlags
	logFlags
}

// Run serves until ctx ends or the engine has to stop.
func (c *serveCmd) Run(ctx context.Context, t *term) error {
	log := c.logger(t.err)
	if err := c.checkTrust(log); err != nil {
		return err
	}
	cluster, err := c.clusterFlags.config()
	if err != nil {
		return err
	}
	// Listeners first: a port in use is told before the data folder is touched, and
	// whoever connects during a long start waits for an answer instead of being refused.
	ln, err := listen("--listen", c.Listen)
	if err != nil {
		return err
	}
	ops, err := listenAdmin(c.AdminListen, t.err)
	if err != nil {
		closeListeners(ln)
		return err
	}
	s := &site{log: log, ln: ln, ops: ops, origins: c.AllowedOrigin}
	cfg := engine.Config{Dir: c.Data, Groups: c.Groups, LogStore: engine.LogStore(c.LogStore), Logger: log}
	if cluster != nil {
		cluster.API = urlOf(ln)
		cfg.Cluster = cluster
	}
	if err := s.open(ctx, cfg); err != nil {
		return err
	}
	t.printf("usher: serving %s%s\n", urlOf(ln), s.opsNote())
	return errors.Join(s.serve(ctx), s.close())
}

// closePatience is how long the engine may take to stop. On a disk that hangs it would
// take for ever, and whoever restarts the process is waiting.
const closePatience = 20 * time.Second

// close stops the engine, or says that it cannot be stopped; the process ends either way.
func (s *site) close() error {
	closed := make(chan error, 1)
	go func() { closed <- s.engine.Close() }()
	select {
	case err := <-closed:
		return err
	case <-time.After(closePatience):
		return fmt.Errorf("the engine has not stopped in %v: does its disk hang?", closePatience)
	}
}

// checkTrust refuses to put a server without keys where others can reach it.
func (c *serveCmd) checkTrust(log *slog.Logger) error {
	local, err := isLoopback(c.Listen)
	switch {
	case err != nil:
		return fmt.Errorf("--listen: %w", err)
	case local:
	case !c.TrustCallers:
		return fmt.Errorf("--listen %s can be reached from other machines, and every caller is trusted with the holder it names: give --trust-callers if that is what you want", c.Listen)
	default:
		log.Warn("every caller is trusted with the holder it names; whoever reaches the address can release and cancel for others", "listen", c.Listen)
	}
	if c.AdminListen == "" || c.AdminListen == "off" {
		return nil
	}
	if local, err = isLoopback(c.AdminListen); err != nil {
		return fmt.Errorf("--admin-listen: %w", err)
	}
	if !local {
		log.Warn("the operations listener can be reached from other machines: it serves profiles to anybody", "admin_listen", c.AdminListen)
	}
	return nil
}

// site is an engine with the edge before it.
type site struct {
	log     *slog.Logger
	ln, ops net.Listener // closed by open on an error, else by serve
	origins []string

	engine *engine.Engine
	server *transport.Server
}

// open starts the engine; it need not be ready when open returns.
func (s *site) open(ctx context.Context, cfg engine.Config) error {
	registry := prometheus.NewRegistry()
	registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	cfg.Registerer = registry
	var err error
	if s.engine, err = s.start(ctx, cfg); err != nil {
		closeListeners(s.ln, s.ops)
		return err
	}
	s.server, err = transport.New(transport.Config{
		Engine: transport.View(s.engine), Page: web.Handler(), Logger: s.log, AllowedOrigins: s.origins,
		Registerer: registry, Gatherer: registry,
	})
	if err != nil {
		closeListeners(s.ln, s.ops)
		return errors.Join(err, s.engine.Close())
	}
	return nil
}

// start starts the engine. A new node of a cluster waits for the others meanwhile, and says so
// to whoever asks.
func (s *site) start(ctx context.Context, cfg engine.Config) (*engine.Engine, error) {
	if cfg.Cluster == nil {
		return engine.Start(ctx, cfg)
	}
	l := openLobby(s.ln, s.ops)
	cfg.Assembling = func(why string) {
		l.note(why)
		s.log.Info("usher: no cluster yet", "why", why)
	}
	e, err := engine.Start(ctx, cfg)
	if lobbyErr := l.close(); lobbyErr != nil {
		if err == nil {
			err = e.Close()
		}
		return nil, errors.Join(lobbyErr, err)
	}
	return e, err
}

// serve answers until ctx ends or the engine has to stop, then closes the edge. The error
// is what ended the engine, or what failed. The engine is still to be closed.
func (s *site) serve(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		select {
		case <-s.engine.Done():
			cancel()
		case <-ctx.Done():
		}
	}()
	err := s.server.Serve(ctx, s.ln, s.ops)
	s.log.Info("usher: stopping")
	return errors.Join(s.engine.Err(), err)
}

func (s *site) opsNote() string {
	if s.ops == nil {
		return ""
	}
	return " (operations " + urlOf(s.ops) + ")"
}
