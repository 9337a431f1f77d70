package engine

import (
	"math/rand/v2"
	"testing"

	"github.com/usherhq/usher/shard"
)

// TestIDsOfEras: an id fits the era that its number is of, and no other.
func TestIDsOfEras(t *testing.T) {
	secret := [32]byte{1}
	first := shard.Era{}
	second := shard.Era{Hold: 5, Booking: 3, Salt: [16]byte{2}}
	third := shard.Era{Hold: 9, Booking: 3, Salt: [16]byte{3}}
	other := shard.Era{Hold: 5, Booking: 3, Salt: [16]byte{4}} // of another restore of the same backup
	var all []idCiphers
	for _, eras := range [][]shard.Era{{first}, {first, second}, {first, second, third}, {first, other}} {
		c, err := newIDCiphers(secret, eras)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, c)
	}
	for _, c := range []struct {
		kind     idKind
		number   uint32
		made, at int // by which of all, shown to which
		known    bool
	}{
		{kindHold, 4, 0, 2, true}, {kindHold, 5, 0, 1, false}, {kindHold, 5, 0, 2, false}, {kindHold, 5, 1, 2, true}, {kindHold, 8, 1, 2, true},
		{kindHold, 9, 1, 2, false}, {kindHold, 9, 2, 2, true}, {kindHold, 5, 1, 3, false}, {kindHold, 4, 1, 3, true},
		{kindBooking, 2, 0, 2, true}, {kindBooking, 3, 0, 1, false}, {kindBooking, 3, 1, 1, true}, {kindBooking, 3, 1, 2, false},
	} {
		id := makeID(all[c.made].of(c.kind, c.number), c.kind, 1, 7, c.number)
		raw, ok := parseID(c.kind, id)
		if !ok || raw.genuine(all[c.at].of(c.kind, raw.number)) != c.known {
			t.Errorf("%+v: parsed %v, known is otherwise", c, ok)
		}
	}
}

// TestEncodeID: our own encoder writes what the library's does, which reads it.
func TestEncodeID(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		raw := make([]byte, 1+rng.IntN(40))
		for i := range raw {
			raw[i] = byte(rng.Uint32())
		}
		got := make([]byte, idEncoding.EncodedLen(len(raw)))
		encodeID(got, raw)
		if want := idEncoding.EncodeToString(raw); string(got) != want {
			t.Fatalf("%x is %s, want %s", raw, got, want)
		}
	}
}
