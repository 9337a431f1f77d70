package shard

import (
	"bytes"
	"encoding/hex"
	"errors"
	"math/rand/v2"
	"reflect"
	"runtime"
	"testing"
)

// spec is what a plan was made of.
func (p *Plan) spec() *PlanSpec {
	s := &PlanSpec{Categories: p.categories, Sections: p.sections, Areas: p.areas, FocalX: p.focal.x, FocalY: p.focal.y}
	for seat := range p.Seats() {
		s.Seats = append(s.Seats, p.Seat(seat))
	}
	return s
}

func planFrom(tb testing.TB, s *PlanSpec) *Plan {
	tb.Helper()
	p, err := DecodePlan(s.Encode())
	if err != nil {
		tb.Fatal(err)
	}
	return p
}

// smallSpec has one of everything.
func smallSpec() *PlanSpec {
	return &PlanSpec{
		Categories: 300, Sections: 2, FocalX: 500, FocalY: MaxCoordinate,
		Areas: []PlanArea{{Capacity: 1<<32 - 1, Category: 299}, {Capacity: 12, Category: 0}},
		Seats: []PlanSeat{
			{Row: true, X: 100, Y: 7, Accessible: true},
			{X: 200, Y: 7, Companion: true, Category: 299},
			{X: 300, Y: 7, Accessible: true, Companion: true, Category: 299},
			{X: 500, Y: 7, Aisle: true, Restricted: true, Category: 299, Section: 1},
			{X: 0, Y: MaxCoordinate, Row: true, Section: 1},
		},
	}
}

func TestPlanComesBackAsItWas(t *testing.T) {
	want := smallSpec()
	p := planFrom(t, want)
	if got := p.spec(); !reflect.DeepEqual(got, want) {
		t.Fatalf("got  %+v\nwant %+v", got, want)
	}
	// What is in logs must stay readable: these bytes never change.
	if got := hex.EncodeToString(want.Encode()); got != goldenPlan {
		t.Fatalf("the document is %s", got)
	}
}

const goldenPlan = "01ac0202f4038080400205ffffffff0fab020c0085c8010ea8ab02000d0cd201c80100a100f70af2ff7f"

func TestPlanDefaultsOfRowAndAisle(t *testing.T) {
	s := &PlanSpec{Categories: 1, Sections: 1, Seats: []PlanSeat{{Aisle: true}, {Row: true, Aisle: true}}}
	p := planFrom(t, s)
	if a, b := p.Seat(0), p.Seat(1); !a.Row || a.Aisle || !b.Row || b.Aisle {
		t.Fatalf("seats are %+v, %+v", a, b)
	}
}

func TestPlanWithoutSeats(t *testing.T) {
	p := planFrom(t, &PlanSpec{Categories: 1, Areas: []PlanArea{{Capacity: 5}}})
	if p.Seats() != 0 || len(p.Areas()) != 1 {
		t.Fatalf("%+v", p)
	}
	if seats, ok := p.best(&Best{Quantity: 1}, freeMap{}, OrphansAllow, &scratch{}); ok {
		t.Fatalf("found %v", seats)
	}
}

func wantBadPlan(t *testing.T, b []byte, what string, at int) {
	t.Helper()
	if p, err := DecodePlan(b); !errors.Is(err, ErrBadPlan) || p != nil {
		t.Errorf("%s %d: accepted, or another error: %v", what, at, err)
	}
}

func TestPlanRefusesWhatIsDamaged(t *testing.T) {
	b := smallSpec().Encode()
	for n := range b {
		wantBadPlan(t, b[:n], "cut after byte", n)
	}
	wantBadPlan(t, append(bytes.Clone(b), 0), "trailing byte", 0)
	for i, change := range []func(s *PlanSpec){
		func(s *PlanSpec) { s.FocalX = MaxCoordinate + 1 },
		func(s *PlanSpec) { s.FocalY = -1 },
		func(s *PlanSpec) { s.Seats[4].Y = MaxCoordinate + 1 },
		func(s *PlanSpec) { s.Seats[0].X = -1 },
		func(s *PlanSpec) { s.Seats[1].Category = 300 },
		func(s *PlanSpec) { s.Seats[4].Section = 2 },
		func(s *PlanSpec) { s.Areas[0].Category = 300 },
		func(s *PlanSpec) { s.Categories = 0 },
		func(s *PlanSpec) { s.Areas = make([]PlanArea, MaxPlanAreas+1) },
		func(s *PlanSpec) { s.Seats = make([]PlanSeat, MaxSeats+1) },
	} {
		s := smallSpec()
		change(s)
		wantBadPlan(t, s.Encode(), "change", i)
	}
}

func TestPlanRefusesASecondSpelling(t *testing.T) {
	for i, b := range [][]byte{
		{1, 0x81, 0, 1, 0, 0, 0, 0},           // a varint longer than needed
		{1, 1, 1, 0, 0, 0, 1, 0},              // the first seat begins no row
		{1, 1, 1, 0, 0, 0, 1, 3},              // an aisle before a row
		{1, 1, 1, 0, 0, 0, 1, 1 | 32, 0},      // the category of the seat before
		{1, 1, 1, 0, 0, 0, 1, 1 | 64, 0},      // the section of the seat before
		{1, 1, 1, 0, 0, 0, 1, 1 | 128, 0, 0},  // a distance of nothing
		{2, 1, 1, 0, 0, 0, 0},                 // another version
		{1, 0x80, 0x80, 4, 1, 0, 0, 0, 0},     // 65,536 categories
		{1, 1, 1, 0, 0, 0, 0xc0, 0x84, 61, 1}, // more seats than bytes
	} {
		wantBadPlan(t, b, "document", i)
	}
	if _, err := DecodePlan([]byte{1, 1, 1, 0, 0, 0, 1, 1}); err != nil {
		t.Error(err)
	}
}

func FuzzPlan(f *testing.F) {
	f.Add(smallSpec().Encode())
	f.Add((&PlanSpec{}).Encode())
	f.Add(randomHouse(rand.New(rand.NewPCG(1, 2))).Encode())
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := DecodePlan(data)
		if err != nil {
			if !errors.Is(err, ErrBadPlan) {
				t.Fatal(err)
			}
			return
		}
		if again := p.spec().Encode(); !bytes.Equal(again, data) {
			t.Fatalf("%x decodes, and encodes to %x", data, again)
		}
		if n := p.Seats(); n > 0 && n < 1000 {
			free := newSeatSet(n)
			for seat := range n {
				free.add(seat)
			}
			if _, ok := p.best(&Best{Quantity: 1}, free, OrphansAllow, &scratch{}); ok != p.plain.any() {
				t.Fatal("a seat is free, and not found")
			}
		}
	})
}

func TestPlanOfAStadiumIsSmall(t *testing.T) {
	s := bowlSpec(90_000)
	doc := s.Encode()
	if len(doc) > 600_000 {
		t.Errorf("%d seats take %d bytes", len(s.Seats), len(doc))
	}
	before := heap()
	p := planFrom(t, s)
	each := float64(heap()-before) / float64(p.Seats())
	runtime.KeepAlive(s)
	runtime.KeepAlive(doc)
	if each > 24 {
		t.Errorf("a seat takes %.1f bytes of memory", each)
	}
	t.Logf("%d seats in %d rows, %d stretches: %d bytes, %.1f of memory a seat", p.Seats(), len(p.rows.box), len(p.stretches.box), len(doc), each)
}
