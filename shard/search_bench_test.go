package shard

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// bowlSpec is a stadium of about so many seats: tiers of 24 rings of rows around a pitch,
// each cut into sections with rows of 25 seats and an aisle in the middle; a category for
// each eight rings.
func bowlSpec(seats int) *PlanSpec {
	const middle, rings = MaxCoordinate / 2, 24
	s := &PlanSpec{FocalX: middle, FocalY: middle}
	for tier := 0; len(s.Seats) < seats; tier++ {
		sections := 24 + 9*tier
		for section := range sections {
			for ring := tier * rings; ring < (tier+1)*rings; ring++ {
				s.addBowlRow(float64(section)/float64(sections), 1/float64(sections), ring)
			}
			s.Sections++
		}
	}
	return s
}

// addBowlRow adds a row on a ring, from a part of the whole circle on.
func (s *PlanSpec) addBowlRow(from, width float64, ring int) {
	const middle, seats = MaxCoordinate / 2, 25
	rx, ry := 230_000+float64(ring)*2_900, 170_000+float64(ring)*2_900
	s.Categories = max(s.Categories, uint16(ring/8+1))
	for k := range seats {
		at := 2 * math.Pi * (from + width*(float64(k)+0.5+float64(k/12*2))/(seats+4))
		s.Seats = append(s.Seats, PlanSeat{
			Row: k == 0, Aisle: k == 12, Category: uint16(ring / 8), Section: s.Sections,
			Accessible: ring%24 == 0 && k%6 == 0, Companion: ring%24 == 0 && k%6 == 1,
			X: int32(math.Round(middle + rx*math.Cos(at))), Y: int32(math.Round(middle + ry*math.Sin(at))),
		})
	}
}

// bowl is a plan of 90,000 seats, with events of it that are sold to different degrees.
func bowl(b *testing.B) *Plan { return planFrom(b, bowlSpec(90_000)) }

// sold is an event of which the seats are gone that gone says.
func sold(b *testing.B, p *Plan, gone func(seat uint32) bool) *Event {
	e := newEvent(b, p.Seats(), 1).events[0]
	for seat := range p.Seats() {
		if gone(seat) {
			e.set(seat, Booked, 1)
		}
	}
	return e
}

func atRandom(percent int, seed uint64) func(uint32) bool {
	r := rand.New(rand.NewPCG(seed, 0))
	return func(uint32) bool { return r.IntN(100) < percent }
}

func anySize(r *rand.Rand, p *Plan) *Best {
	return &Best{Quantity: uint16(1 + r.IntN(6)), Category: uint16(r.IntN(int(p.categories) + 1))}
}

// BenchmarkBest is a search with the maps it needs, in a house of 90,000 seats.
func BenchmarkBest(b *testing.B) {
	p := bowl(b)
	empty := []*Event{sold(b, p, func(uint32) bool { return false })}
	full := []*Event{sold(b, p, atRandom(95, 1))}
	checker := []*Event{sold(b, p, func(seat uint32) bool { return seat%2 == 0 })}
	nights := []*Event{sold(b, p, atRandom(40, 2)), sold(b, p, atRandom(40, 3)), sold(b, p, atRandom(40, 4))}
	nearSeat := func(r *rand.Rand, p *Plan) *Best {
		q := anySize(r, p)
		q.NearSeat = 1 + r.Uint32N(p.Seats())
		return q
	}
	for _, c := range []struct {
		name   string
		events []*Event
		ask    func(r *rand.Rand, p *Plan) *Best
	}{
		{"sold95", full, anySize},
		{"sold95/near", full, nearSeat},
		{"empty", empty, anySize},
		{"empty/near", empty, nearSeat},
		{"empty/20", empty, func(*rand.Rand, *Plan) *Best { return &Best{Quantity: 20, AcrossAisle: true} }},
		{"empty/wheelchairs", empty, func(*rand.Rand, *Plan) *Best { return &Best{Quantity: 4, Accessible: 1, Companion: 1} }},
		{"checkerboard/2", checker, func(*rand.Rand, *Plan) *Best { return &Best{Quantity: 2} }},
		{"nights3", nights, anySize},
		{"sold95/apart6", full, func(*rand.Rand, *Plan) *Best { return &Best{Quantity: 6, Apart: true} }},
		{"sold95/apart20", full, func(*rand.Rand, *Plan) *Best { return &Best{Quantity: 20, Apart: true} }},
		{"checkerboard/apart1000", checker, func(*rand.Rand, *Plan) *Best { return &Best{Quantity: 1000, Apart: true} }},
	} {
		for _, o := range []Orphans{OrphansAllow, OrphansAvoid} {
			b.Run(fmt.Sprintf("%s/orphans%d", c.name, o), func(b *testing.B) { benchBest(b, p, c.events, c.ask, o) })
		}
	}
}

func benchBest(b *testing.B, p *Plan, events []*Event, ask func(*rand.Rand, *Plan) *Best, o Orphans) {
	r := rand.New(rand.NewPCG(7, 7))
	var s scratch
	var free, other freeMap
	var took []time.Duration
	b.ReportAllocs()
	for b.Loop() {
		q := ask(r, p)
		begin := time.Now()
		free = events[0].freeMap(free)
		for _, e := range events[1:] {
			other = e.freeMap(other)
			free.and(other)
		}
		p.best(q, free, o, &s)
		took = append(took, time.Since(begin))
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Nanoseconds())/1000, "p50-µs")
	b.ReportMetric(float64(took[len(took)*99/100].Nanoseconds())/1000, "p99-µs")
}

// BenchmarkFreeMap is the map alone.
func BenchmarkFreeMap(b *testing.B) {
	e := newEvent(b, 90_000, 1).events[0]
	var free freeMap
	b.ReportAllocs()
	for b.Loop() {
		free = e.freeMap(free)
	}
}

// BenchmarkFanOut wants four seats, of which some are gone, in a house sold to the half.
func BenchmarkFanOut(b *testing.B) {
	p := bowl(b)
	free := sold(b, p, atRandom(50, 5)).freeMap(nil)
	r := rand.New(rand.NewPCG(7, 7))
	var s scratch
	b.ReportAllocs()
	for b.Loop() {
		first := r.Uint32N(p.Seats() - 4)
		p.fanOut([]uint32{first, first + 1, first + 2, first + 3}, free, OrphansAvoid, &s)
	}
}

// BenchmarkDecodePlan is a chart's arrival.
func BenchmarkDecodePlan(b *testing.B) {
	doc := bowlSpec(90_000).Encode()
	b.ReportAllocs()
	b.SetBytes(int64(len(doc)))
	for b.Loop() {
		if _, err := DecodePlan(doc); err != nil {
			b.Fatal(err)
		}
	}
}
