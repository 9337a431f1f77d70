package shard

import (
	"strings"
	"testing"
)

func TestCreateEventRefusals(t *testing.T) {
	for name, tc := range map[string]struct {
		change func(c *CreateEvent)
		want   error
	}{
		"no id":           {func(c *CreateEvent) { c.ID = "" }, ErrBadRequest},
		"id too long":     {func(c *CreateEvent) { c.ID = strings.Repeat("x", MaxEventIDLen+1) }, ErrBadRequest},
		"meta too long":   {func(c *CreateEvent) { c.Meta = make([]byte, MaxMetaLen+1) }, ErrBadRequest},
		"token base":      {func(c *CreateEvent) { c.TokenBase = MaxToken/2 + 1 }, ErrBadRequest},
		"no chart":        {func(c *CreateEvent) { c.Chart = [32]byte{200} }, ErrUnknownChart},
		"half a chart":    {func(c *CreateEvent) { c.Chart = [32]byte{9} }, ErrUnknownChart},
		"exists, chart":   {func(c *CreateEvent) { c.ID, c.Chart = "wembley:2024-08-16:19:30", [32]byte{2} }, ErrEventExists},
		"exists, setting": {func(c *CreateEvent) { c.ID, c.Meta = "wembley:2024-08-16:19:30", []byte("{}") }, ErrEventExists},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, 5)
			if err := w.s.PutChart(piece(0, 10)); err != nil {
				t.Fatal(err)
			}
			c := CreateEvent{ID: "wembley:2024-08-17", Chart: [32]byte{1}}
			tc.change(&c)
			w.unchanged(func() {
				var out Result
				w.s.CreateEvent(w.now, &c, &out)
				w.refused(tc.want, out)
			})
		})
	}
}

// Whoever repeats a creation, with another epoch or secret for it, gets the first event.
func TestCreateEventAgain(t *testing.T) {
	w := newWorld(t, 5)
	w.ok(w.hold(1))
	w.unchanged(func() {
		var out Result
		w.s.CreateEvent(w.now, &CreateEvent{ID: "wembley:2024-08-16:19:30", Chart: [32]byte{1}, Epoch: [16]byte{99}}, &out)
		if w.ok(out); out.Event != 0 || out.Version != 1 {
			t.Errorf("answer is %+v", out)
		}
	})
	if w.event().Epoch() != [16]byte{7} {
		t.Fatal("the epoch changed")
	}
}

func TestEventReads(t *testing.T) {
	s := New()
	putChart(t, s, 300)
	c := &CreateEvent{
		ID: "grand-hotel:2024-08-16", Chart: [32]byte{1}, Epoch: [16]byte{2}, Secret: [32]byte{3},
		TokenBase: 77, OnsaleAt: 5, MaxKeys: 6, Meta: []byte("settings"),
	}
	var out Result
	s.CreateEvent(s.Advance(1234), c, &out)
	c.Meta[0] = 'X' // the command's bytes are the caller's
	for name, s := range map[string]*State{"made": s, "restored": restored(t, snapshotOf(t, s))} {
		no, ok := s.Find("grand-hotel:2024-08-16")
		e := s.Event(no)
		if !ok || s.Events() != 1 || e.No() != 0 || e.ID() != c.ID || e.Chart() != c.Chart || e.Epoch() != c.Epoch || e.Secret() != c.Secret ||
			e.Seats() != 300 || e.CreatedAt() != 1234 || e.OnsaleAt() != 5 || string(e.Meta()) != "settings" || e.Token(1) != 78 ||
			e.maxKeys != 6 || e.Version() != 0 || e.Counts() != (Counts{Available: 300}) {
			t.Errorf("%s: %+v", name, e)
		}
		if _, ok := s.Find("grand-hotel:2024-08-17"); ok {
			t.Errorf("%s: finds what is not there", name)
		}
	}
}

func TestTimeNeverGoesBack(t *testing.T) {
	s := New()
	for _, step := range [][2]int64{{5, 5}, {3, 5}, {-1, 5}, {9, 9}} {
		if got := s.Advance(step[0]); got != step[1] || s.Now() != step[1] {
			t.Fatalf("advancing to %d gives %d", step[0], got)
		}
	}
}

func TestTakeDirtyNamesEachOnce(t *testing.T) {
	s := newEvent(t, 4, 3)
	s.TakeDirty(nil)
	var out Result
	for _, no := range []uint32{2, 0, 2} {
		s.Hold(1, &Hold{Event: no, Seats: []uint32{uint32(s.Event(no).Version())}, TTL: MinTTL, Holder: []byte("a")}, &out)
		s.Freeze() // copies the event: the mark must go along
	}
	if d := s.TakeDirty([]uint32{9}); len(d) != 3 || d[0] != 9 || d[1] != 2 || d[2] != 0 {
		t.Fatalf("dirty: %v", d)
	}
	if d := s.TakeDirty(nil); len(d) != 0 {
		t.Fatalf("dirty: %v", d)
	}
}
