package transport

import (
	"context"
	"io"
	"time"

	"github.com/usherhq/usher/engine"
	"github.com/usherhq/usher/engine/chart"
)

// Engine is what the edge needs of an engine; see [engine.Engine] for what the methods
// do and return. They are called from many goroutines at once.
type Engine interface {
	PutChart(ctx context.Context, chartID string, c *chart.Chart) (engine.ChartInfo, bool, error)
	Chart(ctx context.Context, chartID, sha256 string) ([]byte, engine.ChartInfo, error)

	CreateEvent(ctx context.Context, spec engine.EventSpec) (engine.Event, error)
	Event(ctx context.Context, eventID string) (engine.Event, error)
	Events(ctx context.Context, f engine.EventFilter) (engine.EventPage, error)

	SeatMap(ctx context.Context, eventID string, minVersion uint64) (*engine.SeatMap, error)
	SeatVersions(ctx context.Context, eventID string, minVersion uint64) (*engine.SeatMap, error)
	SeatVersion(ctx context.Context, eventID string) (engine.Cursor, error)
	Changes(ctx context.Context, eventID string, since ...uint64) (engine.Changes, error)
	Watch(ctx context.Context, eventID string, from engine.Cursor) (Watcher, error)
	Block(ctx context.Context, r engine.BlockRequest) (engine.BlockResult, error)
	Blocks(ctx context.Context, eventID string) (engine.BlockList, error)
	heatEngine
	roomEngine
	clusterEngine
	Stale(ctx context.Context, eventID string) (time.Duration, error)

	Hold(ctx context.Context, r engine.HoldRequest) (engine.Hold, error)
	Alternatives(ctx context.Context, eventID string, seatIDs []string, max int) ([][]string, error)
	HoldByID(ctx context.Context, holdID string) (engine.Hold, error)
	Fence(ctx context.Context, holdID string, token uint64) (engine.Hold, error)
	Extend(ctx context.Context, r engine.ExtendRequest) (engine.Hold, error)
	Release(ctx context.Context, r engine.ReleaseRequest) error
	Book(ctx context.Context, r engine.BookRequest) (engine.Booking, error)
	BookingByID(ctx context.Context, id string) (engine.Booking, error)
	CancelBooking(ctx context.Context, r engine.CancelRequest) (engine.Booking, error)

	Ready() error
	Done() <-chan struct{}
	Err() error
	Status() []engine.GroupStatus
	Backup(ctx context.Context, w io.Writer) error
}

// Watcher tells that an event changed; the hub reads for itself what.
type Watcher interface {
	// Signal gets a value after any change of the event, coalesced.
	Signal() <-chan struct{}
	Close()
}

var (
	_ Engine  = view{}
	_ Watcher = (*engine.Watcher)(nil)
)

// View is an engine as this package sees it.
func View(e *engine.Engine) Engine { return view{e} }

// view turns the engine's watchers, viewers, heat frames and lines into ours; all else is the engine's own.
type view struct{ *engine.Engine }

func (v view) Watch(ctx context.Context, eventID string, from engine.Cursor) (Watcher, error) {
	w, err := v.Engine.Watch(ctx, eventID, from)
	if err != nil {
		return nil, err // not w: a nil *engine.Watcher in an interface is not nil
	}
	return w, nil
}
