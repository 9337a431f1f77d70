package main

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/usherhq/usher/engine"
)

// patternView is a seat map as buyers see it. It never changes.
type patternView struct {
	seats *engine.SeatMap
	room  []uint8 // of each row, by rank, the longest run of free seats; 255 is 255 or more
	read  time.Time
}

// patternBoard is the page that all buyers of a sale look at: one map, read anew when it
// is too old for somebody.
type patternBoard struct {
	house *patternHouse
	event string
	stale time.Duration
	view  atomic.Pointer[patternView]
	mu    sync.Mutex // of who reads

	heat heatBoard
}

// look is a view that is not stale, and not before a version that the buyer knows of.
func (b *patternBoard) look(ctx context.Context, version uint64) (*patternView, error) {
	if v := b.view.Load(); b.good(v, version) {
		return v, nil
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	old := b.view.Load()
	if b.good(old, version) {
		return old, nil
	}
	read := time.Now()
	v, err := b.next(ctx, old)
	if err != nil {
		return nil, err
	}
	v.read = read
	b.view.Store(v)
	return v, nil
}

func (b *patternBoard) good(v *patternView, version uint64) bool {
	return v != nil && v.seats.Version >= version && time.Since(v.read) <= b.stale
}

// next reads what has changed since the view before: to look at all the house each time
// would cost more than the claims that are measured.
func (b *patternBoard) next(ctx context.Context, old *patternView) (*patternView, error) {
	if old == nil {
		return b.first(ctx)
	}
	changes, err := b.house.engine.Changes(ctx, b.event, old.seats.Version)
	if err != nil {
		return nil, err
	}
	seats := *old.seats
	seats.Packed = append([]byte(nil), seats.Packed...)
	v := &patternView{seats: &seats, room: append([]uint8(nil), old.room...)}
	touched := make(map[uint16]struct{}, 64)
	for _, c := range changes.Deltas[0].Seats {
		shift := 2 * (c.Seat & 3)
		p := &seats.Packed[c.Seat>>2]
		*p = *p&^(3<<shift) | byte(c.Status)<<shift
		touched[b.house.rowOf[c.Seat]] = struct{}{}
	}
	seats.Version = changes.Version
	for rank := range touched {
		v.room[rank] = longestRun(&seats, b.house.rows[rank])
	}
	return v, nil
}

func (b *patternBoard) first(ctx context.Context) (*patternView, error) {
	m, err := b.house.engine.SeatMap(ctx, b.event, 0)
	if err != nil {
		return nil, err
	}
	v := &patternView{seats: m, room: make([]uint8, len(b.house.rows))}
	for rank, r := range b.house.rows {
		v.room[rank] = longestRun(m, r)
	}
	return v, nil
}

// longestRun of free seats in a row.
func longestRun(m *engine.SeatMap, r rowSeats) uint8 {
	longest, run := 0, 0
	for i := r.from; i < r.to; i++ {
		if m.Status(i) == engine.SeatAvailable {
			run++
			longest = max(longest, run)
		} else {
			run = 0
		}
	}
	return uint8(min(longest, 255))
}
