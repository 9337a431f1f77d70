package transport

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Config says what a Server serves. Only Engine is needed.
type Config struct {
	// Engine answers; see View.
	Engine Engine
	// Page is served at / ; nil means no page.
	Page http.Handler
	// Logger gets what operators should know; nil means none.
	Logger *slog.Logger
	// AllowedOrigins lists the origins ("https://shop.example") whose pages may call
	// the API and open the websocket; when it is empty only pages of this host may. Clients that
	// are no browser send no origin and are always let in.
	AllowedOrigins []string
	// Registerer gets the metrics; nil means none. Gatherer is what /metrics shows; nil
	// means there is no /metrics.
	Registerer prometheus.Registerer
	Gatherer   prometheus.Gatherer
	// Limits bound what clients may use up; zero fields mean DefaultLimits.
	Limits Limits
}

// Limits bound what clients may use up. Zero means the default, negative is refused.
type Limits struct {
	// Connections is how many websockets may be open; beyond it new ones get a 503.
	Connections int
	// Subscriptions is how many a websocket may have, and at how many events it may look.
	Subscriptions int
	// QueueBytes is how much may wait to be sent to one websocket. Full: heat gives way, then
	// what waits of the seat maps, to a fresh snapshot; full again: the websocket is closed.
	QueueBytes int
	// Tick is the least time between two frames about the same event.
	Tick time.Duration
	// CacheBytes is how much rendered JSON of seat maps and charts is kept.
	CacheBytes int
	// ChartUploads is how many charts, of up to 32 MiB each, may be read at once.
	ChartUploads int
	// Drain is how long Serve waits for requests under way when it stops.
	Drain time.Duration
	// VersionWait is how long ?min_version= waits.
	VersionWait time.Duration
}

// DefaultLimits are the limits where Config.Limits has zero.
func DefaultLimits() Limits {
	return Limits{
		Connections:   50_000,
		Subscriptions: 64,
		QueueBytes:    1 << 20,
		Tick:          50 * time.Millisecond,
		CacheBytes:    256 << 20,
		ChartUploads:  2,
		Drain:         15 * time.Second,
		VersionWait:   10 * time.Second,
	}
}

// Bounds that are no matter of taste.
const (
	readHeaderTimeout = 3 * time.Second
	idleTimeout       = 60 * time.Second
	writeTimeout      = 60 * time.Second // of a whole answer; checkout may think for 10 s of it
	bodyTimeout       = 15 * time.Second // for a body to arrive
	chartTimeout      = 2 * time.Minute  // for a chart's
	maxHeaderBytes    = 16 << 10
	maxBody           = 64 << 10
	maxChart          = 32 << 20

	maxClientFrame = 4 << 10
	pingEvery      = 54 * time.Second
	pongWithin     = 60 * time.Second
	frameTimeout   = 5 * time.Second
)

// withDefaults fills in what is zero.
func (c Config) withDefaults() Config {
	d := DefaultLimits()
	c.Limits.Connections = or(c.Limits.Connections, d.Connections)
	c.Limits.Subscriptions = or(c.Limits.Subscriptions, d.Subscriptions)
	c.Limits.QueueBytes = or(c.Limits.QueueBytes, d.QueueBytes)
	c.Limits.Tick = or(c.Limits.Tick, d.Tick)
	c.Limits.CacheBytes = or(c.Limits.CacheBytes, d.CacheBytes)
	c.Limits.ChartUploads = or(c.Limits.ChartUploads, d.ChartUploads)
	c.Limits.Drain = or(c.Limits.Drain, d.Drain)
	c.Limits.VersionWait = or(c.Limits.VersionWait, d.VersionWait)
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	return c
}

func or[T int | time.Duration](v, fallback T) T {
	if v == 0 {
		return fallback
	}
	return v
}

// Validate says what is wrong with a Config, quoting the value.
func (c Config) Validate() error {
	if c.Engine == nil {
		return errors.New("transport: Config.Engine is missing")
	}
	for _, origin := range c.AllowedOrigins {
		u, err := url.Parse(origin)
		if err != nil || u.Scheme == "" || u.Host == "" || u.Path != "" || u.RawQuery != "" {
			return fmt.Errorf("transport: Config.AllowedOrigins: %q is not an origin such as https://shop.example", origin)
		}
	}
	l := c.Limits
	for name, v := range map[string]int64{
		"Connections": int64(l.Connections), "Subscriptions": int64(l.Subscriptions), "QueueBytes": int64(l.QueueBytes),
		"Tick": int64(l.Tick), "CacheBytes": int64(l.CacheBytes), "ChartUploads": int64(l.ChartUploads),
		"Drain": int64(l.Drain), "VersionWait": int64(l.VersionWait),
	} {
		if v < 0 {
			return fmt.Errorf("transport: Config.Limits.%s is negative: %d", name, v)
		}
	}
	return nil
}
