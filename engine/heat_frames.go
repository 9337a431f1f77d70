package engine

import (
	"context"

	"github.com/usherhq/usher/engine/heat"
)

// What frames are made of; package heat says what classes are.
type (
	HeatClasses = heat.Snapshot // all of an event's, four bits each
	HeatChange  = heat.Change
	HeatClass   = heat.ClassAt
	HeatLook    = heat.Look
)

// HeatFrames tells a group of followers of an event, frame by frame, how contested its
// seats are: a newcomer gets Classes, everybody each Next. It is for one goroutine at a
// time and needs no end.
type HeatFrames struct {
	e      *Engine
	ref    *eventRef
	frames *heat.Frames
}

// HeatFrames begins with the event as it stands.
func (e *Engine) HeatFrames(ctx context.Context, eventID string) (*HeatFrames, error) {
	ref, err := e.event(ctx, eventID)
	if err != nil {
		return nil, err
	}
	f := &HeatFrames{e: e, ref: ref, frames: heat.NewFrames(ref.shape)}
	e.heat.Next(ref.heatKey(), f.frames, max(ref.shape.Seats(), ref.shape.Sections()))
	return f, nil
}

// Classes is all that was told so far.
func (f *HeatFrames) Classes() HeatClasses { return f.frames.Snapshot() }

// Next is what has another class than was told. It is bounded: what does not fit comes
// with the frames after.
func (f *HeatFrames) Next() HeatChange {
	return f.e.heat.Next(f.ref.heatKey(), f.frames, heat.FrameSeats)
}

// Looks is how viewers' foci stand, all at one moment, and how many look at the event.
// Errors are those of reading the event's seats.
func (f *HeatFrames) Looks(foci []HeatFocus) (looks []HeatLook, viewers int, err error) {
	var available func(uint32) bool
	if len(foci) > 0 {
		if available, err = f.e.available(f.ref); err != nil {
			return nil, 0, err
		}
	}
	looks, viewers = f.e.heat.Looks(f.ref.heatKey(), f.ref.shape, foci, available)
	return looks, viewers, nil
}

// Sections is how many sections Classes has.
func (f *HeatFrames) Sections() int { return f.ref.shape.Sections() }
