package heat

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestClasses(t *testing.T) {
	for class, from := range map[uint8]float32{1: 1, 2: 4, 3: 16, 4: 64, 5: 256, 6: 1024, 7: 4096} {
		if got := classOf(from); got != class {
			t.Errorf("class of %v is %d, want %d", from, got, class)
		}
		if got := classOf(from * 0.999); got != class-1 {
			t.Errorf("class of a little below %v is %d, want %d", from, got, class-1)
		}
	}
	if classOf(0) != 0 || classOf(1e30) != MaxClass {
		t.Error("the ends of the scale")
	}
	if a, b := sectionClass(1, 500), sectionClass(400, 500); a != 0 || b != 2 {
		t.Errorf("one attempt in a section of 500 is class %d, 400 are class %d", a, b)
	}
	if sectionClass(0, 0) != 0 {
		t.Error("an empty section")
	}
}

func TestFramesTellChangesOnly(t *testing.T) {
	m, f := NewMap(stadium(t, 1000), HalfLife), NewFrames(stadium(t, 1000))
	attempt(m, 100, false, 600)
	attempt(m, 5, true, 2)
	m.Tick(0)
	c := f.next(m, FrameSeats)
	if want := []ClassAt{{600, 4}, {2, 2}}; !slices.Equal(c.Seats, want) || c.More {
		t.Errorf("first %+v, want %v", c, want)
	}
	if want := []ClassAt{{1, 1}}; !slices.Equal(c.Sections, want) {
		t.Errorf("sections %+v, want %v", c.Sections, want)
	}
	if c := f.next(m, FrameSeats); c.Seats != nil || c.Sections != nil {
		t.Errorf("then %+v", c)
	}
	if s := f.Snapshot(); s.Seats[300] != 4 || s.Seats[1] != 2 || s.Sections[0] != 1<<4 {
		t.Errorf("snapshot %v %v", s.Sections, s.Seats)
	}
	if c := f.next(nil, FrameSeats); !slices.Equal(c.Seats, []ClassAt{{2, 0}, {600, 0}}) {
		t.Errorf("when all is forgotten %+v", c)
	}
}

// However hot some seats are, all come to be told; no frame is too large.
func TestFramesAreBoundedAndComplete(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		shape, err := NewShape(800, []uint32{0, 100, 300})
		if err != nil {
			t.Fatal(err)
		}
		m, f, page := NewMap(shape, HalfLife), NewFrames(shape), make([]uint8, 800)
		limit := rapid.IntRange(1, 40).Draw(t, "limit")
		apply := func() Change {
			c := f.next(m, limit)
			if len(c.Seats) > limit || len(c.Sections) > limit {
				t.Fatalf("%d seats and %d sections, at most %d", len(c.Seats), len(c.Sections), limit)
			}
			for _, s := range c.Seats {
				if page[s.Index] == s.Class {
					t.Fatalf("seat %d is told twice to be of class %d", s.Index, s.Class)
				}
				page[s.Index] = s.Class
			}
			return c
		}
		for range rapid.IntRange(1, 5).Draw(t, "rounds") {
			for _, s := range rapid.SliceOf(rapid.Uint32Range(0, 799)).Draw(t, "seats") {
				m.Attempt([]uint32{s}, false)
			}
			m.Tick(time.Duration(rapid.IntRange(0, 60).Draw(t, "s")) * time.Second)
			apply()
		}
		for n := 0; apply().More; n++ {
			if n > 800 {
				t.Fatal("it has no end")
			}
		}
		for s := range uint32(800) {
			want := uint8(0)
			if p := m.pages[s>>pageBits].Load(); p != nil {
				want = classOf(p.score(int(s % pageSeats)))
			}
			if page[s] != want || f.Snapshot().Seats[s/2]>>(4*(s%2))&15 != want {
				t.Fatalf("seat %d is of class %d, told was %d", s, want, page[s])
			}
		}
	})
}

// The sweep reaches what has cooled though hotter news come with every frame.
func TestCooledSeatsAreToldInARush(t *testing.T) {
	shape := stadium(t, 2000)
	m, f := NewMap(shape, HalfLife), NewFrames(shape)
	m.Attempt([]uint32{1999}, true)
	m.Tick(0)
	f.next(m, 8)
	m.Tick(10 * HalfLife) // it has cooled, untold
	for i := range uint32(2000) {
		for s := range uint32(1500) { // all change their class with every frame
			attempt(m, int(1+3*(i%2)), false, s)
		}
		m.Tick(HalfLife * 4)
		f.next(m, 8)
		if f.told[1999] == 0 {
			return
		}
	}
	t.Error("seat 1999 is never told to have cooled")
}
