package chart

import (
	"runtime"
	"slices"
	"testing"
)

func TestIndex(t *testing.T) {
	c := made(4500, numbered)
	c.Sections[1].Rows = append([]Row{{Name: "none"}}, c.Sections[1].Rows...)
	c.Sections = append(c.Sections, Section{Name: "bare"})
	c.Areas = []Area{{AreaID: "g"}, {AreaID: "h"}}
	x := NewIndex(c)
	if x.Len() != 4500 || x.Chart() != c || len(x.Areas()) != 2 {
		t.Fatalf("%d seats, %d areas", x.Len(), len(x.Areas()))
	}
	n := uint32(0)
	for _, s := range c.Sections {
		for _, r := range s.Rows {
			from := n
			for k := range r.Seats {
				i, ok := x.Find(r.Seats[k].SeatID)
				if !ok || i != n || x.ID(n) != r.Seats[k].SeatID || x.Seat(n).Number != r.Seats[k].Number || x.Section(n) != s.Name || x.Row(n) != r.Name || x.Category(n) != r.Seats[k].Category {
					t.Fatalf("seat %d, %s: found at %d (%v) in %s, %s", n, r.Seats[k].SeatID, i, ok, x.Section(n), x.Row(n))
				}
				if a, b := x.RowRange(n); a != from || b != from+30 {
					t.Fatalf("seat %d: row %d…%d", n, a, b)
				}
				n++
			}
		}
	}
	for name, want := range map[string][2]uint32{"101": {0, 1500}, "102": {1500, 3000}, "103": {3000, 4500}, "bare": {4500, 4500}} {
		if from, to, ok := x.SectionRange(name); !ok || from != want[0] || to != want[1] {
			t.Errorf("section %s: %d…%d %v", name, from, to, ok)
		}
	}
	if starts := x.SectionStarts(); !slices.Equal(starts, []uint32{0, 1500, 3000, 4500}) {
		t.Errorf("sections begin at %v", starts)
	}
	if _, ok := x.Find("101-1-31"); ok {
		t.Error("found a seat that is not there")
	}
	if _, _, ok := x.SectionRange("none"); ok {
		t.Error("found a section that is not there")
	}
	if i, ok := x.FindArea("h"); !ok || i != 1 {
		t.Error("area h:", i, ok)
	}
	if _, ok := x.FindArea("x"); ok {
		t.Error("found an area that is not there")
	}
}

func TestSeatNumberOutOfRangePanics(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("no panic")
		}
	}()
	NewIndex(made(30, numbered)).Row(30)
}

func BenchmarkDecodeIndex90000(b *testing.B) {
	c := made(90_000, numbered)
	c.Layout()
	data := c.Encode()
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		c, err := Decode(data)
		if err != nil {
			b.Fatal(err)
		}
		NewIndex(c)
	}
}

func BenchmarkValidate90000(b *testing.B) {
	c := made(90_000, numbered)
	b.ReportAllocs()
	for b.Loop() {
		if err := c.Validate(); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkLayout90000(b *testing.B) {
	for b.Loop() {
		b.StopTimer()
		c := made(90_000, numbered)
		b.StartTimer()
		c.Layout()
	}
}

func BenchmarkEncode90000(b *testing.B) {
	c := made(90_000, numbered)
	c.Layout()
	for b.Loop() {
		runtime.KeepAlive(c.Encode())
	}
}

func BenchmarkFind(b *testing.B) {
	c := made(90_000, numbered)
	x := NewIndex(c)
	ids := make([]string, 4096)
	for i := range ids {
		ids[i] = x.ID(uint32(i * 7919 % x.Len()))
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if _, ok := x.Find(ids[i%len(ids)]); !ok {
			b.Fatal("lost")
		}
	}
}
