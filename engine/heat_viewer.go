package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/usherhq/usher/engine/chart"
	"github.com/usherhq/usher/engine/heat"
)

// MaxFocus is how many seats one viewer may look at.
const MaxFocus = heat.MaxFocus

// ErrUnknownSection says that the event's chart has no such section.
var ErrUnknownSection = errors.New("usher: unknown section")

// Sight is what a viewer looks at: 1…MaxFocus seats or a section, or, the zero Sight,
// nothing.
type Sight struct {
	SeatIDs []string
	Section string
}

// HeatFocus is a Sight resolved. It never changes and may be handed on.
type HeatFocus = heat.Focus

// HeatViewer is someone who looks at an event, and counts in its heat for as long. It is
// for one goroutine at a time, and is to be closed.
type HeatViewer struct {
	e      *Engine
	ref    *eventRef
	viewer *heat.Viewer
	focus  HeatFocus
}

// HeatViewer makes a viewer of an event, who looks at nothing yet.
func (e *Engine) HeatViewer(ctx context.Context, eventID string) (*HeatViewer, error) {
	ref, err := e.event(ctx, eventID)
	if err != nil {
		return nil, err
	}
	return &HeatViewer{e: e, ref: ref, viewer: e.heat.Viewer(ref.heatKey(), ref.shape)}, nil
}

// Look turns the viewer to something else; after an error it looks at what it did.
// Errors: *InvalidError, *UnknownSeatError, ErrUnknownSection. While too much is warm it
// is not counted, which is no error.
func (v *HeatViewer) Look(at Sight) error {
	focus, err := v.ref.focus(at)
	if err != nil {
		return err
	}
	v.focus = focus
	if !v.e.cfg.HeatOff {
		v.viewer.Look(focus)
	}
	return nil
}

// Focus is what the viewer looks at.
func (v *HeatViewer) Focus() HeatFocus { return v.focus }

// Close ends the look.
func (v *HeatViewer) Close() { v.viewer.Close() }

func (ref *eventRef) focus(at Sight) (HeatFocus, error) {
	switch {
	case at.SeatIDs != nil && at.Section != "":
		return HeatFocus{}, &InvalidError{"section", "is given besides seat_ids"}
	case at.Section != "":
		i := slices.IndexFunc(ref.chart.Chart().Sections, func(s chart.Section) bool { return s.Name == at.Section })
		if i < 0 {
			return HeatFocus{}, fmt.Errorf("%w: %q", ErrUnknownSection, at.Section)
		}
		return ref.shape.OnSection(i)
	case at.SeatIDs != nil:
		seats, err := ref.resolve(at.SeatIDs, MaxFocus, newSeats)
		if err != nil {
			return HeatFocus{}, err
		}
		return ref.shape.OnSeats(seats)
	}
	return HeatFocus{}, nil
}
