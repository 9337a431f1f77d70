package transport

import (
	"context"

	"github.com/usherhq/usher/engine"
)

// heatEngine is what of an engine has to do with contention.
type heatEngine interface {
	Heat(ctx context.Context, eventID string, seats int) (engine.HeatReport, error)
	HeatViewer(ctx context.Context, eventID string) (HeatViewer, error)
	HeatFrames(ctx context.Context, eventID string) (HeatFrames, error)
}

// HeatViewer is someone who looks at an event; see [engine.HeatViewer]. A connection's
// reader alone calls it.
type HeatViewer interface {
	Look(at engine.Sight) error
	Focus() engine.HeatFocus
	Close()
}

// HeatFrames tells a hub's followers of an event's heat; see [engine.HeatFrames]. The hub
// alone calls it.
type HeatFrames interface {
	Sections() int
	Classes() engine.HeatClasses
	Next() engine.HeatChange
	Looks(foci []engine.HeatFocus) (looks []engine.HeatLook, viewers int, err error)
}

var (
	_ HeatViewer = (*engine.HeatViewer)(nil)
	_ HeatFrames = (*engine.HeatFrames)(nil)
)

func (v view) HeatViewer(ctx context.Context, eventID string) (HeatViewer, error) {
	viewer, err := v.Engine.HeatViewer(ctx, eventID)
	if err != nil {
		return nil, err
	}
	return viewer, nil
}

func (v view) HeatFrames(ctx context.Context, eventID string) (HeatFrames, error) {
	frames, err := v.Engine.HeatFrames(ctx, eventID)
	if err != nil {
		return nil, err
	}
	return frames, nil
}
