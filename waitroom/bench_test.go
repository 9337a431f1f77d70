package waitroom

import "testing"

// crowded is a room with n in the lobby.
func crowded(b *testing.B, n int) (*Rooms, *Room) {
	b.Helper()
	c := Config{MaxActive: MaxCount, NewPerMinute: MaxCount, FirstUse: 1e6, Session: 1e6, OpensAt: 1e6, Lobby: true, Tiers: []Tier{{"gold", 3, 1}}}
	rs, r := newRoomOf(b, newStock(), c)
	for i := 0; i < n; i += 4096 {
		joinMany(b, rs, 1, i, min(4096, n-i), uint8(i/4096%2))
	}
	return rs, r
}

// drawAll opens the room and draws.
func drawAll(r *Room) {
	r.begin(1e6)
	for r.phase == Drawing {
		r.drawOn()
	}
}

const million = 1_000_000

func BenchmarkJoin(b *testing.B) {
	rs := New(newStock())
	no, err := rs.Open(0, &OpenRoom{ID: "event/x", Config: Config{MaxActive: 1, NewPerMinute: 1, FirstUse: 1, Session: 1, OpensAt: 1e12, Lobby: true}})
	if err != nil {
		b.Fatal(err)
	}
	batch := make([]Entrant, 4096)
	for i := 0; i < b.N; i += len(batch) {
		for k := range batch {
			batch[k].ID = ident(uint64(i + k))
		}
		if _, err := rs.Join(1, &Join{no, batch}); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(rs.Room(no).Bytes())/float64(rs.Room(no).tickets), "B/ticket")
}

func BenchmarkPosition(b *testing.B) {
	_, r := crowded(b, million)
	drawAll(r)
	b.ResetTimer()
	for i := 0; b.Loop(); i++ {
		if _, position, _ := r.State(1 + uint32(i)*7919%million); position == 0 {
			b.Fatal("it does not wait")
		}
	}
}

func BenchmarkDrawMillion(b *testing.B) {
	rs, _ := crowded(b, million)
	was := freeze(b, rs)
	for b.Loop() {
		b.StopTimer()
		r := thaw(b, was, newStock()).Room(0)
		b.StartTimer()
		drawAll(r)
	}
}

func BenchmarkAdmitMillion(b *testing.B) {
	rs, r := crowded(b, million)
	drawAll(r)
	was := freeze(b, rs)
	for b.Loop() {
		b.StopTimer()
		rs := thaw(b, was, newStock())
		b.StartTimer()
		for n := uint32(0); n < million; {
			did, _ := rs.Step(1e6, 4096)
			n += did
		}
	}
}
