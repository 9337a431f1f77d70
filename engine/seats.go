package engine

import (
	"context"
	"fmt"

	"github.com/usherhq/usher/shard"
)

// SeatMap reads every seat's state from a local replica, also without a quorum. With
// minVersion > 0 it waits until the event is there, or ctx ends.
func (e *Engine) SeatMap(ctx context.Context, eventID string, minVersion uint64) (*SeatMap, error) {
	return e.seatMap(ctx, eventID, minVersion, func(*SeatMap, *shard.Event) {})
}

// SeatVersions is SeatMap with the version of each seat and area.
func (e *Engine) SeatVersions(ctx context.Context, eventID string, minVersion uint64) (*SeatMap, error) {
	return e.seatMap(ctx, eventID, minVersion, func(m *SeatMap, ev *shard.Event) {
		m.Versions = make([]uint64, m.Seats)
		for i := range m.Versions {
			m.Versions[i] = ev.SeatVersion(uint32(i))
		}
		m.AreaVersions = make([]uint64, ev.Areas())
		for i := range m.AreaVersions {
			m.AreaVersions[i] = ev.Area(i).Version
		}
	})
}

// seatMap reads the map, and with more what else is wanted at the same moment.
func (e *Engine) seatMap(ctx context.Context, eventID string, minVersion uint64, more func(*SeatMap, *shard.Event)) (*SeatMap, error) {
	ref, err := e.event(ctx, eventID)
	if err != nil {
		return nil, err
	}
	if minVersion > 0 {
		if err := e.awaitVersion(ctx, ref, minVersion); err != nil {
			return nil, err
		}
	}
	if err := e.settle(ctx, ref.group); err != nil {
		return nil, err
	}
	m := &SeatMap{EventID: ref.id, Epoch: ref.epoch, Seats: ref.chart.Len(), Chart: ref.chart, Stale: e.staleFor(ref.group)}
	err = e.reader(ref.group).View(func(s *shard.State) {
		ev := s.Event(ref.no)
		m.Version = ev.Version()
		m.Packed = ev.Packed(make([]byte, 0, len256(m.Seats)))
		m.Areas = ref.areaCounts(ev)
		more(m, ev)
	})
	return m, err
}

// len256 is the room Packed needs while it works: it copies pages of 256 seats.
func len256(seats int) int { return (seats + 255) / 256 * 64 }

func (e *Engine) awaitVersion(ctx context.Context, ref *eventRef, version uint64) error {
	w := e.watchers.add(e, ref, 0)
	defer w.Close()
	for {
		at, err := e.version(ref)
		if err != nil || at >= version {
			return err
		}
		if err := w.wait(ctx); err != nil {
			return fmt.Errorf("usher: event %s is at version %d, %d was asked for: %w", ref.id, at, version, err)
		}
	}
}

func (e *Engine) version(ref *eventRef) (v uint64, err error) {
	err = e.reader(ref.group).View(func(s *shard.State) { v = s.Event(ref.no).Version() })
	return v, err
}

// SeatVersion is the cheap part of SeatMap.
func (e *Engine) SeatVersion(ctx context.Context, eventID string) (Cursor, error) {
	ref, err := e.event(ctx, eventID)
	if err != nil {
		return Cursor{}, err
	}
	if err := e.settle(ctx, ref.group); err != nil {
		return Cursor{}, err
	}
	v, err := e.version(ref)
	return Cursor{Epoch: ref.epoch, Version: v}, err
}

// Changes reads, at one moment, what changed since each of the versions. One that this
// replica has not reached is an error that wraps ErrEpochChanged.
func (e *Engine) Changes(ctx context.Context, eventID string, since ...uint64) (Changes, error) {
	ref, err := e.event(ctx, eventID)
	if err != nil {
		return Changes{}, err
	}
	if err := e.settle(ctx, ref.group); err != nil {
		return Changes{}, err
	}
	return e.changes(ref, since)
}

func (e *Engine) changes(ref *eventRef, since []uint64) (Changes, error) {
	out := Changes{Epoch: ref.epoch, Deltas: make([]Delta, len(since))}
	raw := make([][]shard.Change, len(since))
	areas := make([][]AreaFree, len(since))
	err := e.reader(ref.group).View(func(s *shard.State) {
		ev := s.Event(ref.no)
		out.Version = ev.Version()
		for i, v := range since {
			raw[i] = ev.ChangedSince(v, nil)
			areas[i] = areasSince(ev, v)
		}
	})
	if err != nil {
		return Changes{}, err
	}
	for i, v := range since {
		if v > out.Version {
			return Changes{}, fmt.Errorf("%w: event %s is at version %d, not at %d", ErrEpochChanged, ref.id, out.Version, v)
		}
		d := Delta{From: v, To: out.Version, Seats: make([]SeatChange, len(raw[i])), Areas: areas[i]}
		for j, c := range raw[i] {
			d.Seats[j] = SeatChange{Seat: c.Seat, Status: SeatStatus(c.Status)}
		}
		out.Deltas[i] = d
	}
	return out, nil
}

// areaCounts are the areas as they stand.
func (ref *eventRef) areaCounts(ev *shard.Event) []AreaCount {
	var out []AreaCount
	for i := range ev.Areas() {
		a := ev.Area(i)
		out = append(out, AreaCount{
			AreaID: ref.chart.Areas()[i].AreaID, Capacity: int(a.Capacity), Free: int(a.Capacity - a.Held - a.Booked),
			Held: int(a.Held), Booked: int(a.Booked),
		})
	}
	return out
}

func areasSince(ev *shard.Event, version uint64) []AreaFree {
	var out []AreaFree
	for _, no := range ev.AreasChangedSince(version, nil) {
		a := ev.Area(int(no))
		out = append(out, AreaFree{Index: no, Free: int(a.Capacity - a.Held - a.Booked)})
	}
	return out
}
