package shard

import (
	"fmt"
	"runtime"
	"testing"
)

// newEvent makes a state with events of so many seats.
func newEvent(tb testing.TB, seats uint32, events int) *State {
	tb.Helper()
	s := New()
	blob := []byte("chart")
	ch := &ChartChunk{Sum: [32]byte{1}, Seats: seats, Size: uint32(len(blob)), Data: blob}
	ch.Blob = sum256(blob)
	if err := s.PutChart(ch); err != nil {
		tb.Fatal(err)
	}
	var out Result
	for i := range events {
		s.CreateEvent(s.Advance(1), &CreateEvent{ID: fmt.Sprintf("venue:2026-01-01:%d", i), Chart: [32]byte{1}, Epoch: [16]byte{1}}, &out)
		if out.Err != nil {
			tb.Fatal(out.Err)
		}
	}
	return s
}

// BenchmarkHold is the apply of one-seat claims, each of a free seat.
func BenchmarkHold(b *testing.B) { benchHold(b, 1) }

// BenchmarkHoldFour is the apply of claims of four seats.
func BenchmarkHoldFour(b *testing.B) { benchHold(b, 4) }

func benchHold(b *testing.B, per int) {
	const seats = 1_000_000
	s := newEvent(b, seats, 1)
	var out Result
	c := &Hold{TTL: MaxTTL, Holder: []byte("holder-1234567"), Seats: make([]uint32, per)}
	b.ReportAllocs()
	b.ResetTimer()
	next := uint32(0)
	for range b.N {
		if next+uint32(per) > seats {
			b.StopTimer()
			s, next = newEvent(b, seats, 1), 0
			b.StartTimer()
		}
		for j := range c.Seats {
			c.Seats[j] = next
			next++
		}
		s.Hold(2, c, &out)
		if out.Err != nil {
			b.Fatal(out.Err)
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "claims/s")
}

// BenchmarkRefuse is the answer to a claim that has lost.
func BenchmarkRefuse(b *testing.B) {
	s := newEvent(b, 1000, 1)
	var out Result
	c := &Hold{TTL: MaxTTL, Holder: []byte("holder"), Seats: []uint32{1, 2, 3, 4}}
	s.Hold(2, c, &out)
	b.ReportAllocs()
	for b.Loop() {
		if !s.RefuseHold(3, c, &out) {
			b.Fatal("not refused")
		}
	}
}

// BenchmarkMemory reports the bytes a seat costs with every index, all 90,000 held in
// holds of four; the holders' ids are reported apart.
func BenchmarkMemory(b *testing.B) {
	const seats, holder = 90_000, "holder-1234567"
	for b.Loop() {
		before := heap()
		s := newEvent(b, seats, 1)
		var out Result
		for at := uint32(0); at < seats; at += 4 {
			s.Hold(2, &Hold{TTL: MaxTTL, Holder: []byte(holder), Seats: []uint32{at, at + 1, at + 2, at + 3}}, &out)
			if out.Err != nil {
				b.Fatal(out.Err)
			}
		}
		total := float64(heap() - before)
		ids := 0
		for _, k := range s.events[0].blocks {
			for _, p := range k.pages {
				if p != nil {
					ids += cap(p.text)
				}
			}
		}
		b.ReportMetric((total-float64(ids))/seats, "B/seat")
		b.ReportMetric(float64(ids)/(seats/4), "holder-B/hold")
		runtime.KeepAlive(s)
	}
}

func heap() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// BenchmarkFreeze is FSM.Snapshot's part that stops claims: 100 events of 90,000 seats.
func BenchmarkFreeze(b *testing.B) {
	s := newEvent(b, 90_000, 100)
	var out Result
	for b.Loop() {
		z := s.Freeze()
		b.StopTimer()
		s.Hold(2, &Hold{Event: uint32(b.N) % 100, TTL: MaxTTL, Holder: []byte("h"), Seats: []uint32{1}}, &out)
		_ = z
		b.StartTimer()
	}
}
