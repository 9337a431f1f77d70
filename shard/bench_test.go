package shard

import (
	"runtime"
	"testing"
	"time"
)

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
// holds of four; the holders' ids are reported apart. One event is measured, however
// often the framework asks: what it reports is no time.
func BenchmarkMemory(b *testing.B) {
	const seats, holder = 90_000, "holder-1234567"
	before := heap()
	s := fullEvent(b, seats, holder)
	total := float64(heap() - before)
	ids := 0
	for _, k := range s.events[0].blocks {
		for _, p := range k.pages {
			if p != nil {
				ids += cap(p.text)
			}
		}
	}
	b.ResetTimer()
	for range b.N {
		runtime.KeepAlive(s)
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric((total-float64(ids))/seats, "B/seat")
	b.ReportMetric(float64(ids)/(seats/4), "holder-B/hold")
}

// fullEvent is an event with every seat held, four a hold.
func fullEvent(b *testing.B, seats uint32, holder string) *State {
	b.Helper()
	s := newEvent(b, seats, 1)
	var out Result
	for at := uint32(0); at < seats; at += 4 {
		s.Hold(2, &Hold{TTL: MaxTTL, Holder: []byte(holder), Seats: []uint32{at, at + 1, at + 2, at + 3}}, &out)
		if out.Err != nil {
			b.Fatal(out.Err)
		}
	}
	return s
}

func heap() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// BenchmarkFreeze is FSM.Snapshot's part that stops claims: 100 events of 90,000 seats.
// The claims that come between two snapshots are BenchmarkHoldAfterFreeze's.
func BenchmarkFreeze(b *testing.B) {
	s := newEvent(b, 90_000, 100)
	b.ReportAllocs()
	for b.Loop() {
		s.Freeze()
	}
}

// BenchmarkHoldAfterFreeze is the dearest claim there is: the first one after a
// snapshot, which copies its event's page lists and one page of seats and of holds.
func BenchmarkHoldAfterFreeze(b *testing.B) {
	s := newEvent(b, 90_000, 1)
	var out Result
	c := &Hold{TTL: MinTTL, Holder: []byte("h"), Seats: []uint32{1}}
	now := int64(2)
	b.ReportAllocs()
	for b.Loop() {
		s.Freeze()
		now += MinTTL // the hold before has lapsed
		if s.Hold(now, c, &out); out.Err != nil {
			b.Fatal(out.Err)
		}
	}
}

// BenchmarkRestore is a node's start: one event of 90,000 seats, all held, four a hold;
// Check, which is part of it, is reported apart.
func BenchmarkRestore(b *testing.B) {
	snapshot := snapshotOf(b, fullEvent(b, 90_000, "holder-1234567"))
	b.SetBytes(int64(len(snapshot)))
	var check time.Duration
	for b.Loop() {
		s := restored(b, snapshot)
		begin := time.Now()
		if err := s.Check(); err != nil {
			b.Fatal(err)
		}
		check += time.Since(begin)
	}
	b.ReportMetric(float64(check.Microseconds())/1000/float64(b.N), "check-ms/op")
}
