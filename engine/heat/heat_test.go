package heat

import (
	"context"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"
)

type fataler interface {
	Helper()
	Fatal(...any)
}

func newHeat(t fataler, cfg Config) *Heat {
	t.Helper()
	h, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func TestQuietEventsTakeNoMemory(t *testing.T) {
	h, shape := newHeat(t, Config{}), stadium(t, 90_000)
	h.Attempt(Key{1, 1}, shape, []uint32{5, 80_000}, true)
	v := h.Viewer(Key{1, 2}, shape)
	f, _ := shape.OnSeats([]uint32{5})
	v.Look(f)
	h.Tick(0)
	if s := h.Stats(); s.Events != 2 || s.Bytes != 3*pageBytes {
		t.Fatalf("%+v", s)
	}
	h.Tick(6*HalfLife + time.Second)
	if s := h.Stats(); s.Events != 1 || s.Bytes != pageBytes {
		t.Errorf("%+v when only a viewer is left", s)
	}
	v.Close()
	h.Tick(time.Second)
	if s := h.Stats(); s != (Stats{}) {
		t.Errorf("%+v when all is forgotten", s)
	}
	if p := h.Pulse(Key{1, 1}); p != (Pulse{}) {
		t.Errorf("%+v of a quiet event", p)
	}
	if r := h.Report(Key{1, 1}, shape, 5, nil); r.Chance != 1 || len(r.Sections) != 180 {
		t.Errorf("%+v", r)
	}
}

func TestTheColdestEventsMakeRoom(t *testing.T) {
	h, shape := newHeat(t, Config{MaxEvents: 8}), stadium(t, 1000)
	for e := range uint32(10) {
		for range e + 1 {
			h.Attempt(Key{1, e}, shape, []uint32{e}, false)
		}
	}
	if s := h.Stats(); s.Events != 8 || s.Missed != 9+10 {
		t.Fatalf("%+v", s)
	}
	h.Tick(0)
	if h.find(Key{1, 0}) != nil || h.find(Key{1, 1}) == nil || h.Stats().Events != 7 {
		t.Fatal("the coldest is still there, or others are not")
	}
	h.Attempt(Key{1, 9}, shape, []uint32{1}, false)
	if h.find(Key{1, 9}) == nil {
		t.Error("no room was made")
	}
}

func TestPagesAreBounded(t *testing.T) {
	h, shape := newHeat(t, Config{MaxBytes: 16 * pageBytes}), stadium(t, 90_000)
	for s := uint32(0); s < 90_000; s += 100 {
		h.Attempt(Key{1, 1}, shape, []uint32{s}, true)
	}
	f, _ := shape.OnSeats([]uint32{5, 89_000})
	v := h.Viewer(Key{1, 1}, shape)
	if v.Look(f) {
		t.Error("a viewer was counted without room")
	}
	if s := h.Stats(); s.Bytes != 16*pageBytes {
		t.Errorf("%+v", s)
	}
	h.Tick(0)
	if s := h.Stats(); s.Bytes > 14*pageBytes {
		t.Errorf("%+v after a tick", s)
	}
	if !v.Look(f) || v.on != h.find(Key{1, 1}) {
		t.Error("not counted with room")
	}
}

func TestHeatOfManyGoroutines(t *testing.T) {
	h, shape := newHeat(t, Config{MaxEvents: 4, Interval: 10 * time.Millisecond}), stadium(t, 5000)
	ctx, cancel := context.WithCancel(t.Context())
	var owner, wg sync.WaitGroup
	owner.Go(func() { h.Run(ctx) })
	for w := range uint32(4) {
		wg.Go(func() {
			v, frames := h.Viewer(Key{0, w}, shape), NewFrames(shape)
			defer v.Close()
			for i := range uint32(3000) {
				k := Key{0, (w + i) % 6}
				h.Attempt(k, shape, []uint32{i % 5000, w}, i%3 == 0)
				switch i % 50 {
				case 0:
					f, _ := shape.OnSeats([]uint32{i % 5000, w})
					v.Look(f)
				case 1:
					h.Next(Key{0, w}, frames, 16)
				case 2:
					h.Report(k, shape, 4, nil)
					h.Pulse(k)
				}
			}
		})
	}
	wg.Wait()
	cancel()
	owner.Wait()
	h.Tick(40 * HalfLife)
	h.Tick(40 * HalfLife)
	if s := h.Stats(); s.Events != 0 || s.Bytes != 0 {
		t.Errorf("%+v when all is forgotten", s)
	}
}

// Whatever viewers do, and whatever is dropped meanwhile, the counts are those of the
// viewers that are counted, and none when all have gone.
func TestViewersAreConserved(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		h := newHeat(t, Config{MaxEvents: 3, MaxBytes: 6 * pageBytes})
		shape, err := NewShape(1000, []uint32{0, 10, 600})
		if err != nil {
			t.Fatal(err)
		}
		var viewers []*Viewer
		t.Repeat(map[string]func(*rapid.T){
			"come": func(t *rapid.T) { viewers = append(viewers, h.Viewer(drawEvent(t), shape)) },
			"look": func(t *rapid.T) {
				if len(viewers) > 0 {
					rapid.SampledFrom(viewers).Draw(t, "viewer").Look(drawFocus(t, shape))
				}
			},
			"close":   func(t *rapid.T) { closeOne(t, viewers) },
			"attempt": func(t *rapid.T) { h.Attempt(drawEvent(t), shape, []uint32{drawSeat(t)}, false) },
			"tick":    func(t *rapid.T) { h.Tick(time.Duration(rapid.IntRange(0, 400).Draw(t, "s")) * time.Second) },
			"":        func(t *rapid.T) { checkViewers(t, h, viewers) },
		})
		for _, v := range viewers {
			v.Close()
		}
		checkViewers(t, h, nil)
		h.Tick(7 * HalfLife)
		h.Tick(7 * HalfLife)
		if s := h.Stats(); s.Events != 0 || s.Bytes != 0 {
			t.Fatalf("%+v when all have gone", s)
		}
	})
}

