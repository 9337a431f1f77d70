package transport

import (
	"context"
	"sync"
	"time"

	"github.com/usherhq/usher/engine"
	"github.com/usherhq/usher/engine/heat"
)

// fakeHeat is the heat of a fake's events: the real counts, but time passes when a test
// says so.
type fakeHeat struct {
	once    sync.Once
	heat    *heat.Heat
	reports int // made; guarded by the fake's mu
}

func (f *fake) warmth() *heat.Heat {
	f.heat.once.Do(func() { f.heat.heat, _ = heat.New(heat.Config{}) })
	return f.heat.heat
}

// attempt counts a claim, and a second passes.
func (f *fake) attempt(id string, won bool, times int, seats ...uint32) {
	e := f.events[id]
	for range times {
		f.warmth().Attempt(heat.Key{}, e.shape(), seats, won)
	}
	f.warmth().Tick(time.Second)
}

func (e *fakeEvent) shape() *heat.Shape {
	s, err := heat.NewShape(e.index.Len(), e.index.SectionStarts())
	if err != nil {
		panic(err)
	}
	return s
}

func (f *fake) available(e *fakeEvent) func(uint32) bool {
	status := append([]engine.SeatStatus(nil), e.status...)
	return func(s uint32) bool { return status[s] == engine.SeatAvailable }
}

func (f *fake) Heat(ctx context.Context, id string, seats int) (engine.HeatReport, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	e, err := f.find(ctx, id)
	if err != nil {
		return engine.HeatReport{}, err
	}
	f.heat.reports++
	r := f.warmth().Report(heat.Key{}, e.shape(), seats, f.available(e))
	r.EventID = id
	for i := range r.Sections {
		r.Sections[i].Section = e.index.Chart().Sections[i].Name
	}
	for i := range r.Seats {
		r.Seats[i].SeatID = e.index.ID(r.Seats[i].Index)
	}
	return r, nil
}

type fakeViewer struct {
	*heat.Viewer
	event *fakeEvent
}

func (f *fake) HeatViewer(ctx context.Context, id string) (HeatViewer, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	e, err := f.find(ctx, id)
	if err != nil {
		return nil, err
	}
	return &fakeViewer{f.warmth().Viewer(heat.Key{}, e.shape()), e}, nil
}

func (v *fakeViewer) Look(at engine.Sight) (err error) {
	var focus heat.Focus
	var seats []uint32
	for _, id := range at.SeatIDs {
		s, ok := v.event.index.Find(id)
		if !ok {
			return &engine.UnknownSeatError{SeatIDs: []string{id}}
		}
		seats = append(seats, s)
	}
	switch {
	case seats != nil:
		focus, err = v.event.shape().OnSeats(seats)
	case at.Section != "":
		from, to, ok := v.event.index.SectionRange(at.Section)
		if !ok || from == to {
			return engine.ErrUnknownSection
		}
		focus, err = v.event.shape().OnSection(int(from / 100))
	}
	if err == nil {
		v.Viewer.Look(focus)
	}
	return err
}

type fakeFrames struct {
	f      *fake
	event  *fakeEvent
	frames *heat.Frames
}

func (f *fake) HeatFrames(ctx context.Context, id string) (HeatFrames, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	e, err := f.find(ctx, id)
	if err != nil {
		return nil, err
	}
	frames := &fakeFrames{f, e, heat.NewFrames(e.shape())}
	f.warmth().Next(heat.Key{}, frames.frames, len(e.status))
	return frames, nil
}

func (f *fakeFrames) Sections() int               { return f.event.shape().Sections() }
func (f *fakeFrames) Classes() engine.HeatClasses { return f.frames.Snapshot() }
func (f *fakeFrames) Next() engine.HeatChange {
	return f.f.warmth().Next(heat.Key{}, f.frames, heat.FrameSeats)
}

func (f *fakeFrames) Looks(foci []engine.HeatFocus) ([]engine.HeatLook, int, error) {
	f.f.mu.Lock()
	defer f.f.mu.Unlock()
	looks, viewers := f.f.warmth().Looks(heat.Key{}, f.event.shape(), foci, f.f.available(f.event))
	return looks, viewers, nil
}
