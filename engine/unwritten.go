package engine

// TEMPORARY: signatures, so that transport can be built meanwhile.

import (
	"context"

	"github.com/usherhq/usher/engine/chart"
)

type Engine struct{}

// Open = Start + WaitReady.
func Open(ctx context.Context, cfg Config) (*Engine, error) { panic("unwritten") }

// Start opens the stores and begins; methods answer ErrStarting until Ready.
func Start(cfg Config) (*Engine, error)              { panic("unwritten") }
func (e *Engine) Ready() error                       { panic("unwritten") } // nil, ErrStarting, ErrNoQuorum, ErrClosed, or what ended it
func (e *Engine) WaitReady(ctx context.Context) error { panic("unwritten") }
func (e *Engine) Close() error                       { panic("unwritten") }
func (e *Engine) Done() <-chan struct{}              { panic("unwritten") }
func (e *Engine) Err() error                         { panic("unwritten") }

// GroupStatus per group for readyz?verbose.
type GroupStatus struct {
	Group   int    `json:"group"`
	Replica int    `json:"replica"`
	State   string `json:"state"` // leader, follower, candidate, shutdown
	Leader  string `json:"leader"`
	Term    uint64 `json:"term"`
	Commit  uint64 `json:"commit"`
	Applied uint64 `json:"applied"`
	Ready   bool   `json:"ready"`
	Problem string `json:"problem,omitempty"`
}

func (e *Engine) Status() []GroupStatus { panic("unwritten") }

// PutChart validates, lays out and stores a chart under an id. created is false when the same chart is there already.
func (e *Engine) PutChart(ctx context.Context, chartID string, c *chart.Chart) (info ChartInfo, created bool, err error) {
	panic("unwritten")
}

// Chart returns the canonical JSON of the chart now under chartID (sha256 == "") or the one with that hex sum that was ever stored under the id.
func (e *Engine) Chart(ctx context.Context, chartID, sha256 string) (canonical []byte, info ChartInfo, err error) {
	panic("unwritten")
}

func (e *Engine) CreateEvent(ctx context.Context, spec EventSpec) (Event, error) { panic("unwritten") }
func (e *Engine) Event(ctx context.Context, eventID string) (Event, error)       { panic("unwritten") }
func (e *Engine) Events(ctx context.Context, f EventFilter) (EventPage, error)   { panic("unwritten") }

// SeatMap reads from a local replica, also without quorum; with minVersion > 0 it waits (until ctx ends) for that version.
func (e *Engine) SeatMap(ctx context.Context, eventID string, minVersion uint64) (*SeatMap, error) {
	panic("unwritten")
}

// SeatVersion is the cheap part of SeatMap: epoch and version only.
func (e *Engine) SeatVersion(ctx context.Context, eventID string) (Cursor, error) { panic("unwritten") }

// Changes reads at one moment what changed since each of the versions (a version of the future is answered with an error wrapping ErrEpochChanged).
func (e *Engine) Changes(ctx context.Context, eventID string, since ...uint64) (Changes, error) {
	panic("unwritten")
}
func (e *Engine) Block(ctx context.Context, r BlockRequest) (BlockResult, error) { panic("unwritten") }

func (e *Engine) Hold(ctx context.Context, r HoldRequest) (Hold, error)          { panic("unwritten") }
func (e *Engine) HoldByID(ctx context.Context, holdID string) (Hold, error)      { panic("unwritten") }
func (e *Engine) Extend(ctx context.Context, r ExtendRequest) (Hold, error)      { panic("unwritten") }
func (e *Engine) Release(ctx context.Context, r ReleaseRequest) error            { panic("unwritten") }
func (e *Engine) Book(ctx context.Context, r BookRequest) (Booking, error)       { panic("unwritten") } // ErrPaymentPending after 10 s: it goes on, see HoldByID
func (e *Engine) BookingByID(ctx context.Context, id string) (Booking, error)    { panic("unwritten") }
func (e *Engine) CancelBooking(ctx context.Context, r CancelRequest) (Booking, error) { panic("unwritten") }

// Watch follows an event's seats from a local replica. C is signalled (capacity 1, coalesced, never blocking the
// log) after any change of the event: seats, or a hold's end or state.
func (e *Engine) Watch(ctx context.Context, eventID string, from Cursor) (*Watcher, error) { panic("unwritten") }

type Watcher struct{}

// Next blocks until the event's version is past the last delta's and returns the net change; bounded by design: a slow reader gets one larger delta.
func (w *Watcher) Next(ctx context.Context) (Delta, error) { panic("unwritten") }

// Signal is for those who read by themselves (Changes, HoldByID): it gets a value after any change, coalesced.
func (w *Watcher) Signal() <-chan struct{} { panic("unwritten") }
func (w *Watcher) Close()                  { panic("unwritten") }
