package engine

import (
	"math/rand/v2"
	"testing"
)

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
