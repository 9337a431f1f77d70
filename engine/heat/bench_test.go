package heat

import (
	"math/rand/v2"
	"sync/atomic"
	"testing"
	"time"
)

// BenchmarkAttempt is what a claim of four seats costs its caller, with every core at it:
// anywhere in the stadium, in one section, all on the same four seats.
func BenchmarkAttempt(b *testing.B) {
	for _, bb := range []struct {
		name  string
		seats uint32
	}{{"stadium", 90_000}, {"section", 500}, {"same", 4}} {
		b.Run(bb.name, func(b *testing.B) {
			h, shape := newHeat(b, Config{}), stadium(b, 90_000)
			for s := range uint32(90_000) {
				h.Attempt(Key{1, 1}, shape, []uint32{s}, true)
			}
			var seed atomic.Uint64
			b.ReportAllocs()
			b.RunParallel(func(pb *testing.PB) {
				r := rand.New(rand.NewPCG(seed.Add(1), 0))
				seats := make([]uint32, 4)
				for pb.Next() {
					first := r.Uint32N(bb.seats/4) * 4
					for i := range seats {
						seats[i] = first + uint32(i)
					}
					h.Attempt(Key{1, 1}, shape, seats, first%8 == 0)
				}
			})
		})
	}
}

// BenchmarkTick is one second's work on an event with 90,000 seats: all of them tried
// since the last, all of them decaying, or none.
func BenchmarkTick(b *testing.B) {
	shape := stadium(b, 90_000)
	all := make([]uint32, 90_000)
	for i := range all {
		all[i] = uint32(i)
	}
	b.Run("dirty", func(b *testing.B) {
		m := NewMap(shape, HalfLife)
		for b.Loop() {
			b.StopTimer()
			m.Attempt(all, false)
			b.StartTimer()
			m.Tick(time.Second)
		}
	})
	b.Run("warm", func(b *testing.B) {
		m := NewMap(shape, HalfLife)
		m.Attempt(all, false)
		for b.Loop() {
			m.Tick(time.Microsecond)
		}
	})
	b.Run("quiet", func(b *testing.B) {
		m := NewMap(shape, HalfLife)
		for b.Loop() {
			m.Tick(time.Second)
		}
	})
}

func BenchmarkReads(b *testing.B) {
	shape := stadium(b, 90_000)
	m, r := NewMap(shape, HalfLife), rand.New(rand.NewPCG(1, 2))
	for range 1_000_000 {
		m.Attempt([]uint32{uint32(r.ExpFloat64()*20_000) % 90_000}, false)
	}
	m.Tick(time.Second)
	b.Run("report", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			m.Report(100, func(s uint32) bool { return s%3 == 0 })
		}
	})
	b.Run("frame", func(b *testing.B) { // the first after a change of all
		b.ReportAllocs()
		for b.Loop() {
			b.StopTimer()
			f := NewFrames(shape)
			b.StartTimer()
			f.next(m, FrameSeats)
		}
	})
	b.Run("pulse", func(b *testing.B) {
		for b.Loop() {
			m.Pulse()
		}
	})
}
