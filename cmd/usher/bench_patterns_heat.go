package main

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/usherhq/usher/engine"
)

const (
	// heatEvery is how old a heat report may be; it looks at every seat, and counts by the
	// second.
	heatEvery = 250 * time.Millisecond
	// heatPlaces is how many places a buyer looks at for one that is likely enough.
	heatPlaces = 8
)

// heatBoard is what the page says of heat.
type heatBoard struct {
	mu     sync.Mutex
	read   time.Time
	poor   atomic.Pointer[map[string]bool] // sections with less than the wanted chance
	frames *engine.HeatFrames              // under mu
}

// sections are those where the chance is too small.
func (b *patternBoard) sections(ctx context.Context, chance float64) (map[string]bool, error) {
	h := &b.heat
	h.mu.Lock()
	defer h.mu.Unlock()
	if p := h.poor.Load(); p != nil && time.Since(h.read) < heatEvery {
		return *p, nil
	}
	r, err := b.house.engine.Heat(ctx, b.event, 0)
	if err != nil {
		return nil, err
	}
	poor := make(map[string]bool)
	for _, s := range r.Sections {
		if s.Chance < chance {
			poor[s.Section] = true
		}
	}
	h.read = time.Now()
	h.poor.Store(&poor)
	return poor, nil
}

// chance is what the page says to somebody of the seats that they look at.
func (b *patternBoard) chance(ctx context.Context, at engine.HeatFocus) (float64, error) {
	h := &b.heat
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.frames == nil {
		f, err := b.house.engine.HeatFrames(ctx, b.event)
		if err != nil {
			return 0, err
		}
		h.frames = f
	}
	looks, _, err := h.frames.Looks([]engine.HeatFocus{at})
	if err != nil {
		return 0, err
	}
	return looks[0].Chance, nil
}

// warmly chooses as one does who reads the heat: of some places the first that is likely
// enough, else the likeliest. The buyer goes on looking at it.
func (b *patternBuyer) warmly(v *patternView) (best []int, err error) {
	poor, err := b.board.sections(b.ctx, b.cmd.HeatChance)
	if err != nil {
		return nil, err
	}
	want := func(r rowSeats) bool { return !poor[b.index.Section(uint32(r.from))] }
	highest := -1.0
	for range heatPlaces {
		seats := b.choose(b.rng, v, b.party, want)
		if seats == nil {
			return best, nil
		}
		if err := b.lookAt(seats); err != nil {
			return nil, err
		}
		chance, err := b.board.chance(b.ctx, b.viewer.Focus())
		if err != nil {
			return nil, err
		}
		if chance > highest {
			best, highest = seats, chance
		}
		if chance >= b.cmd.HeatChance {
			return best, nil
		}
	}
	return best, b.lookAt(best)
}
