package transport

import (
	"context"

	"github.com/usherhq/usher/engine"
	"github.com/usherhq/usher/engine/chart"
)

// fakeArea is a standing area of a fake event.
type fakeArea struct {
	capacity, held int
	changed        uint64
}

// addAreas gives the event two standing areas, of 100 places and of 20.
func (f *fake) addAreas(id string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	e := f.events[id]
	c := rowsChart(len(e.status))
	c.Areas = []chart.Area{
		{AreaID: "pit", Name: "Pit", Capacity: 100, Category: "gold"},
		{AreaID: "hill", Name: "The \"Hill\"", Capacity: 20, Category: "grey"},
	}
	e.index, e.areas = chart.NewIndex(c), []fakeArea{{capacity: 100}, {capacity: 20}}
}

// fill holds so many places of an area.
func (f *fake) fill(id string, area, held int) uint64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	e := f.events[id]
	e.version++
	e.areas[area].held, e.areas[area].changed = held, e.version
	f.ring(e)
	return e.version
}

func (e *fakeEvent) areaCounts() []engine.AreaCount {
	var out []engine.AreaCount
	for i, a := range e.areas {
		out = append(out, engine.AreaCount{AreaID: e.index.Areas()[i].AreaID, Capacity: a.capacity, Free: a.capacity - a.held, Held: a.held})
	}
	return out
}

func (e *fakeEvent) areasSince(version uint64) []engine.AreaFree {
	var out []engine.AreaFree
	for i, a := range e.areas {
		if a.changed > version {
			out = append(out, engine.AreaFree{Index: uint32(i), Free: a.capacity - a.held})
		}
	}
	return out
}

func (f *fake) SeatVersions(ctx context.Context, id string, minVersion uint64) (*engine.SeatMap, error) {
	m, err := f.SeatMap(ctx, id, minVersion)
	if err != nil {
		return nil, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	e := f.events[id]
	m.Versions = append([]uint64(nil), e.changed...)
	m.AreaVersions = []uint64{}
	for _, a := range e.areas {
		m.AreaVersions = append(m.AreaVersions, a.changed)
	}
	return m, nil
}

// Blocks are all blocked seats, for one reason.
func (f *fake) Blocks(ctx context.Context, id string) (engine.BlockList, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	e, err := f.find(ctx, id)
	if err != nil {
		return engine.BlockList{}, err
	}
	list := engine.BlockList{EventID: id, Version: e.version}
	for i, s := range e.status {
		if s == engine.SeatBlocked && list.Items == nil {
			list.Items = []engine.BlockGroup{{Reason: "wet paint"}}
		}
		if s == engine.SeatBlocked {
			list.Items[0].SeatIDs = append(list.Items[0].SeatIDs, e.index.ID(uint32(i)))
		}
	}
	return list, nil
}

func (f *fake) Fence(_ context.Context, id string, token uint64) (engine.Hold, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	h, err := f.hold(id, token)
	switch {
	case err != nil:
		return engine.Hold{}, err
	case h.Status == engine.HoldReleased:
		return engine.Hold{}, engine.ErrHoldReleased
	}
	return *h, nil
}
