package shard

import (
	"math/rand/v2"
	"testing"
)

func TestFreeMap(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	var buf freeMap
	for _, seats := range []uint32{1, 63, 64, 65, 255, 256, 257, 1000, 1024} {
		e := newEvent(t, seats, 1).events[0]
		for seat := range seats {
			if st := Status(r.IntN(4)); st != Available {
				e.set(seat, st, 1)
			}
		}
		buf = e.freeMap(buf)
		if len(buf) != wordsOf(seats) {
			t.Fatalf("%d seats in %d words", seats, len(buf))
		}
		for seat := range uint32(len(buf) * 64) {
			if want := seat < seats && e.Status(seat) == Available; buf.has(seat) != want {
				t.Fatalf("seat %d of %d: %v, want %v", seat, seats, buf.has(seat), want)
			}
		}
	}
}

func TestFreeOnAllNights(t *testing.T) {
	s := newEvent(t, 5, 2)
	s.events[0].set(1, Held, 1)
	s.events[1].set(2, Booked, 1)
	free := s.events[0].freeMap(nil)
	free.and(s.events[1].freeMap(nil))
	if free[0] != 0b11001 {
		t.Fatalf("%b", free[0])
	}
}