func drawEvent(t *rapid.T) Key   { return Key{0, rapid.Uint32Range(0, 4).Draw(t, "event")} }
func drawSeat(t *rapid.T) uint32 { return rapid.Uint32Range(0, 999).Draw(t, "seat") }

func drawFocus(t *rapid.T, shape *Shape) Focus {
	var f Focus
	var err error
	switch rapid.IntRange(0, 3).Draw(t, "kind") {
	case 0:
		return f
	case 1:
		f, err = shape.OnSection(rapid.IntRange(0, 2).Draw(t, "section"))
	default:
		f, err = shape.OnSeats(rapid.SliceOfN(rapid.Uint32Range(0, 999), 1, 5).Draw(t, "seats"))
	}
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func closeOne(t *rapid.T, viewers []*Viewer) {
	if len(viewers) > 0 {
		rapid.SampledFrom(viewers).Draw(t, "viewer").Close()
	}
}

func checkViewers(t *rapid.T, h *Heat, viewers []*Viewer) {
	for k, m := range *h.maps.Load() {
		people, seats, sections := 0, map[uint32]int32{}, make([]int32, 3)
		for _, v := range viewers {
			if v.on != m {
				continue
			}
			people++
			in := map[int]bool{}
			if v.focus.section > 0 {
				in[v.focus.section-1] = true
			}
			for _, s := range v.focus.seats {
				seats[s]++
				in[m.shape.section(s)] = true
			}
			for s := range in {
				sections[s]++
			}
		}
		r := m.Report(0, nil)
		if r.Viewers != people {
			t.Fatalf("event %v has %d viewers, %d look", k, r.Viewers, people)
		}
		for i, s := range r.Sections {
			if int32(s.Viewers) != sections[i] {
				t.Fatalf("section %d has %d viewers, %d look", i, s.Viewers, sections[i])
			}
		}
		for s := range uint32(1000) {
			if got := m.readSeat(s).viewers; got != seats[s] {
				t.Fatalf("seat %d has %d viewers, %d look", s, got, seats[s])
			}
		}
	}
}

func TestFocusIsChecked(t *testing.T) {
	shape := stadium(t, 1000)
	for _, bad := range [][]uint32{nil, {1000}, make([]uint32, MaxFocus+1)} {
		if _, err := shape.OnSeats(bad); err == nil {
			t.Errorf("a focus on seats %v passes", bad)
		}
	}
	for _, bad := range []int{-1, 2} {
		if _, err := shape.OnSection(bad); err == nil {
			t.Errorf("a focus on section %d passes", bad)
		}
	}
}

func TestConfigIsChecked(t *testing.T) {
	for _, bad := range []Config{
		{HalfLife: time.Millisecond}, {Interval: -time.Second}, {MaxEvents: -1}, {MaxBytes: pageBytes - 1},
	} {
		if _, err := New(bad); err == nil {
			t.Errorf("%+v passes", bad)
		}
	}
}

func TestAttemptAllocatesNothing(t *testing.T) {
	h, shape, seats := newHeat(t, Config{}), stadium(t, 1000), []uint32{1, 2, 700, 701}
	if n := testing.AllocsPerRun(100, func() { h.Attempt(Key{1, 1}, shape, seats, false) }); n != 0 {
		t.Errorf("%v allocations an attempt", n)
	}
}
