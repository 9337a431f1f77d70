package waitroom

import "testing"

// TestIndexGrows finds each of 200,000 people, at their newest tickets, and nobody else.
func TestIndexGrows(t *testing.T) {
	const n = 200_000
	c := wide()
	c.OpensAt, c.Lobby = 1e6, true
	rs, r := newRoomOf(t, newStock(), c)
	for i := 0; i < n; i += 5000 {
		joinMany(t, rs, 1, i, 5000, 0)
	}
	for i := 1; i < n; i += 1000 { // some leave, and come again
		if err := rs.Leave(1, &Leave{0, uint32(i + 1)}); err != nil {
			t.Fatal(err)
		}
		if got := joinMany(t, rs, 1, i, 1, 0); !got[0].New {
			t.Fatalf("person %d is still there", i)
		}
	}
	for i := range n {
		want := uint32(i + 1)
		if i%1000 == 1 {
			want = uint32(n + i/1000 + 1)
		}
		if got, ok := r.Find(ident(uint64(i))); !ok || got != want {
			t.Fatalf("person %d has ticket %d, want %d", i, got, want)
		}
	}
	for i := n; i < n+1000; i++ {
		if got, ok := r.Find(ident(uint64(i))); ok {
			t.Fatalf("nobody, %d, has ticket %d", i, got)
		}
	}
}
