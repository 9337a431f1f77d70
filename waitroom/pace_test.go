package waitroom

import "testing"

func TestMinute(t *testing.T) {
	var m minute
	m.add(1_000_050, 3)
	m.add(1_000_099, 1)
	m.add(1_030_000, 5)
	for _, c := range []struct {
		now  int64
		want uint32
	}{{1_030_000, 9}, {1_060_050, 9}, {1_060_099, 9}, {1_060_100, 5}, {1_090_099, 5}, {1_090_100, 0}, {9_000_000, 0}, {1_000_000, 9}} {
		if got := m.at(c.now); got != c.want {
			t.Errorf("at %d: %d, want %d", c.now, got, c.want)
		}
	}
	m.add(1_060_100, 2)
	if got := m.at(1_060_100); got != 7 || m.check() != nil {
		t.Errorf("%d, %v", got, m.check())
	}
}

func TestCredit(t *testing.T) {
	for _, c := range []struct {
		name        string
		pace        uint32
		credit      int64
		after, want int64
	}{
		{"one a minute: after 59,999 ms not yet", 1, 0, 59_999, 59_999},
		{"one a minute: one after a minute", 1, 0, 60_000, perTicket},
		{"one a minute: never two", 1, 0, 1e9, perTicket},
		{"600 a minute: one each 100 ms", 600, 0, 100, perTicket},
		{"600 a minute: ten after a second, and no more", 600, 0, 5_000, 10 * perTicket},
		{"time that stands", 600, 7, 0, 7},
		{"time that goes back", 600, 7, -50, 7},
		{"the most, and a long time", MaxCount, 0, 1e12, MaxCount * 1000},
	} {
		h := head{pace: c.pace, credit: c.credit, creditAt: 1e6}
		if got := h.creditNow(1e6 + c.after); got != c.want {
			t.Errorf("%s: %d, want %d", c.name, got, c.want)
		}
	}
}

// A crowd comes in smoothly: a tenth of a second's worth in each, after the first second's.
func TestAdmissionIsSmooth(t *testing.T) {
	c := wide()
	c.NewPerMinute, c.OpensAt, c.MaxActive = 6000, 1e6, MaxCount
	rs, _ := newRoomOf(t, newStock(), c)
	joinMany(t, rs, 1, 0, 7000, 0)
	total := uint32(0)
	for ms := int64(0); ms < 60_000; ms += 100 {
		n, _ := rs.Step(1e6+ms, 10_000)
		if total += n; ms > 0 && n != 10 && total < 6000 {
			t.Fatalf("%d are admitted at %d ms", n, ms)
		} else if ms == 0 && n != 100 {
			t.Fatalf("%d are admitted at first", n)
		}
	}
	if total != 6000 {
		t.Fatalf("%d are admitted in the first minute", total)
	}
}
